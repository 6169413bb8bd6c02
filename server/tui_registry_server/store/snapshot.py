"""A snapshot of an SQLite database, copied into a new file while others write to it."""

import contextlib
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from tui_registry_server.rules.errors import InvalidState, ResourceDoesNotExist

PAGES_PER_STEP = 2048  # copied between two reports of progress: 8 MiB
BUSY_TIMEOUT = 30.0  # seconds

Progress = Callable[[int, int], None]
"""Called with how much is done, and the total."""


def no_progress(done: int, total: int) -> None:
    """Reports nothing."""


def fill(file: Path, source: Path, progress: Progress = no_progress) -> None:
    """Copy a trusted registry into an empty file. Raises InvalidState if it is damaged or not a database."""
    copy_pages(file, source, progress)
    with closing(sqlite3.connect(file)) as copied:
        (result,) = copied.execute("PRAGMA quick_check(1)").fetchone()
    if result != "ok":
        raise InvalidState(f"{source} is damaged: {result}.")


def copy_pages(file: Path, source: Path, progress: Progress = no_progress, *, immutable: bool = False) -> None:
    """The same for any database, without executing or checking anything in it. ``immutable``: nobody writes to the
    file, and no files beside it are written or read."""
    options = "?mode=ro&immutable=1" if immutable else ""
    try:
        with closing(
            sqlite3.connect(f"{source.as_uri()}{options}", uri=True, timeout=BUSY_TIMEOUT, isolation_level=None)
        ) as reading:
            # One read transaction from the first page to the last, so that no write restarts the backup.
            reading.execute("BEGIN")
            reading.execute("SELECT count(*) FROM sqlite_master").fetchone()
            with closing(sqlite3.connect(file, isolation_level=None)) as writing:
                reading.backup(
                    writing, pages=PAGES_PER_STEP, progress=lambda _, left, total: progress(total - left, total)
                )
                writing.execute("PRAGMA journal_mode = DELETE").fetchone()  # so that it is a single file
    except UnicodeDecodeError:  # raised by the driver for a message about a damaged schema
        raise InvalidState(f"{source} is damaged: its schema has a text that is not UTF-8.") from None
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", None) in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}:
            raise InvalidState(f"{source} is damaged, or not a database: {error}.") from None
        raise


@contextlib.contextmanager
def new_file(file: Path) -> Iterator[Path]:
    """An empty temporary file to be filled in the block, readable by its owner only. Afterwards it is renamed to
    ``file``, unless the block fails. Raises InvalidState if the file exists already."""
    if existing := parts(file):
        raise InvalidState(f"{existing[0]} exists already, and is not overwritten. Give another name.")
    if not file.parent.is_dir():
        raise ResourceDoesNotExist(f"There is no folder {file.parent}. Create it first.")
    with partial_file(file) as partial:
        yield partial
        sync(partial)
        try:
            os.link(partial, file)  # unlike a rename, this fails if the file exists by now
        except FileExistsError:
            raise InvalidState(f"{file} exists already, and is not overwritten. Give another name.") from None
        except OSError:  # not every file system has hard links
            partial.replace(file)
        sync(file.parent)


@contextlib.contextmanager
def partial_file(file: Path) -> Iterator[Path]:
    """An empty temporary file beside another, readable by its owner only; deleted after the block unless it was
    moved."""
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", suffix=".partial", dir=file.parent)
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        for each in parts(Path(name)):
            each.unlink(missing_ok=True)


def parts(file: Path) -> list[Path]:
    """The existing files of an SQLite database: the database, its write-ahead log and its journal."""
    files = (Path(f"{file}{each}") for each in ("", "-wal", "-journal", "-shm"))
    return [each for each in files if os.path.lexists(each)]


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
