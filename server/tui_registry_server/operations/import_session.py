"""One call of an import: what is imported into which model, and the outcome."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from tui_registry_server.operations.call import Call
from tui_registry_server.operations.record import record
from tui_registry_server.rules.three_way_merge import Change, difference
from tui_registry_server.rules.webhook_events import IMPORTED_FROM
from tui_registry_server.store import principals
from tui_registry_server.wire.activity import ActivityType
from tui_registry_server.wire.model_import import DifferenceReason, ImportCounts, ImportDifference, ImportModel
from tui_registry_server.wire.principal import PrincipalKind

DESCRIPTION = "description"
STAGE = "stage"
UPDATED = "last_updated_timestamp"
ORIGIN = "origin"
"""What never changes: of something that was deleted and made again at the source, it does."""

_AUTHORS = (PrincipalKind.USER, PrincipalKind.SERVICE_PRINCIPAL)


@dataclass(slots=True)
class ImportSession:
    """``model_id`` is that of the model here, also of one that a dry run does not create."""

    call: Call
    body: ImportModel
    model_id: str
    model_name: str
    is_new: bool
    counts: ImportCounts = field(default_factory=ImportCounts)
    differences: list[ImportDifference] = field(default_factory=list)
    _authors: dict[str, tuple[str, str]] = field(default_factory=dict)

    def differ(
        self,
        reason: DifferenceReason,
        item: str = "",
        here: Any = None,
        source: Any = None,
        *,
        version: int | None = None,
    ) -> None:
        self.differences.append(difference(reason, item, here, source, version=version))

    def add_differences(self, found: Collection[ImportDifference]) -> None:
        """Times of the last update differ wherever something else does."""
        self.differences += [each for each in found if each.item != UPDATED]

    def check_origin(self, base: dict[str, str], digest: str, *, version: int | None = None) -> None:
        if base.setdefault(ORIGIN, digest) != digest:
            self.differ(DifferenceReason.DIFFERENT, ORIGIN, "as imported", "made again", version=version)

    def author(self, name: str) -> tuple[str, str]:
        """The id and the name of the user or service principal that has a name at the source. One that is not here has
        the id of no principal."""
        if name not in self._authors:
            self._authors[name] = self._find_author(name)
        return self._authors[name]

    def _find_author(self, name: str) -> tuple[str, str]:
        for kind in _AUTHORS:
            if (known := principals.id_of(self.call.connection, kind, name)) is not None:
                return known, principals.named(self.call.connection, [known])[known][1]
        return f"unknown {name}", name

    def id_of(self, *parts: object) -> str:
        """The id of something here that has these at the source: the same in every import."""
        named = "\0".join(map(str, (self.body.source, self.body.name, *parts)))
        return hashlib.sha256(named.encode()).hexdigest()[:32]

    def record(self, activity_type: ActivityType, detail: dict[str, Any], **columns: Any) -> None:
        record(
            self.call,
            activity_type,
            model_id=self.model_id,
            model_name=self.model_name,
            detail={IMPORTED_FROM: self.body.source} | detail,
            **columns,
        )


def as_detail(changes: Collection[Change]) -> dict[str, Any]:
    """Changes in a record: item to its values before and after. Of comments, which their authors may delete, the log
    has digests only."""
    return {
        each.item: [_logged(each.item, each.before), _logged(each.item, each.after)]
        for each in changes
        if not each.item.startswith("permission ")
    }


def in_words(changes: Collection[Change]) -> str:
    """A summary of what was changed."""
    items = [each.item for each in changes if each.item != UPDATED]
    shown = ["comment" if item.startswith("comment ") else item for item in items[:10]]
    return f"imported {', '.join(dict.fromkeys(shown))}{', …' if len(items) > 10 else ''}" if shown else "imported"


def sets_tag(changes: Collection[Change]) -> bool:
    return any(each.item.startswith("tag ") and each.after is not None for each in changes)


def _logged(item: str, value: Any) -> Any:
    if item.startswith("comment ") and value is not None:
        return {"user_id": value["user_id"], "sha256": hashlib.sha256(value["comment"].encode()).hexdigest()}
    return value
