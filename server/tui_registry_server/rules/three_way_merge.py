"""Bringing what changed at a source here, without overwriting what was changed here since the last time.

Three states of each item are compared: what it was when it was last imported (the base, of which a digest is kept),
what it is here, and what it is at the source. None stands for an item that does not exist.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from tui_registry_server.wire.model_import import DifferenceReason, ImportDifference

MAX_SHOWN = 200  # characters of a value in a difference

Items = Mapping[str, Any]
"""Values in JSON by what they are: ``description``, ``tag team``, ``alias champion``."""


class Change(NamedTuple):
    """An item that is to be made what it is at the source. ``after`` is None for one to be deleted."""

    item: str
    before: Any
    after: Any


class Merge(NamedTuple):
    """``base``: the digests to keep, once the changes are made."""

    changes: list[Change]
    differences: list[ImportDifference]
    base: dict[str, str]


def digest_of(value: Any) -> str:
    """Empty for what does not exist."""
    if value is None:
        return ""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:32]


def merge(
    base: Mapping[str, str], here: Items, source: Items, *, version: int | None = None, kept: Iterable[str] = ()
) -> Merge:
    """``kept``: items that the document is silent about, whole or by their first word; they stay, and so do their
    digests."""
    silent = frozenset(kept)
    changes: list[Change] = []
    differences: list[ImportDifference] = []
    after = dict(base)
    for item in sorted({*here, *source, *base}):
        if item in silent or item.partition(" ")[0] in silent:
            continue
        ours, theirs, before = here.get(item), source.get(item), base.get(item, "")
        if ours != theirs:
            if digest_of(ours) != before:
                is_theirs_changed = digest_of(theirs) != before
                reason = DifferenceReason.CHANGED_ON_BOTH_SIDES if is_theirs_changed else DifferenceReason.CHANGED_HERE
                differences.append(difference(reason, item, ours, theirs, version=version))
                continue
            changes.append(Change(item, ours, theirs))
        if digest := digest_of(theirs):
            after[item] = digest
        else:
            after.pop(item, None)
    return Merge(changes, differences, after)


def difference(
    reason: DifferenceReason, item: str = "", here: Any = None, source: Any = None, *, version: int | None = None
) -> ImportDifference:
    """A difference with its values shortened."""
    return ImportDifference(
        version=None if version is None else str(version),
        item=item,
        reason=reason,
        here=_shown(here),
        source=_shown(source),
    )


def _shown(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, dict):
        value = value.get("comment") or value.get("creation_timestamp")
    text = str(value)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"
