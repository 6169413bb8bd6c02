"""A registry with names that have become equal is not upgraded: the message lists them, and nothing is changed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command as alembic
from alembic.config import Config
from click.testing import CliRunner
from sqlalchemy import text

from tests.live_registry import command, fresh_database
from tests.server.database_state import changing
from tui_registry_server.commands import main
from tui_registry_server.store import schema

ADD = text("INSERT INTO principals (id, kind, name, active, creation_timestamp) VALUES (:id, :kind, :name, :active, 1)")
CLASHING = [
    ("1000000000000001", "user", "andré"),
    ("1000000000000002", "user", "andre\u0301"),
    ("1000000000000003", "group", "andré"),
    ("1000000000000004", "service_principal", "straße"),
    ("1000000000000005", "service_principal", "strasse"),
]


@pytest.fixture
def older(tmp_path: Path) -> Iterator[str]:
    """An older registry with such names."""
    with fresh_database(tmp_path) as location:
        config = Config()
        config.set_main_option("script_location", str(schema.MIGRATIONS))
        with changing(location) as connection:
            config.attributes["connection"] = connection
            alembic.upgrade(config, "0008")
            for principal_id, kind, name in CLASHING:
                connection.execute(ADD, {"id": principal_id, "kind": kind, "name": name, "active": True})
        yield location


def rows(location: str) -> tuple[str, list[tuple[str, ...]]]:
    with changing(location) as connection:
        revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        return revision, [tuple(row) for row in connection.execute(text("SELECT id, kind, name FROM principals"))]


@pytest.mark.parametrize("arguments", [("users", "create", "ann"), ("serve", "--port", "0")], ids=["users", "serve"])
def test_names_that_clash_are_reported(older: str, arguments: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*arguments, "--database", older])
    assert result.exit_code == 1
    for principal_id, kind, _ in CLASHING:
        assert (principal_id in result.stderr) is (kind != "group"), result.stderr
    assert "rename or delete all but one of each" in result.stderr
    assert rows(older) == ("0008", CLASHING)


def test_once_they_differ_it_is_upgraded(older: str) -> None:
    with changing(older) as connection:
        for principal_id in ("1000000000000002", "1000000000000005"):
            connection.execute(text("DELETE FROM principals WHERE id = :id"), {"id": principal_id})
    command(older, "users", "create", "ann")
    result = CliRunner().invoke(main, ["users", "create", "ANDRÉ", "--database", older])
    assert (result.exit_code, "exists already" in result.stderr) == (1, True)
    assert rows(older)[0] == schema.NEWEST
