"""Splitting a model into calls of a bounded size."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import TypeVar

from pydantic import BaseModel

from tui_registry_server.wire.model_import import MAX_ACTIVITIES, MAX_VERSIONS, ImportModel, ImportPart, ModelDocument

Part = TypeVar("Part", bound=BaseModel)

MAX_CHUNK_BYTES = 512 * 1024
_OF_THE_HEADER = frozenset({ImportPart.TAGS, ImportPart.PERMISSIONS})
_AT_THE_END = frozenset({ImportPart.ALIASES})


def calls_of(
    document: ModelDocument, source: str, *, dry_run: bool = False, restore_deleted: bool = False
) -> Iterator[ImportModel]:
    """The calls that import a model, in their order: the first has tags and permissions; aliases come after the
    versions that they name, and activities last. Most models are one call."""
    versions = [*_chunks(document.versions, MAX_VERSIONS)] or [[]]
    activities = [*_chunks(document.activities, MAX_ACTIVITIES)]
    at_the_end = _AT_THE_END if not dry_run or len(versions) == 1 else frozenset()  # their versions would not be there
    together = len(versions) == 1 and len(activities) == 1
    for number, chunk in enumerate(versions):
        is_first, is_last = number == 0, number == len(versions) - 1
        left_out = (set() if is_first else _OF_THE_HEADER) | (set() if is_last and at_the_end else _AT_THE_END)
        yield _call(document, source, left_out, dry_run=dry_run, restore_deleted=restore_deleted).model_copy(
            update={
                "versions": chunk,
                "all_versions": len(versions) == 1,
                "activities": activities[0] if together else [],
            }
        )
    for each in [] if together else activities:
        left_out = set(_OF_THE_HEADER | _AT_THE_END)
        yield _call(document, source, left_out, dry_run=dry_run, restore_deleted=False).model_copy(
            update={"activities": each}
        )


def _call(
    document: ModelDocument, source: str, left_out: AbstractSet[ImportPart], *, dry_run: bool, restore_deleted: bool
) -> ImportModel:
    fields = document.model_dump(exclude={"versions", "activities", "parts", "tags", "permissions", "aliases"})
    parts = [part for part in document.parts if part not in left_out]
    return ImportModel(
        **fields,
        parts=parts,
        tags=document.tags if ImportPart.TAGS in parts else [],
        permissions=document.permissions if ImportPart.PERMISSIONS in parts else [],
        aliases=document.aliases if ImportPart.ALIASES in parts else [],
        source=source,
        dry_run=dry_run,
        restore_deleted=restore_deleted,
    )


def _chunks(listed: Sequence[Part], limit: int) -> Iterator[list[Part]]:
    chunk: list[Part] = []
    size = 0
    for each in listed:
        more = len(each.model_dump_json())
        if chunk and (len(chunk) == limit or size + more > MAX_CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(each)
        size += more
    if chunk:
        yield chunk
