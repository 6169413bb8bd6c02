"""What came of an import."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tui_registry_server.wire.model_import import ImportCounts, ImportDifference, ImportedModel

UPDATED = "last_updated_timestamp"
"""It differs wherever something else was changed here."""

MAX_KEPT = 100_000
"""Differences in a report; more are counted."""


@dataclass(slots=True)
class ModelResult:
    """What came of one model. ``error``: why it was not imported, or not as a whole."""

    name: str
    counts: ImportCounts = field(default_factory=ImportCounts)
    differences: list[ImportDifference] = field(default_factory=list)
    error: str = ""

    def add(self, answer: ImportedModel) -> None:
        """What one of its calls answered."""
        for name in ImportCounts.model_fields:
            setattr(self.counts, name, getattr(self.counts, name) + getattr(answer.counts, name))
        self.counts.created_models = min(1, self.counts.created_models)  # a dry run creates it in each call
        self.differences += [each for each in answer.differences if each not in self.differences]


@dataclass(slots=True)
class Report:
    """What came of all models. ``verified`` counts those that are the same on both sides; None if they were not
    compared."""

    source: str
    models: int = 0
    counts: ImportCounts = field(default_factory=ImportCounts)
    differences: list[tuple[str, ImportDifference]] = field(default_factory=list)
    more_differences: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    lacking: list[str] = field(default_factory=list)
    verified: int | None = None

    def add(self, result: ModelResult) -> None:
        self.models += 1
        for name in ImportCounts.model_fields:
            setattr(self.counts, name, getattr(self.counts, name) + getattr(result.counts, name))
        self.add_differences(result.name, result.differences)
        if result.error:
            self.failed[result.name] = result.error

    def add_differences(self, name: str, differences: list[ImportDifference]) -> None:
        room = MAX_KEPT - len(self.differences)
        self.differences += [(name, each) for each in differences[:room]]
        self.more_differences += max(0, len(differences) - room)

    def add_verified(self, result: ModelResult) -> None:
        """The result of comparing both sides of a model afterwards, of which differences may be known from importing
        it."""
        known = [each for name, each in self.differences if name == result.name]
        seen = {(each.version, each.item.casefold()) for each in known}
        unknown = [
            each
            for each in result.differences
            if not {(each.version, each.item.casefold()), (each.version, ""), (None, "")} & seen
            and not (each.item == UPDATED and (each.version in {version for version, _ in seen}))
        ]
        self.add_differences(result.name, unknown)
        self.verified = (self.verified or 0) + (not result.differences and not result.error)
        if result.error:
            self.failed.setdefault(result.name, result.error)

    @property
    def is_clean(self) -> bool:
        """Whether everything is here as it is at the source, as far as is known."""
        return not self.differences and not self.failed

    def as_json(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "models": self.models,
            "counts": self.counts.model_dump(),
            "differences": [
                {"name": name} | each.model_dump(mode="json", exclude_none=True) for name, each in self.differences
            ],
            "more_differences": self.more_differences,
            "failed": [{"name": name, "error": error} for name, error in sorted(self.failed.items())],
            "not_at_source": self.lacking,
            "verified": self.verified,
        }

    def lines(self) -> Iterator[str]:
        """The differences and failures, a line for each."""
        for name, each in sorted(self.differences, key=lambda pair: pair[0]):
            where = f"{name} {each.version}" if each.version else name
            sides = ", ".join(
                f"{side} {value!r}"
                for side, value in (("here", each.here), ("source", each.source))
                if value is not None
            )
            what = f" {each.item}" if each.item else ""
            yield f"{where}:{what} {each.reason.value}{f' ({sides})' if sides else ''}"
        for name, error in sorted(self.failed.items()):
            yield f"{name}: {error}"
