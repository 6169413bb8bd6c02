"""What commands on the database share: the --database option, progress, and error messages."""

import contextlib
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from tui_registry_server.output import fail
from tui_registry_server.rules.errors import RegistryError
from tui_registry_server.store.engine import describe_error
from tui_registry_server.store.schema import SchemaTooNewError


def _default_database() -> str:
    """The console's own registry."""
    import platformdirs

    return str(Path(platformdirs.user_data_dir("tui-registry", appauthor=False)) / "registry.db")


database_option = click.option(
    "--database",
    metavar="PATH_OR_URL",
    envvar="TUI_REGISTRY_DATABASE",
    show_envvar=True,
    default=_default_database,
    show_default="the console's own registry",
    help="An SQLite file, or a URL such as postgresql://host/registry.",
)


@contextlib.contextmanager
def exit_on_error(what_failed: str = "The database could not be used") -> Iterator[None]:
    """Print an error of the database in the block as one line, and exit with 1."""
    try:
        yield
    except RegistryError as error:
        fail(error.message)
    except SchemaTooNewError as error:
        fail(str(error))
    except BrokenPipeError:  # the reader has closed the pipe; the rest must not be flushed at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (SQLAlchemyError, sqlite3.Error, OSError, UnicodeDecodeError) as error:
        fail(f"{what_failed}: {describe_error(error)}")


@contextlib.contextmanager
def progress_bar(label: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on a terminal, nothing elsewhere. The function takes how much is done, and the total."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    with click.progressbar(length=0, label=label, file=sys.stderr, show_pos=True) as bar:

        def progress(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield progress
