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
    """Write the registry, as it is at this moment, into the new FILE.

    Servers may run on it, and go on writing. FILE is an SQLite database, also where the registry is kept in PostgreSQL.
    It is readable by you only: it holds all that the registry holds, and digests of the tokens.
    """
    with exit_on_error("The registry could not be backed up"), progress_bar("Backing up") as progress:
        backups.back_up(database_url(database), file.absolute(), now=_now(), progress=progress)
    note(f"Backed up to {file}. Verify it: tui-registry audit verify --database {file}")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Put an SQLite file that is there already aside, under another name.")
@database_option
def restore(*, file: Path, force: bool, database: str) -> None:
    """Put the backup FILE in the database's place.

    Stop the servers first. Of the backup nothing is run: its schema is compared with what this program makes, its rows
    are copied, and its audit log is verified. PostgreSQL's database must be an empty one.
    """
    with exit_on_error("The backup could not be restored"), progress_bar("Restoring") as progress:
        head, kept = backups.restore(
            file.absolute(), database_url(database), replace=force, now=_now(), progress=progress
        )
    if kept is not None:
        note(f"What was there before is kept in {kept}.")
    note(f"Restored {file} to {redact_url(database)}. The head of its audit log:")
    print_lines([str(head or "none: nothing was ever recorded")])


def _now() -> int:
    return time.time_ns() // 1_000_000
