"""Crafted files that look like backups: nothing in them is executed, and the error message says what is wrong."""

import gzip
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.live_registry import command, fresh_database, serving
from tests.server.api import Api
from tests.server.audit_log import verify
from tests.server.test_backup import REWRITE
from tui_registry_server.commands import main

BOB = "(SELECT id FROM principals WHERE name = 'bob')"
ADMINS = "(SELECT id FROM principals WHERE name = 'admins')"
USERS = "(SELECT id FROM principals WHERE name = 'users')"
NO_CHECKS = "PRAGMA ignore_check_constraints = ON;"

SCHEMAS = {
    f"CREATE TRIGGER promote AFTER INSERT ON tokens BEGIN INSERT INTO memberships SELECT {ADMINS}, {BOB}; END": (
        "trigger promote is unknown"
    ),
    "DROP TRIGGER activities_no_update; DROP TRIGGER activities_no_delete": (
        "trigger activities_no_delete is missing, trigger activities_no_update is missing"
    ),
    "DROP TRIGGER activities_no_delete; CREATE TRIGGER activities_no_delete BEFORE DELETE ON activities"
    " BEGIN SELECT 1; END": "trigger activities_no_delete is different",
    "DROP TABLE comments": "table comments is missing",
    "ALTER TABLE tokens DROP COLUMN comment": "table tokens is different",
    "ALTER TABLE grants RENAME TO more; CREATE VIEW grants AS SELECT * FROM more": "view grants is unknown",
    "CREATE VIEW more AS SELECT 1": "view more is unknown",
    "ALTER TABLE tokens ADD COLUMN more AS (hex(hash))": "table tokens is different",
    "ALTER TABLE tokens ADD COLUMN more DEFAULT 'x'": "table tokens is different",
    "CREATE INDEX more ON tokens (hex(hash))": "index more is unknown",
    "DROP INDEX uq_principals_name_key": "index uq_principals_name_key is missing",
    "CREATE VIRTUAL TABLE more USING fts5(word)": "table more is unknown",
    "CREATE TABLE more (word)": "table more is unknown",
    "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, 'stage IN', '1 OR stage IN')": (
        "table model_versions is different"
    ),
    "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, 'Staging', 'STAGING')": (
        "table model_versions is different"
    ),
    "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, 'NOT NULL', '\"NOT\" NULL')"
    " WHERE name = 'tokens'": "table tokens is different",
    "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, 'NOT NULL', 'NOT' || char(160) || 'NULL')"
    " WHERE name = 'tokens'": "table tokens is different",
    "UPDATE alembic_version SET version_num = '0006'": "differs from tui-registry's '0006': ",
    "UPDATE alembic_version SET version_num = '0001'": "differs from tui-registry's '0001': ",
    "UPDATE alembic_version SET version_num = 'abc'": "does not know",
    "INSERT INTO alembic_version VALUES ('0006')": "must have one row",
    "DELETE FROM alembic_version": "must have one row",
    "UPDATE alembic_version SET version_num = x'00'": "must have one row",
    "DROP TABLE alembic_version; CREATE VIEW alembic_version AS SELECT '0006' AS version_num": (
        "view alembic_version is different"
    ),
    "DROP TABLE alembic_version; CREATE TABLE alembic_version (x, version_num AS (hex(x)))": (
        "table alembic_version is different"
    ),
}
"""Changes of a backup, and the expected message."""

ROWS = {
    f"INSERT INTO grants VALUES ('root', {BOB}, 70)": "level is 70",
    f"INSERT INTO grants VALUES ('root', {BOB}, 'all')": "level is 'all'",
    f"INSERT INTO grants VALUES ('all', {BOB}, 60)": "object_id is 'all'",
    "INSERT INTO grants VALUES ('root', '123', 60)": "of grants refers to a row of principals that does not exist",
    "INSERT INTO version_tags SELECT model_id, 9, 'k', 'v' FROM model_versions": "of version_tags refers to a row of",
    "UPDATE registered_models SET workspace_id = 'x'": "workspace_id is 'x'",
    "UPDATE registered_models SET workspace_id = printf('%032x', 1)": "refers to a row of workspaces",
    "UPDATE workspaces SET name = 'other'": "which is another one's",
    "UPDATE workspaces SET name = 'Default'": "name is 'Default'",
    "INSERT INTO workspaces VALUES (printf('%032x', 1), 'a/b', NULL, 0, 0)": "name is 'a/b'",
    "UPDATE registered_models SET last_version = 'many'": "last_version is 'many'",
    "UPDATE registered_models SET last_version = 0": "higher than its last one",
    "UPDATE registered_models SET name = x'00ff'": "name is b'\\x00\\xff'",
    "UPDATE registered_models SET description = CAST(x'ff' AS TEXT)": "not UTF-8",
    "UPDATE registered_models SET creation_timestamp = -1": "creation_timestamp is -1",
    "UPDATE registered_models SET creation_timestamp = 1.5": "creation_timestamp is 1.5",
    "UPDATE tokens SET expiry_timestamp = 9223372036854775807": "expiry_timestamp is 9223372036854775807",
    "UPDATE tokens SET last_used_timestamp = 253402300800000": "last_used_timestamp is 253402300800000",
    "UPDATE tokens SET hash = 'x'": "hash is 'x'",
    "UPDATE tokens SET id = id || char(0)": "which is not 32 hex digits",
    f"UPDATE tokens SET principal_id = {BOB} || ' OR 1'": "which is not a decimal number",
    f"{NO_CHECKS} UPDATE model_versions SET stage = 'Live'": "stage is 'Live'",
    "UPDATE transition_requests SET to_stage = 'Live'": "to_stage is 'Live'",
    "UPDATE principals SET name_key = 'carol' WHERE name = 'bob'": "'bob', has the key of another name, 'carol'",
    "UPDATE principals SET name = char(27) || '[2J' WHERE name = 'bob'": "name is '\\x1b[2J'",
    "UPDATE principals SET active = 2": "active is 2",
    "UPDATE principals SET emails = '{' WHERE name = 'bob'": "emails is '{'",
    "UPDATE principals SET roles = printf('%.*c', 100000, '[') WHERE name = 'bob'": "roles is '[[[",
    """UPDATE principals SET roles = '[{"value": {"a": 1}}]' WHERE name = 'bob'""": "roles is '[{",
    """UPDATE principals SET entitlements = '[{"value": "\\ud800"}]' WHERE name = 'bob'""": "entitlements is '[{",
    f"DELETE FROM principals WHERE id = {ADMINS}": "does not exist",
    f"DELETE FROM memberships; DELETE FROM principals WHERE id = {ADMINS}": "no group 'admins'",
    "UPDATE principals SET name = 'Users' WHERE name = 'users'": "no group 'users'",
    f"INSERT INTO memberships (group_id, member_id) SELECT {USERS}, {BOB}": "'users' has members",
    f"INSERT INTO memberships (group_id, member_id) SELECT {ADMINS}, {USERS}": "'users' has members or is a member",
    f"INSERT INTO memberships (group_id, member_id) SELECT {BOB}, {ADMINS}": "has members, but is not a group",
    f"INSERT INTO memberships (group_id, member_id) SELECT {ADMINS}, {ADMINS}": "groups that contain each other",
    "INSERT INTO counters VALUES ('more', 1)": "name is 'more'",
    "UPDATE counters SET value = -1": "value is -1",
    "INSERT INTO activities SELECT sequence + 1, id, 'BECAME_ADMIN', creation_timestamp, principal_id, user_id,"
    " token_id, address, model_id, model_name, version, from_stage, to_stage, comment, comment_id, system_comment,"
    " detail, digest, workspace_id FROM activities ORDER BY sequence DESC LIMIT 1": "activity_type is 'BECAME_ADMIN'",
    "INSERT INTO activities SELECT sequence + 1, id, activity_type, creation_timestamp, principal_id, user_id,"
    " token_id, address, model_id, model_name, version, from_stage, to_stage, comment, comment_id, system_comment,"
    " detail, digest, workspace_id FROM activities ORDER BY sequence DESC LIMIT 1": "Record ",
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A valid backup of a registry with bob, who has no permissions, and a version with a request."""
    folder = tmp_path_factory.mktemp("sound")
    file = folder / "sound.backup"
    with serving(folder, maintenance="") as live, Api(live.url, live.admin_token) as admin:
        command(live.database, "users", "create", "bob")
        admin.post("/mlflow/registered-models/create", name="churn").ok()
        admin.post("/mlflow/model-versions/create", name="churn", source="s3://x").ok()
        admin.post("/mlflow/transition-requests/create", name="churn", version="1", stage="Staging").ok()
        command(live.database, "backup", str(file))
    return file


@pytest.fixture
def crafted(sound: Path, tmp_path: Path) -> Callable[[str], Path]:
    def craft(statements: str) -> Path:
        file = tmp_path / "crafted.backup"
        shutil.copy(sound, file)
        alter(file, statements)
        return file

    return craft


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """A registry of the schema 0006."""
    file = tmp_path / "older.db"
    file.write_bytes(gzip.decompress((Path(__file__).parent / "store/upgrades/aa0d7c8.sqlite.gz").read_bytes()))
    return file


def alter(file: Path, statements: str) -> None:
    with closing(sqlite3.connect(file)) as database:
        database.executescript(statements)


def dumped(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as database:
        return list(database.iterdump())


def restore(file: Path, target: str) -> Result:
    return CliRunner().invoke(main, ["restore", str(file), "--database", target])


@pytest.mark.parametrize(("statements", "expected_message"), [*SCHEMAS.items(), *ROWS.items()], ids=[*SCHEMAS, *ROWS])
def test_it_is_refused_by_name(
    crafted: Callable[[str], Path], statements: str, expected_message: str, tmp_path: Path
) -> None:
    file = crafted(statements)
    before = file.read_bytes()
    target = tmp_path / "target"
    result = restore(file, str(target / "registry.db"))
    assert (result.exit_code, result.stdout) == (1, ""), result.output
    assert expected_message in result.stderr, result.stderr
    assert "Traceback" not in result.stderr
    assert result.stderr.count("\n") == 1
    assert not list(target.iterdir()), "nothing is left where it would have gone"
    assert file.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir() if each != target] == [file.name], "nor beside the file"


PROMOTE = f"CREATE TRIGGER promote AFTER INSERT ON tokens BEGIN INSERT INTO memberships SELECT {ADMINS}, {BOB}; END"


@pytest.mark.parametrize(
    ("statements", "expected_message"), [(PROMOTE, "trigger promote is unknown"), (REWRITE, "Record 2 ")]
)
def test_nor_is_it_migrated(
    crafted: Callable[[str], Path], statements: str, expected_message: str, tmp_path: Path
) -> None:
    file = crafted(statements)
    before = file.read_bytes()
    target = tmp_path / "target.db"
    result = CliRunner().invoke(main, ["migrate", str(file), str(target)])
    assert (result.exit_code, expected_message in result.stderr) == (1, True), result.output
    assert file.read_bytes() == before
    assert not target.exists()


@pytest.mark.parametrize(
    "arguments", [("serve", "--port", "0"), ("tokens", "create", "admin")], ids=["serve", "tokens"]
)
def test_nor_is_it_upgraded_in_place(older: Path, arguments: tuple[str, ...]) -> None:
    """A downgraded schema, or one with an additional trigger, would run its own statements during the next upgrade."""
    for statements, expected_message in (
        (PROMOTE, "trigger promote is unknown"),
        ("DROP TRIGGER promote; UPDATE alembic_version SET version_num = '0004'", "schema revision '0004'"),
    ):
        alter(older, statements)
        before = dumped(older)
        result = CliRunner().invoke(main, [*arguments, "--database", str(older)])
        assert (result.exit_code, expected_message in result.stderr) == (1, True), result.output
        assert dumped(older) == before
        assert not older.with_name(f"{older.name}.0006.backup").exists()
    alter(older, "UPDATE alembic_version SET version_num = '0006'")
    assert command(str(older), "tokens", "create", "admin")


def test_a_sound_one_is_restored_and_leaves_nothing_but_rows(
    crafted: Callable[[str], Path], older: Path, tmp_path: Path
) -> None:
    """Statistics, a user_version and free pages are not copied."""
    extras = "ANALYZE; PRAGMA user_version = 7; PRAGMA application_id = 9; PRAGMA auto_vacuum = 1; VACUUM"
    link = tmp_path / "link"
    link.symlink_to(crafted(extras))
    for number, file in enumerate((link, older)):
        (tmp_path / str(number)).mkdir()
        with fresh_database(tmp_path / str(number)) as target:
            result = restore(file, target)
            assert result.exit_code == 0, result.output
            assert verify(target, "--head", result.stdout.strip()).exit_code == 0
            assert command(target, "tokens", "create", "admin").startswith("tr_")
            if "://" not in target:
                with closing(sqlite3.connect(target)) as database:
                    names = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
                    assert not {name for name in names if name.startswith("sqlite_stat")}
                    assert database.execute("PRAGMA user_version").fetchone() == (0,)
                    assert database.execute("PRAGMA application_id").fetchone() == (0,)
                    found = "SELECT count(*) FROM model_name_trigrams WHERE name LIKE '%del-1%' OR name LIKE '%churn%'"
                    assert database.execute(found).fetchone() == (1,)


def test_what_is_no_file_or_not_alone(sound: Path, tmp_path: Path) -> None:
    """A journal or log beside a file is a part of it, and would be applied to it, or lost."""
    file = tmp_path / "copied.db"
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    target = str(tmp_path / "target.db")
    for other in (pipe, tmp_path, Path("/dev/zero")):
        result = restore(other, target)
        assert (result.exit_code, "is not a file" in result.stderr) == (1, True), result.output
    shutil.copy(sound, file)
    for suffix in ("-wal", "-journal"):
        beside = Path(f"{file}{suffix}")
        beside.write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + b"\0" * 504)
        result = restore(file, target)
        assert (result.exit_code, f"There is {beside}" in result.stderr) == (1, True), result.output
        assert beside.stat().st_size == 512
        beside.unlink()
        beside.symlink_to(sound)
        assert restore(file, target).exit_code == 1
        beside.unlink()
    Path(f"{file}-wal").touch()
    assert restore(file, target).exit_code == 0


def test_a_schema_that_cannot_be_read(crafted: Callable[[str], Path], tmp_path: Path) -> None:
    """SQLite's message about it contains text that is not UTF-8."""
    file = crafted("PRAGMA writable_schema = ON; UPDATE sqlite_master SET name = CAST(x'ff' AS TEXT), sql = 'CREATE x'")
    target = str(tmp_path / "target.db")
    for arguments in (
        ["restore", str(file), "--database", target],
        ["migrate", str(file), target],
        ["backup", target, "--database", str(file)],
        ["audit", "verify", "--database", str(file)],
        ["tokens", "create", "admin", "--database", str(file)],
        ["serve", "--port", "0", "--database", str(file)],
    ):
        result = CliRunner().invoke(main, arguments)
        assert (result.exit_code, "damaged" in result.stderr) == (1, True), result.output
        assert not Path(target).exists()
