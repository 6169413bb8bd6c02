"""The server's commands, to which ``tui-registry`` delegates: ``python -P -m tui_registry_server``."""

import time

import click

from tui_registry_server.commands.accounts import tokens, users
from tui_registry_server.commands.audit import audit
from tui_registry_server.commands.backup import backup, restore
from tui_registry_server.commands.database import exit_on_error, progress_bar
from tui_registry_server.commands.doctor import doctor
from tui_registry_server.commands.serve import serve
from tui_registry_server.output import note, print_lines
from tui_registry_server.program import Program
from tui_registry_server.store.engine import database_url


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """A model registry for MLflow's and Databricks' clients."""


for command in (audit, backup, restore, serve, tokens, users):
    main.add_command(command)


main.add_command(doctor(serve))


@main.command()
@click.argument("source")
@click.argument("target")
def migrate(*, source: str, target: str) -> None:
    """Copy the registry in the database SOURCE into the empty database TARGET, and compare the two.

    Each is an SQLite file or a URL such as postgresql://host/registry. Stop the servers on SOURCE first: what they
    write to it during the copy is not copied. SOURCE is not changed.
    """
    from tui_registry_server.store import database_copy

    with exit_on_error("The registry could not be copied"):
        urls = database_url(source), database_url(target)
        with progress_bar("Copying and comparing") as progress:
            tables = database_copy.migrate(*urls, now=time.time_ns() // 1_000_000, progress=progress)
    print_lines(f"{name:<20} {rows:>12,} rows  {digest[:16]}" for name, rows, digest in tables)
    note("Both are the same: every row was read back and compared.")
