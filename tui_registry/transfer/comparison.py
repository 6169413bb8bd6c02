"""Comparing a model on both sides of an import."""

from collections.abc import Iterator
from typing import Any

from tui_registry_server.wire.model_import import (
    DifferenceReason,
    ImportDifference,
    ImportedVersion,
    ImportPart,
    ModelDocument,
)

MAX_SHOWN = 200  # characters

_HEADER = ("description", "user_id", "creation_timestamp", "last_updated_timestamp")
_VERSION = (
    *("description", "source", "storage_location", "run_id", "run_link", "model_id", "user_id"),
    *("creation_timestamp", "last_updated_timestamp"),
)


def compare(source: ModelDocument, here: ModelDocument | None) -> Iterator[ImportDifference]:
    """What is not here as it is at the source, or only here. What the source does not have is not compared; nor are
    activities, which are imported as records of another kind."""
    if here is None:
        yield _difference("", None, source.name)
        return
    yield from _differences(_header(source, source), _header(here, source), None)
    theirs, ours = ({each.version: each for each in side.versions} for side in (source, here))
    for number in sorted(theirs.keys() | ours.keys(), key=int):
        if number not in ours or number not in theirs:
            yield _difference("", ours.get(number) and "exists", theirs.get(number) and "exists", number)
        else:
            yield from _differences(_version(theirs[number], source), _version(ours[number], source), number)


def _header(document: ModelDocument, source: ModelDocument) -> dict[str, Any]:
    items: dict[str, Any] = {name: getattr(document, name) for name in _HEADER}
    if ImportPart.TAGS in source.parts:
        items |= {f"tag {tag.key}": tag.value for tag in document.tags}
    if ImportPart.ALIASES in source.parts:
        items |= {f"alias {each.alias}": each.version for each in document.aliases}
    if ImportPart.PERMISSIONS in source.parts:
        items |= {
            f"permission {kind}:{name.casefold()}": entry.permission_level
            for entry in document.permissions
            for kind, name in (
                ("user", entry.user_name),
                ("group", entry.group_name),
                ("service", entry.service_principal_name),
            )
            if name is not None and (kind, name) != ("group", "admins")
        }
    return items


def _version(version: ImportedVersion, source: ModelDocument) -> dict[str, Any]:
    items: dict[str, Any] = {"stage": version.current_stage.value}
    items |= {name: getattr(version, name) for name in _VERSION}
    items |= {f"tag {tag.key}": tag.value for tag in version.tags}
    if ImportPart.COMMENTS in source.parts:
        items |= {
            f"comment {each.creation_timestamp} {each.user_id.casefold()}": (each.comment, each.last_updated_timestamp)
            for each in version.comments
        }
    if ImportPart.REQUESTS in source.parts:
        items |= {
            f"request {each.to_stage} {each.user_id.casefold()}": (each.comment, each.creation_timestamp)
            for each in version.requests
        }
    return items


def _differences(theirs: dict[str, Any], ours: dict[str, Any], version: str | None) -> Iterator[ImportDifference]:
    for item in sorted(theirs.keys() | ours.keys()):
        if theirs.get(item) != ours.get(item):
            yield _difference(item, ours.get(item), theirs.get(item), version)


def _difference(item: str, here: Any, source: Any, version: str | None = None) -> ImportDifference:
    return ImportDifference(
        version=version, item=item, reason=DifferenceReason.DIFFERENT, here=_shown(here), source=_shown(source)
    )


def _shown(value: Any) -> str | None:
    if value is None:
        return None
    text = str(value[0] if isinstance(value, tuple) else value)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"
