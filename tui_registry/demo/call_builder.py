"""Building the demo's calls on one model, with their times, to be sent later."""

from collections.abc import Mapping, Sequence
from typing import Any

from tui_registry.demo.call import Call
from tui_registry.demo.people import NAMES
from tui_registry_server.wire.permission import PermissionLevel
from tui_registry_server.wire.stage import Stage

MODELS = "/mlflow/registered-models"
VERSIONS = "/mlflow/model-versions"
TRANSITION = "/mlflow/databricks/model-versions/transition-stage"
REQUESTS = "/mlflow/transition-requests"
COMMENTS = "/mlflow/comments"


class CallBuilder:
    """The calls of one model. ``at`` is in milliseconds since the epoch, and ``who`` a key of NAMES, everywhere."""

    def __init__(self, model: str) -> None:
        self.model = model
        self.calls: list[Call] = []
        self.versions = 0

    def create_model(self, at: int, who: str, *, about: str, tags: Mapping[str, str]) -> None:
        self._add(at, who, "POST", f"{MODELS}/create", description=about, tags=_tags(tags))

    def rename(self, at: int, who: str, name: str) -> None:
        self._add(at, who, "POST", f"{MODELS}/rename", new_name=name)
        self.model = name

    def delete_model(self, at: int, who: str) -> None:
        self._add(at, who, "DELETE", f"{MODELS}/delete")

    def describe_model(self, at: int, who: str, about: str) -> None:
        self._add(at, who, "PATCH", f"{MODELS}/update", description=about)

    def grant(self, at: int, who: str, entries: Sequence[tuple[str, str, PermissionLevel]]) -> None:
        """Entries are (field, name, level), such as ("user_name", "kim@example.com", CAN_READ)."""
        entered = [{field: name, "permission_level": level} for field, name, level in entries]
        body = {"access_control_list": entered}
        path = "/permissions/registered-models/{id}"
        self.calls.append(Call(at, NAMES[who], "PATCH", path, body, of=self.model))

    def register(self, at: int, who: str, *, tags: Mapping[str, str], **fields: str) -> int:
        """The number of the new version. ``fields`` are source, run_id, run_link, model_id, description."""
        self._add(at, who, "POST", f"{VERSIONS}/create", tags=_tags(tags), **fields)
        self.versions += 1
        return self.versions

    def delete_version(self, at: int, who: str, version: int) -> None:
        self._add(at, who, "DELETE", f"{VERSIONS}/delete", version=str(version))

    def describe(self, at: int, who: str, version: int, about: str) -> None:
        self._add(at, who, "PATCH", f"{VERSIONS}/update", version=str(version), description=about)

    def tag(self, at: int, who: str, version: int, key: str, value: str) -> None:
        self._add(at, who, "POST", f"{VERSIONS}/set-tag", version=str(version), key=key, value=value)

    def alias(self, at: int, who: str, version: int, alias: str) -> None:
        self._add(at, who, "POST", f"{MODELS}/alias", version=str(version), alias=alias)

    def transition(self, at: int, who: str, version: int, stage: Stage, comment: str = "") -> None:
        """Without a request; other versions in Staging or Production are archived."""
        self._add(
            at,
            who,
            "POST",
            TRANSITION,
            version=str(version),
            stage=stage,
            archive_existing_versions=_archives_others(stage),
            comment=comment,
        )

    def request(self, at: int, who: str, version: int, stage: Stage, comment: str = "") -> None:
        self._add(at, who, "POST", f"{REQUESTS}/create", version=str(version), stage=stage, comment=comment)

    def approve(self, at: int, who: str, version: int, stage: Stage, comment: str = "") -> None:
        self._add(
            at,
            who,
            "POST",
            f"{REQUESTS}/approve",
            version=str(version),
            stage=stage,
            archive_existing_versions=_archives_others(stage),
            comment=comment,
        )

    def reject(self, at: int, who: str, version: int, stage: Stage, comment: str = "") -> None:
        self._add(at, who, "POST", f"{REQUESTS}/reject", version=str(version), stage=stage, comment=comment)

    def cancel(self, at: int, who: str, version: int, stage: Stage, comment: str = "") -> None:
        """The user's own request."""
        self._add(
            at,
            who,
            "DELETE",
            f"{REQUESTS}/delete",
            version=str(version),
            stage=stage,
            creator=NAMES[who],
            comment=comment,
        )

    def comment(self, at: int, who: str, version: int, comment: str) -> None:
        self._add(at, who, "POST", f"{COMMENTS}/create", version=str(version), comment=comment)

    def _add(self, at: int, who: str, method: str, path: str, **fields: Any) -> None:
        body = {"name": self.model} | {name: value for name, value in fields.items() if value not in ("", [])}
        self.calls.append(Call(at, NAMES[who], method, path, body))


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def _archives_others(stage: Stage) -> bool:
    return stage in (Stage.STAGING, Stage.PRODUCTION)
