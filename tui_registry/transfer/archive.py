"""Archives: one file with all models of a registry, to keep, to look at, and to import elsewhere.

A ZIP file of two members. ``models.jsonl`` has a wire.model_import.ModelDocument in every line, sorted by name, in
UTF-8; ``manifest.json`` says what it is: see Manifest. It has no tokens, no other secrets, and no accounts: users and
groups are names.
"""

import json
import os
import zipfile
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from typing import IO

from pydantic import BaseModel, ConfigDict, ValidationError

from tui_registry.transfer.source import SourceError
from tui_registry_server.wire.model_import import ImportPart, ModelDocument

FORMAT = "tui-registry archive"
VERSION = 1
MODELS, MANIFEST = "models.jsonl", "manifest.json"
MAX_MANIFEST_BYTES = 1024 * 1024
MAX_LINE_BYTES = 512 * 1024 * 1024


class Manifest(BaseModel):
    """``version`` is increased when a program that knows the former one would misread an archive. ``source`` is by
    which the exported registry is recognized in imports; ``created`` is in RFC 3339; ``parts`` is what the registry
    has, as in ModelDocument."""

    model_config = ConfigDict(extra="ignore")

    format: str
    version: int
    created: str
    program: str
    source: str
    parts: list[ImportPart]
    activities: bool
    models: int


class ArchiveWriter:
    """Writes an archive beside its final place, to which ``commit`` moves it as a whole. Readable by its owner only."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._partial = file.with_name(f".{file.name}.partial")
        with suppress(FileNotFoundError):
            self._partial.unlink()
        descriptor = os.open(self._partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._stream = os.fdopen(descriptor, "wb")
        self._zip = zipfile.ZipFile(self._stream, "w", zipfile.ZIP_DEFLATED)
        self._member = self._zip.open(MODELS, "w", force_zip64=True)
        self.count = 0

    def add(self, document: ModelDocument) -> None:
        self._member.write(document.model_dump_json(exclude_none=True).encode() + b"\n")
        self.count += 1

    def commit(self, manifest: Manifest) -> None:
        self._member.close()
        self._zip.writestr(MANIFEST, manifest.model_dump_json(indent=2) + "\n")
        self._zip.close()
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()
        self._partial.replace(self._file)

    def discard(self) -> None:
        """Leave nothing behind, unless it was committed."""
        with suppress(Exception):
            self._member.close()
            self._zip.close()
        self._stream.close()
        with suppress(FileNotFoundError):
            self._partial.unlink()


class Archive:
    """A Source: an archive that was written before. Raises SourceError if it is none."""

    def __init__(self, file: Path, identity: str = "") -> None:
        try:
            self._zip = zipfile.ZipFile(file)
        except (OSError, zipfile.BadZipFile) as error:
            raise SourceError(f"{file} cannot be read as an archive: {error}.") from None
        try:
            self.manifest = self._read_manifest(file)
        except SourceError:
            self._zip.close()
            raise
        self.identity = identity or self.manifest.source
        self.parts = frozenset(self.manifest.parts)
        self.has_activities = self.manifest.activities
        self.lacking: set[str] = set()
        self._file = file
        self._lines: Generator[ModelDocument, None, None] | None = None
        self._next: ModelDocument | None = None

    async def names(self) -> list[str]:
        found = [document.name for document in self._documents()]
        if len(found) != self.manifest.models or found != sorted(set(found)):
            raise SourceError(f"{self._file} is damaged: it does not have the models that its manifest lists.")
        return found

    async def read(self, name: str) -> ModelDocument | None:
        """Quick in the order of names; otherwise it is read from the beginning."""
        if self._lines is None or self._next is None or self._next.name > name:
            self._close_lines()
            self._lines = self._documents()
            self._next = next(self._lines, None)
        while self._next is not None and self._next.name < name:
            self._next = next(self._lines, None)
        return self._next if self._next is not None and self._next.name == name else None

    async def close(self) -> None:
        self._close_lines()
        self._zip.close()

    def _close_lines(self) -> None:
        if self._lines is not None:
            self._lines.close()

    def _read_manifest(self, file: Path) -> Manifest:
        try:
            with self._zip.open(MANIFEST) as member:
                manifest = Manifest.model_validate_json(member.read(MAX_MANIFEST_BYTES))
        except (KeyError, ValidationError, OSError, zipfile.BadZipFile):
            raise SourceError(f"{file} is not an archive of tui-registry: it has no valid {MANIFEST}.") from None
        if manifest.format != FORMAT:
            raise SourceError(f"{file} is not an archive of tui-registry.")
        if manifest.version > VERSION:
            raise SourceError(
                f"{file} has version {manifest.version} of the format, and this program knows those up to {VERSION}. "
                "Use the newer program that wrote it."
            )
        return manifest

    def _documents(self) -> Generator[ModelDocument, None, None]:
        try:
            with self._zip.open(MODELS) as member:
                yield from _documents_of(member, self._file)
        except (KeyError, OSError, EOFError, zipfile.BadZipFile, zipfile.LargeZipFile) as error:
            raise SourceError(f"{self._file} is damaged: {error}.") from None


def _documents_of(member: IO[bytes], file: Path) -> Generator[ModelDocument, None, None]:
    number = 0
    while line := member.readline(MAX_LINE_BYTES):
        number += 1
        try:
            yield ModelDocument.model_validate_json(line)
        except ValidationError as error:
            first = json.dumps(error.errors(include_url=False, include_input=False)[0]["loc"])
            raise SourceError(f"{file} is damaged: line {number} of {MODELS} is no model, at {first}.") from None
