"""What models are imported from."""

from typing import Protocol

from tui_registry_server.wire.model_import import ImportPart, ModelDocument


class SourceError(Exception):
    """A source cannot be opened or read. Its text says why and what to do."""


class Source(Protocol):
    """A registry, or an archive of one.

    identity: by which the target recognizes the source in later imports.
    parts: what the source has. Comments and requests, if it has them, are on its versions.
    has_activities: whether it has activities.
    lacking: what it turned out not to have, for people, such as "comments".
    """

    identity: str
    parts: frozenset[ImportPart]
    has_activities: bool
    lacking: set[str]

    async def names(self) -> list[str]:
        """The names of all models that can be read, sorted. Raises CallError or SourceError."""

    async def read(self, name: str) -> ModelDocument | None:
        """A model, or None if it was deleted meanwhile. Raises CallError or SourceError."""

    async def close(self) -> None: ...
