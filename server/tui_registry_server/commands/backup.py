"""``backup`` and ``restore``: a registry in one file, and back; and the schedule of a server's backups."""

import signal
import sys
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from tui_registry_server.commands.database import database_option, exit_on_error, progress_bar
from tui_registry_server.output import note, print_lines
from tui_registry_server.program import FAILED
from tui_registry_server.rules.backup_schedule import KEPT, BackupSchedule, seconds_of
from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.store import backup as backups
from tui_registry_server.store.backup_folder import back_up_into
from tui_registry_server.store.engine import URL, database_url, redact_url

NO_HEAD = "none: nothing was ever recorded"


class _Duration(click.ParamType[int]):
    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> int:
        try:
            return seconds_of(value)
        except InvalidParameterValue as error:
            self.fail(error.message, param, context)


def schedule_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options of ``serve`` for its backups, which it gets as the parameter ``backups``."""

    @wraps(command)
    def scheduled(
        *, backup_every: int | None, backup_folder: Path | None, backup_keep: int | None, **others: Any
    ) -> None:
        if (backup_every is None) != (backup_folder is None):
            raise click.UsageError("--backup-every and --backup-folder go together: give both, or neither.")
        if backup_every is None or backup_folder is None:
            if backup_keep is not None:
                raise click.UsageError("--backup-keep needs --backup-every and --backup-folder.")
            command(backups=None, **others)
            return
        schedule = BackupSchedule(others["database"], backup_folder.absolute(), backup_every, backup_keep or KEPT)
        command(backups=schedule, **others)

    for option in (
        click.option(
            "--backup-keep",
            type=click.IntRange(1, 100_000),
            metavar="NUMBER",
            help=f"How many backups of this registry to keep in that folder.  [default: {KEPT}]",
        ),
        click.option(
            "--backup-folder",
            type=click.Path(path_type=Path),
            metavar="FOLDER",
            help="The existing folder for these backups. Servers on one database may share it.",
        ),
        click.option(
            "--backup-every",
            type=_Duration(),
            metavar="DURATION",
            help="Back up the registry at this interval, such as 1h, 30m or 1d, while it serves.",
        ),
    ):
        scheduled = option(scheduled)
    return scheduled


@click.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--verify", is_flag=True, help="Verify the backup and its audit log before it gets its final name.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Instead of FILE: verify it, name it by its time in this folder, and remove older ones.",
)
@click.option(
    "--keep",
    default=KEPT,
    show_default=True,
    type=click.IntRange(1, 100_000),
    metavar="NUMBER",
    help="How many backups of this registry to keep in the folder.",
)
@click.option(
    "--every",
    type=_Duration(),
    metavar="DURATION",
    help="Do nothing if the newest backup in the folder is not as old as this, such as 1h, 30m or 1d.",
)
@database_option
def backup(
    *, file: Path | None, verify: bool, folder: Path | None, keep: int, every: int | None, database: str
) -> None:
    """Write a snapshot of the registry into the new FILE, or into a --folder.

    Servers may keep running, and writing. A backup is an SQLite database, also if the registry is stored in PostgreSQL.
    It is readable by you only: it has the whole content of the registry, and digests of the tokens.
    """
    if (file is None) == (folder is None):
        raise click.UsageError("Give either FILE or --folder.")
    with exit_on_error("The registry could not be backed up"):
        source = database_url(database)
        if file is not None:
            _into_file(file, source, verify=verify)
        elif folder is not None:
            _into_folder(folder, source, keep=keep, every=every or 0)


def _into_file(file: Path, source: URL, *, verify: bool) -> None:
    with progress_bar("Backing up") as progress:
        head = backups.back_up(source, file.absolute(), now=_now(), verify=verify, progress=progress)
    if verify:
        note(f"Backed up to {file}, and verified. The head of its audit log: {head or NO_HEAD}")
    else:
        note(f"Backed up to {file}. Verify it: tui-registry audit verify --database {file}")


def _into_folder(folder: Path, source: URL, *, keep: int, every: int) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(FAILED))  # so that no partial file is left
    with progress_bar("Backing up") as progress:
        kept = back_up_into(folder.absolute(), source, keep=keep, every=every, clock=_now, progress=progress)
    if kept.is_new:
        note(f"Backed up and verified. The head of its audit log: {kept.head or NO_HEAD}")
    else:
        note("Nothing to do: the newest backup is not as old as that.")
    print_lines([str(kept.file)])


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Rename an SQLite file that exists already, instead of refusing.")
@database_option
def restore(*, file: Path, force: bool, database: str) -> None:
    """Replace the database with the backup FILE.

    Stop the servers first. Nothing in the backup is executed: its schema is compared with the one that this program
    creates, its rows are copied, and its audit log is verified. A PostgreSQL database must be empty.
    """
    with exit_on_error("The backup could not be restored"), progress_bar("Restoring") as progress:
        head, renamed = backups.restore(
            file.absolute(), database_url(database), replace=force, now=_now(), progress=progress
        )
    if renamed is not None:
        note(f"The previous database is now {renamed}.")
    note(f"Restored {file} to {redact_url(database)}. The head of its audit log:")
    print_lines([str(head or NO_HEAD)])


def _now() -> int:
    return time.time_ns() // 1_000_000
