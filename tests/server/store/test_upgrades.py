"""Registries of every released or intermediate schema are upgraded, with all of their content.

upgrades/make.py created them. On PostgreSQL the older schema is created by the migrations up to it, and filled with
their rows.
"""

import gzip
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command as alembic
from alembic.config import Config
from click.testing import CliRunner
from sqlalchemy import MetaData, create_engine, insert, select

from tests.live_registry import DATABASE_VARIABLE, Server, command, fresh_database
from tests.server.api import Api
from tests.variants import variant
from tui_registry_server.commands import main
from tui_registry_server.store import schema
from tui_registry_server.store.engine import database_url, make_engine

MADE = Path(__file__).parent / "upgrades"
COMMITS = {
    "662be60": "0001",
    "65f68c0": "0001",
    "751be30": "0002",
    "9523ffb": "0003",
    "da732e4": "0004",
    "aa0d7c8": "0006",
}
"""The commits that changed the schema, and the revisions that they created."""
OLDEST_AND_NEWEST = ("662be60", "aa0d7c8")
EACH = [commit if commit in OLDEST_AND_NEWEST else variant(commit) for commit in COMMITS]


@pytest.fixture(params=EACH)
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A registry as created by that commit."""
    commit: str = request.param
    file = tmp_path / "registry.db"
    file.write_bytes(gzip.decompress((MADE / f"{commit}.sqlite.gz").read_bytes()))
    if not os.environ.get(DATABASE_VARIABLE):
        yield str(file)
        return
    with fresh_database(tmp_path) as location:
        _fill(location, file, COMMITS[commit])
        yield location


def _fill(location: str, file: Path, revision: str) -> None:
    """Copy the rows of an SQLite file to PostgreSQL, with the schema of a revision."""
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    target = make_engine(database_url(location), write=True)
    source = create_engine(database_url(str(file)))
    with target.begin() as writing, source.connect() as reading:
        config.attributes["connection"] = writing
        alembic.upgrade(config, revision)
        theirs, ours = MetaData(), MetaData()
        ours.reflect(writing)
        theirs.reflect(reading, only=[name for name in ours.tables if name != "alembic_version"])
        for table in ours.sorted_tables:
            if table.name in theirs.tables:
                rows = [dict(row) for row in reading.execute(select(theirs.tables[table.name])).mappings()]
                if rows:
                    writing.execute(insert(table), rows)
        if revision < "0004":
            for column in ("registered_models ALTER name", "aliases ALTER alias"):  # as they were at first
                writing.exec_driver_sql(f'ALTER TABLE {column} TYPE text COLLATE "default"')
    target.dispose()
    source.dispose()


# SQLAlchemy cannot reflect one of the indexes, which is not checked here.
@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
def test_an_older_registry_is_taken_over(older: str, tmp_path: Path) -> None:
    token = command(older, "tokens", "create", "admin").strip()  # this alone upgrades it
    with Server(tmp_path, older) as server, Api(server.start(), token) as api:
        for number in range(3):
            model = api.get("/mlflow/registered-models/get", name=f"model-{number}").ok()["registered_model"]
            assert model["description"] == "[b]\x1b[31m"
            assert model["tags"] == [{"key": "team", "value": "Größe 🙂"}]
            assert model["aliases"] == [{"alias": "champion", "version": "1"}]
            stages = {each["version"]: each["current_stage"] for each in model["latest_versions"]}
            assert stages == {"3": "None", "1": "Production"}
            assert all({"description", "run_id", "run_link"} <= each.keys() for each in model["latest_versions"])
        found = api.get("/mlflow/registered-models/search", filter="name ILIKE '%DEL-1'").ok()["registered_models"]
        assert [each["name"] for each in found] == ["model-1"]
        (request,) = api.get("/mlflow/transition-requests/list", name="model-0", version="2").ok()["requests"]
        api.post(
            "/mlflow/transition-requests/approve",
            name="model-0",
            version="2",
            stage="Production",
            archive_existing_versions=True,
        ).ok()
        assert request["comment"] == "please"
        assert api.get("/mlflow/comments/list", name="model-1", version="2").ok()["comments"][0]["comment"] == "good"
        feed = api.get("/mlflow/activities/list", max_results=1000).ok()["activities"]
        assert len(feed) > 20
        groups = api.get("/preview/scim/v2/Groups").ok()["Resources"]
        assert {"risk", "admins", "users"} <= {each["displayName"] for each in groups}
        assert server.end() == 0
    verified = CliRunner().invoke(main, ["audit", "verify", "--database", older])
    assert verified.exit_code == 0, verified.output


def test_numbers_that_were_left_out_are_given(tmp_path: Path) -> None:
    """PostgreSQL's sequences have gaps. Before there were digests, the numbers are not protected."""
    file = tmp_path / "registry.db"
    file.write_bytes(gzip.decompress((MADE / "662be60.sqlite.gz").read_bytes()))
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("DELETE FROM activities WHERE sequence IN (1, 5, 6)")
    command(str(file), "tokens", "create", "admin")
    verified = CliRunner().invoke(main, ["audit", "verify", "--database", str(file)])
    assert (verified.exit_code, verified.stdout[:3]) == (0, "26:"), verified.output


@pytest.mark.skipif(bool(os.environ.get(DATABASE_VARIABLE)), reason="only files are kept as they were")
@pytest.mark.parametrize("commit", EACH)
def test_it_is_kept_as_it_was(commit: str, tmp_path: Path) -> None:
    """And the log says where."""
    file = tmp_path / "registry.db"
    file.write_bytes(gzip.decompress((MADE / f"{commit}.sqlite.gz").read_bytes()))
    with Server(tmp_path, str(file)) as server:
        server.start()
        server.end()
    kept = tmp_path / f"registry.db.{COMMITS[commit]}.backup"
    assert str(kept) in server.log.read_text()
    assert kept.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(kept)) as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchone() == (COMMITS[commit],)
        assert database.execute("SELECT count(*) FROM registered_models").fetchone() == (4,)


def test_a_newer_registry_is_refused(tmp_path: Path) -> None:
    """By every command, which says what to do and changes nothing."""
    with fresh_database(tmp_path) as database:
        command(database, "users", "create", "ann")
        engine = make_engine(database_url(database), write=True)
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        engine.dispose()
        for arguments in (
            ["serve", "--port", "0"],
            ["users", "create", "bob"],
            ["tokens", "create", "ann"],
            ["audit", "verify"],
            ["audit", "export"],
        ):
            result = CliRunner().invoke(main, [*arguments, "--database", database])
            assert result.exit_code == 1
            assert "Install that version, or restore an older backup" in result.stderr
