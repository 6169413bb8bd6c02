"""A whole SQLite database at one moment, copied into a new file while others write to it."""

import contextlib
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from tui_registry_server.rules.errors import InvalidState, ResourceDoesNotExist

PAGES_PER_STEP = 2048  # copied between two looks at how far it is: 8 MiB
BUSY_TIMEOUT = 30.0  # seconds

Progress = Callable[[int, int], None]
"""Is told how much is done, of how much."""


def no_progress(done: int, total: int) -> None:
    """For whom nobody waits."""


def fill(file: Path, source: Path, progress: Progress = no_progress) -> None:
    """Copy a registry of ours into an empty file. Raises InvalidState if it is damaged or no database."""
    copy_pages(file, source, progress)
    with closing(sqlite3.connect(file)) as copied:
        (verdict,) = copied.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise InvalidState(f"{source} is damaged: {verdict}.")


def copy_pages(file: Path, source: Path, progress: Progress = no_progress, *, immutable: bool = False) -> None:
    """The same of any database, of which nothing is run or looked at. ``immutable``: nobody
    writes to the file, and nothing is written beside it, nor read."""
    options = "?mode=ro&immutable=1" if immutable else ""
    try:
        with closing(
            sqlite3.connect(f"{source.as_uri()}{options}", uri=True, timeout=BUSY_TIMEOUT, isolation_level=None)
        ) as reading:
            # The snapshot is held from the first page to the last, so that no writer makes the copy begin anew.
            reading.execute("BEGIN")
            reading.execute("SELECT count(*) FROM sqlite_master").fetchone()
            with closing(sqlite3.connect(file, isolation_level=None)) as writing:
                reading.backup(
                    writing, pages=PAGES_PER_STEP, progress=lambda _, left, total: progress(total - left, total)
                )
                writing.execute("PRAGMA journal_mode = DELETE").fetchone()  # one file, and nothing beside it
    except UnicodeDecodeError:  # of what SQLite says of it, which quotes it
        raise InvalidState(f"{source} is damaged: its schema holds a text that is not UTF-8.") from None
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", None) in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}:
            raise InvalidState(f"{source} is damaged, or no database: {error}.") from None
        raise


@contextlib.contextmanager
def new_file(file: Path) -> Iterator[Path]:
    """An empty file of another name to fill in the block, readable by its owner only. Then it is on the disk under its
    own name, whole; if the block fails, there is none. Raises InvalidState if there is one already."""
    if there := parts(file):
        raise InvalidState(f"There is {there[0]} already. It stays as it is: give another name.")
    if not file.parent.is_dir():
        raise ResourceDoesNotExist(f"There is no folder {file.parent}. Make it first.")
    with partial_file(file) as partial:
        yield partial
        sync(partial)
        try:
            os.link(partial, file)  # which fails where somebody else was faster, and a rename would not
        except FileExistsError:
            raise InvalidState(f"There is {file} already. It stays as it is: give another name.") from None
        except OSError:  # not every file system has links
            partial.replace(file)
        sync(file.parent)


@contextlib.contextmanager
def partial_file(file: Path) -> Iterator[Path]:
    """An empty file beside another, readable by its owner only, and gone after the block unless it was moved away."""
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", suffix=".partial", dir=file.parent)
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        for each in parts(Path(name)):
            each.unlink(missing_ok=True)


def parts(file: Path) -> list[Path]:
    """What there is of a database: its file, and then what stands beside it and SQLite takes for a part of it."""
    named = (Path(f"{file}{each}") for each in ("", "-wal", "-journal", "-shm"))
    return [each for each in named if os.path.lexists(each)]


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
