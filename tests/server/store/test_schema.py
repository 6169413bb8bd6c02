"""The migrations create exactly the tables of the statements."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from tests.live_registry import fresh_database
from tui_registry_server.store import principals, schema
from tui_registry_server.store.engine import URL, Engine, database_url, make_engine
from tui_registry_server.store.principals import PrincipalRow
from tui_registry_server.store.tables import metadata
from tui_registry_server.wire.principal import PrincipalKind

FOR_EACH_DATABASE = {"ix_model_tags_value", "ix_version_tags_value"}
"""Indexes of whole values on SQLite, as in the tables, and of prefixes on PostgreSQL: see migration 0003."""


def is_compared(name: str | None, kind: str) -> bool:
    """Without the trigram index on SQLite, which is created by migration 0003 and updated by triggers."""
    return not str(name).startswith("model_name") if kind == "table" else name not in FOR_EACH_DATABASE


@pytest.fixture
def url(tmp_path: Path) -> Iterator[URL]:
    """An empty registry's database."""
    with fresh_database(tmp_path) as database:
        schema.upgrade(database_url(database), now=0)
        yield database_url(database)


@pytest.fixture
def engine(url: URL) -> Iterator[Engine]:
    engine = make_engine(url, write=True)
    yield engine
    engine.dispose()


def test_the_migrated_schema_is_the_tables(engine: Engine) -> None:
    with engine.connect() as connection:
        opts = {
            "compare_type": True,
            "include_name": lambda name, kind, _: kind != "table" or is_compared(name, kind),
            "include_object": lambda _object, name, kind, *_: kind != "index" or is_compared(name, kind),
        }
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, metadata) == []
        tables = {each for each in inspect(connection).get_table_names() if is_compared(each, "table")}
        assert tables == {*metadata.tables, "alembic_version"}


def test_a_second_upgrade_changes_nothing(url: URL, engine: Engine) -> None:
    everybody = text("SELECT id, name FROM principals ORDER BY id")
    with engine.connect() as connection:
        before = connection.execute(everybody).all()
    schema.upgrade(url, now=1)
    with engine.connect() as connection:
        assert connection.execute(everybody).all() == before


def test_names_of_a_kind_are_unique_in_any_letter_case(engine: Engine) -> None:
    with engine.begin() as connection:
        principals.add(connection, PrincipalRow("1", PrincipalKind.USER, "Änn", active=True), 0)
        principals.add(connection, PrincipalRow("2", PrincipalKind.GROUP, "ann", active=True), 0)
    with engine.connect() as connection, pytest.raises(IntegrityError), connection.begin():
        principals.add(connection, PrincipalRow("3", PrincipalKind.USER, "a\u0308NN", active=True), 0)


def test_an_upgrade_keeps_what_is_there_and_a_copy_of_it(tmp_path: Path) -> None:
    file = tmp_path / "registry.db"
    url = database_url(str(file))
    engine = make_engine(url, write=True)
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql(
            "INSERT INTO principals (id, kind, name, active, creation_timestamp) VALUES ('1', 'group', 'risk', 1, 7)"
        )
    schema.upgrade(url, now=0)
    copy = tmp_path / "registry.db.0001.backup"
    assert copy.stat().st_mode & 0o777 == 0o600
    for each, revision in ((file, schema.NEWEST), (copy, "0001")):
        with closing(sqlite3.connect(each)) as database:
            assert database.execute("SELECT version_num FROM alembic_version").fetchone() == (revision,)
            assert ("risk",) in database.execute("SELECT name FROM principals").fetchall()
    with closing(sqlite3.connect(file)) as database:
        changed = database.execute("SELECT last_updated_timestamp FROM principals WHERE name = 'risk'").fetchall()
        assert changed == [(7,)]  # not known better
    engine.dispose()
