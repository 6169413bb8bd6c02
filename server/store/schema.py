"""Bringing a database to the newest schema, and what every registry holds from the start."""

import contextlib
import sqlite3
from pathlib import Path

from sqlalchemy import URL, Connection, inspect, text

from server.rules.permissions import Level
from server.rules.principals import ADMINS, TOKENS, USERS, PrincipalKind, new_id
from server.store import counters, grants, principals
from server.store.engine import make_engine
from server.store.principals import PrincipalRow

MIGRATIONS = Path(__file__).parent / "migrations"
NEWEST = "0003"
"""The revision of the last step under migrations/versions."""


class SchemaTooNewError(Exception):
    """The database was written by a newer program. The message says so."""


def upgrade(url: URL, *, now: int) -> None:
    """Create or upgrade the schema, and fill in what is always there. Does nothing to a database that has it all."""
    engine = make_engine(url, write=True)
    try:
        with engine.begin() as connection:
            present = _present(connection)
            if present != NEWEST:
                _step_up(connection, present, url)
            _found(connection, now)
    finally:
        engine.dispose()


def _present(connection: Connection) -> str | None:
    """The revision that the database says it is at; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def _step_up(connection: Connection, present: str | None, url: URL) -> None:
    # Alembic takes as long to import as all the rest of the server, and is needed once in a database's life.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}
    if present is not None and present not in known:
        raise SchemaTooNewError(
            f"This database has the schema '{present}', which this version of tui-registry does not know: it was "
            "written by a newer one. Install that version, or restore a backup that was made before."
        )
    if present is not None and url.get_backend_name() == "sqlite" and url.database:
        _back_up(Path(url.database), present)
    command.upgrade(config, "head")


def _back_up(file: Path, present: str) -> None:
    """Keep the database as it is before its schema changes, beside it, readable by its owner only."""
    copy = file.with_name(f"{file.name}.{present}.backup")
    copy.unlink(missing_ok=True)
    copy.touch(mode=0o600)
    with contextlib.closing(sqlite3.connect(file)) as source:
        source.execute("VACUUM INTO ?", (str(copy),))  # whole and at one moment, whatever is in the WAL


def _found(connection: Connection, now: int) -> None:
    """The groups that cannot be deleted, the right of everyone to have tokens, and the counters."""
    for name in (ADMINS, USERS):
        if principals.id_of(connection, PrincipalKind.GROUP, name) is None:
            group = PrincipalRow(id=new_id(), kind=PrincipalKind.GROUP.value, name=name, active=True)
            principals.add(connection, group, now)
            if name == USERS:
                grants.grant(connection, TOKENS, group.id, Level.READ)
    counters.found(connection)
