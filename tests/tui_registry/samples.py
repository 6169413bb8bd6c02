"""What a test needs in the registry: models, versions, requests, and users who may or may not decide them."""

import uuid
from typing import Any

from tests.live_registry import LiveRegistry
from tui_registry.queries.prompts import prompts_filter

OWNER, ASKER, SECOND_ASKER = "console-owner", "console-asker", "console-second-asker"


class Samples:
    """Models that OWNER created and both askers may read, on a registry shared with other tests. ``close`` deletes
    them, so that the next samples starts with an empty inbox."""

    def __init__(self, registry: LiveRegistry) -> None:
        self.registry = registry
        self.url = registry.url
        self.id = uuid.uuid4().hex[:6]
        self._admin = registry.client()
        self._clients = {user: registry.client(registry.token(user)) for user in (OWNER, ASKER, SECOND_ASKER)}

    @property
    def token(self) -> str:
        """The owner's."""
        return self.registry.token(OWNER)

    def call(self, method: str, path: str, *, by: str = OWNER, **fields: Any) -> Any:
        """The JSON of an answer, which must be a success."""
        content = {"params": fields} if method == "GET" else {"json": fields}
        answer = self._clients[by].request(method, path, **content)  # type: ignore[arg-type]  # either of the two
        assert answer.is_success, f"{method} {path} {fields}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else {}

    def model(self, name: str = "model", **fields: Any) -> str:
        """A new model. Its name gets a unique suffix, unless it starts with ``=``."""
        name = name[1:] if name.startswith("=") else f"{name}-{self.id}"
        self.call("POST", "/mlflow/registered-models/create", name=name, **fields)
        self.share(name)
        return name

    def share(self, name: str) -> None:
        """Let both askers read a model."""
        found = self.call("GET", "/mlflow/databricks/registered-models/get", name=name)
        readers = [{"user_name": user, "permission_level": "CAN_READ"} for user in (ASKER, SECOND_ASKER)]
        path = f"/permissions/registered-models/{found['registered_model_databricks']['id']}"
        self.call("PATCH", path, access_control_list=readers)

    def version(self, model: str, stage: str = "None", *, archive: bool = False, **fields: Any) -> str:
        answer = self.call("POST", "/mlflow/model-versions/create", name=model, source="s3://models/1", **fields)
        version: str = answer["model_version"]["version"]
        if stage != "None":
            self.move(model, version, stage, archive=archive)
        return version

    def move(self, model: str, version: str, stage: str, *, archive: bool = False) -> None:
        fields: dict[str, Any] = {"name": model, "version": version, "stage": stage}
        path = "/mlflow/model-versions/transition-stage"
        self.call("POST", path, **fields, archive_existing_versions=archive)

    def ask(self, model: str, version: str, stage: str = "Staging", *, by: str = ASKER, **fields: Any) -> None:
        path = "/mlflow/transition-requests/create"
        self.call("POST", path, by=by, name=model, version=version, stage=stage, **fields)

    def pending(self, name: str = "model", stage: str = "Staging", **fields: Any) -> str:
        """A new model whose version 1 waits for a decision."""
        model = self.model(name)
        self.ask(model, self.version(model), stage, **fields)
        return model

    def requests(self) -> list[dict[str, Any]]:
        """The owner's inbox."""
        listed: list[dict[str, Any]] = self.call("GET", "/mlflow/transition-requests/list").get("requests", [])
        return listed

    def stage(self, model: str, version: str = "1") -> str:
        answer = self.call("GET", "/mlflow/model-versions/get", name=model, version=version)
        stage: str = answer["model_version"]["current_stage"]
        return stage

    def activities(self, model: str, kind: str) -> list[dict[str, Any]]:
        answer = self.call("GET", "/mlflow/activities/list", name=model)
        return [each for each in answer.get("activities", []) if each["activity_type"] == kind]

    def close(self) -> None:
        """Delete every model and prompt there is, whoever created it: the next test counts its own."""
        try:
            for filter_text in ("", prompts_filter("")):
                asked: dict[str, str | int] = {"max_results": 1000, "filter": filter_text}
                found = self._admin.get("/mlflow/registered-models/search", params=asked).json()
                for model in found.get("registered_models", ()):
                    self._admin.request("DELETE", "/mlflow/registered-models/delete", json={"name": model["name"]})
        finally:
            self._admin.close()
            for client in self._clients.values():
                client.close()

    def delete(self, model: str) -> None:
        self.call("DELETE", "/mlflow/registered-models/delete", name=model)
