"""``backup`` and ``restore``: a registry in one file, and back."""

import time
from pathlib import Path

import click

from tui_registry_server.commands.database import database_option, exit_on_error, progress_bar
from tui_registry_server.output import note, print_lines
from tui_registry_server.store import backup as backups
from tui_registry_server.store.engine import database_url, redact_url


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@database_option
def backup(*, file: Path, database: str) -> None:
    """Write a snapshot of the registry into the new FILE.

    Servers may keep running, and writing. FILE is an SQLite database, also if the registry is stored in PostgreSQL. It
    is readable by you only: it has the whole content of the registry, and digests of the tokens.
    """
    with exit_on_error("The registry could not be backed up"), progress_bar("Backing up") as progress:
        backups.back_up(database_url(database), file.absolute(), now=_now(), progress=progress)
    note(f"Backed up to {file}. Verify it: tui-registry audit verify --database {file}")


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
    print_lines([str(head or "none: nothing was ever recorded")])


def _now() -> int:
    return time.time_ns() // 1_000_000
