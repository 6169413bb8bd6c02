"""Creating and upgrading the schema of a database, with the initial rows of a registry."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, text

from tui_registry_server.rules.errors import InvalidState, ResourceDoesNotExist
from tui_registry_server.rules.permissions import Level
from tui_registry_server.rules.principals import DEFAULT_WORKSPACE, TOKENS, new_id
from tui_registry_server.store import counters, grants, principals, schema_objects, snapshot, workspaces
from tui_registry_server.store.engine import driver_of, make_engine
from tui_registry_server.store.principals import PrincipalRow
from tui_registry_server.store.workspaces import Workspace
from tui_registry_server.wire.principal import ADMINS, USERS, PrincipalKind
from tui_registry_server.wire.workspace_name import DEFAULT_NAME

if TYPE_CHECKING:
    from alembic.config import Config

log = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"
NEWEST = "0023"
"""The revision of the last migration under migrations/versions."""

REVISION_TABLE = (
    "create table alembic_version(version_num varchar(32)not null,"
    "constraint alembic_version_pkc primary key(version_num))"
)
"""Alembic's table of the revision, on SQLite: see schema_objects."""


class SchemaTooNewError(Exception):
    """The database was written by a newer program. The message says so."""

    def __init__(self, present: str) -> None:
        super().__init__(
            f"This database has the schema '{present}', which this version of tui-registry does not know: it was "
            "written by a newer one. Install that version, or restore an older backup."
        )


def upgrade(url: URL, *, now: int, back_up: bool = True) -> None:
    """Create or upgrade the schema, and insert the initial rows. Does nothing to a database that is up to date.

    ``back_up``: whether to back up an SQLite file beside it before its schema is changed."""
    engine = _migrating_engine(url)
    try:
        with engine.begin() as connection:
            present = revision(connection)
            if present != NEWEST:
                _run_migrations(connection, present, url if back_up else None)
                _check_foreign_keys(connection)
            _seed(connection, now)
    finally:
        engine.dispose()


def revision(connection: Connection) -> str | None:
    """The revision of the database's schema; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def check(connection: Connection) -> None:
    """Raises SchemaTooNewError, or InvalidState if the schema is older or there is no registry."""
    present = revision(connection)
    if present is None:
        raise InvalidState("There is no registry in this database.")
    if present > NEWEST:
        raise SchemaTooNewError(present)
    if present < NEWEST:
        raise InvalidState(
            f"This database has the older schema '{present}'. Start the server on it once: that upgrades it, after a "
            "backup of an SQLite file."
        )


@contextmanager
def open_registry(url: URL) -> Iterator[Connection]:
    """A connection that reads an existing registry with the current schema. Raises as check does, and
    ResourceDoesNotExist if there is no SQLite file."""
    if url.get_backend_name() == "sqlite" and not (url.database and Path(url.database).is_file()):
        raise ResourceDoesNotExist(f"There is no database {url.database}.")
    engine = make_engine(url, write=False)
    try:
        with engine.connect() as connection:
            check(connection)
            yield connection
    finally:
        engine.dispose()


def make(url: URL, revision: str) -> None:
    """Create the empty tables of a revision in an empty database. Raises SchemaTooNewError for an unknown revision."""
    from alembic import command

    engine = _migrating_engine(url)
    try:
        with engine.begin() as connection:
            command.upgrade(_configured(connection, revision), revision)
    finally:
        engine.dispose()


def _migrating_engine(url: URL) -> Engine:
    """Without SQLite's foreign keys, which are set for a connection, outside of transactions: a table that is replaced
    would take with it all that refers to it."""
    engine = make_engine(url, write=True)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _set_up(connection: sqlite3.Connection, _record: Any) -> None:
            connection.execute("PRAGMA foreign_keys = OFF").close()

    return engine


def _check_foreign_keys(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    for table, number, parent, _ in driver_of(connection).execute("PRAGMA foreign_key_check"):
        raise InvalidState(
            f"The database was not upgraded, and not changed: row {number} of {table} refers to a row of {parent} that "
            "does not exist."
        )


def _configured(connection: Connection, revision: str | None) -> "Config":
    # Alembic takes as long to import as the rest of the server, and is only needed for creating and upgrading.
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None and revision not in known:
        raise SchemaTooNewError(revision[:100])
    return config


def _run_migrations(connection: Connection, present: str | None, backed_up: URL | None) -> None:
    from alembic import command

    config = _configured(connection, present)
    if present is not None and connection.dialect.name == "sqlite":
        _check_unmodified(driver_of(connection), present)
        if backed_up is not None and backed_up.database:
            _back_up(Path(backed_up.database), present)
    command.upgrade(config, "head")


def _check_unmodified(database: sqlite3.Connection, revision: str) -> None:
    """Raises InvalidState if the schema is not exactly ours: an upgrade would run the database's triggers, and relies
    on its tables. This takes half a second per upgrade."""
    from alembic import command

    engine = create_engine("sqlite://")
    try:
        with engine.begin() as connection:
            command.upgrade(_configured(connection, revision), revision)
            ours = schema_objects.objects(driver_of(connection))
    finally:
        engine.dispose()
    if differences := schema_objects.differences(ours, schema_objects.objects(database)):
        raise InvalidState(
            f"The database has the schema revision '{revision}', but its schema differs from tui-registry's: "
            f"{schema_objects.join_differences(differences)}. It was not upgraded, and nothing was changed. Undo these "
            "differences, or restore a backup."
        )


def _back_up(file: Path, present: str) -> None:
    """Back up the database beside it before its schema is changed, readable by its owner only."""
    backup = file.with_name(f"{file.name}.{present}.backup")
    with snapshot.partial_file(backup) as copy:
        snapshot.fill(copy, file)
        snapshot.sync(copy)
        copy.replace(backup)
    log.warning("upgrading the database from schema %s to %s; a backup is in %s", present, NEWEST, backup)


def _seed(connection: Connection, now: int) -> None:
    """The built-in groups, the default workspace, the grant that lets everybody create tokens, and the counters."""
    for name in (ADMINS, USERS):
        if principals.id_of(connection, PrincipalKind.GROUP, name) is None:
            group = PrincipalRow(id=new_id(), kind=PrincipalKind.GROUP.value, name=name, active=True)
            principals.add(connection, group, now)
            if name == USERS:
                grants.grant(connection, TOKENS, group.id, Level.READ)
    if workspaces.find(connection, DEFAULT_NAME) is None:
        workspaces.add(connection, Workspace(DEFAULT_WORKSPACE, DEFAULT_NAME, None), now)
    counters.seed(connection)
