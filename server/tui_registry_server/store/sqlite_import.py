"""Importing the rows of an untrusted SQLite file into a database of ours.

A database can contain more than rows: triggers, views, checks, defaults, virtual tables, expressions in indexes. They
run when it is used by a program that trusts it, with that program's permissions. So nothing in an untrusted file is
executed, and only its rows are copied. First its schema is compared with ours for the revision that the file states,
and differences are refused, by name. Then the rows are read from the tables' own pages, validated by the rules of their
columns, and written into a new database, and only that one is upgraded.

Both are needed: the comparison detects tampering that the rows do not show, such as a missing trigger that protects the
log; the copying ensures that nothing that the comparison overlooks gets into the registry.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tui_registry_server.rules.audit import Chain, Head
from tui_registry_server.rules.errors import InvalidState
from tui_registry_server.rules.principals import DEFAULT_WORKSPACE
from tui_registry_server.store import activities, schema, schema_objects
from tui_registry_server.store.column_rules import Rule, rule_of
from tui_registry_server.store.engine import database_url, make_engine
from tui_registry_server.store.snapshot import Progress, no_progress
from tui_registry_server.wire.names import name_key
from tui_registry_server.wire.principal import ADMINS, USERS
from tui_registry_server.wire.workspace_name import DEFAULT_NAME

BATCH = 1000  # rows read and written at a time
MAX_VALUE_LENGTH = 60  # characters of a value in a message

_MAINTAINED_BY_TRIGGERS = {"model_names"}
_NOT_ROWS = {"alembic_version"}


def import_file(source_copy: Path, file: Path, *, now: int, progress: Progress = no_progress) -> Head | None:
    """Fill an empty file with the rows of another, to which nobody else has access, and upgrade it. Verifies its audit
    log, and returns the head.

    Raises InvalidState for a file that this program did not write, and schema.SchemaTooNewError for one of a newer
    program.
    """
    try:
        with _reading(source_copy) as theirs:
            revision = _revision(theirs)
            schema.make(database_url(str(file)), revision)
            with closing(sqlite3.connect(file, isolation_level=None)) as ours:
                known = schema_objects.objects(ours)
                if differences := schema_objects.differences(known, schema_objects.objects(theirs)):
                    raise InvalidState(
                        f"The file was not used: its schema differs from tui-registry's '{revision}': "
                        f"{schema_objects.join_differences(differences)}."
                    )
                tables = [each.name for each in known if each.kind == "table" and _has_rows(each.name)]
                _check_integrity(theirs, tables)
                _copy(theirs, ours, sorted(tables), progress)
    except UnicodeDecodeError:
        raise InvalidState("The file is damaged: it has a text that is not UTF-8.") from None
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF in _DAMAGE_CODES:
            raise InvalidState(f"The file is damaged, or not a database: {error}.") from None
        raise
    schema.upgrade(database_url(str(file)), now=now, back_up=False)
    return _verified(file)


def _verified(file: Path) -> Head | None:
    engine = make_engine(database_url(str(file)), write=True)
    try:
        with engine.connect() as connection:
            chain = Chain()
            for record in activities.records(connection):
                chain.verify(record)
            return chain.head
    finally:
        engine.dispose()


_DAMAGE_CODES = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}
"""SQLITE_ERROR is raised for a schema that cannot be parsed, or needs features that this SQLite does not have."""


@contextmanager
def _reading(file: Path) -> Iterator[sqlite3.Connection]:
    """A read-only connection that ignores files beside it."""
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None)) as database:
        database.text_factory = bytes.decode  # raises for texts that are not UTF-8
        for pragma in ("query_only = ON", "trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0"):
            database.execute(f"PRAGMA {pragma}").close()
        yield database


def _has_rows(table: str) -> bool:
    internal = table.startswith(("sqlite_", "model_name_trigrams"))
    return not internal and table not in _MAINTAINED_BY_TRIGGERS | _NOT_ROWS


def _revision(database: sqlite3.Connection) -> str:
    """The revision that the file states, in a table that is exactly Alembic's, not a view of that name."""
    named = (each for each in schema_objects.objects(database) if each.name == "alembic_version")
    stored = next((each for each in named if each.kind != "trigger"), None)
    if stored is None:
        raise InvalidState("The file is a database, but not of a registry.")
    if (stored.kind, stored.text) != ("table", schema.REVISION_TABLE):
        raise InvalidState(f"The file was not used: its schema differs from tui-registry's: {stored} is different.")
    revisions = [row[0] for row in database.execute("SELECT version_num FROM alembic_version NOT INDEXED LIMIT 2")]
    if len(revisions) != 1 or not isinstance(revisions[0], str):
        raise InvalidState("The file does not state its schema revision: the table alembic_version must have one row.")
    return revisions[0]


def _check_integrity(database: sqlite3.Connection, tables: list[str]) -> None:
    for table in tables:  # one by one: checking all would run the code of the full-text index, which is not read
        (result,) = database.execute(f'PRAGMA integrity_check("{table}")').fetchone()
        if result != "ok":
            raise InvalidState(f"The file is damaged: {result}.")


def _copy(theirs: sqlite3.Connection, ours: sqlite3.Connection, tables: list[str], progress: Progress) -> None:
    sizes = {table: theirs.execute(f'SELECT count(*) FROM "{table}" NOT INDEXED').fetchone()[0] for table in tables}  # noqa: S608  # names of our own tables
    done, total = 0, sum(sizes.values())
    ours.execute("PRAGMA synchronous = OFF").close()
    ours.execute("BEGIN")
    for table in tables:
        columns = ours.execute(f'PRAGMA table_info("{table}")').fetchall()
        names = ", ".join(f'"{column[1]}"' for column in columns)
        rules = [(name, bool(required), _rule(table, name, kind)) for _, name, kind, required, *_ in columns]
        rows = theirs.execute(f'SELECT {names} FROM "{table}" NOT INDEXED')  # noqa: S608  # from the rows, not an index
        insert = f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(columns))})'  # noqa: S608  # names of our own tables and columns
        while batch := rows.fetchmany(BATCH):
            for row in batch:
                _check(table, row, rules)
            try:
                ours.executemany(insert, batch)
            except sqlite3.IntegrityError as error:
                raise InvalidState(f"The rows of {table} are not what tui-registry writes: {error}.") from None
            progress(done := done + len(batch), total)
    _check_relations(ours)
    ours.execute("COMMIT")


def _rule(table: str, column: str, kind: str) -> Rule:
    return rule_of(table, column, is_text=kind == "TEXT")


def _check(table: str, row: tuple[Any, ...], rules: list[tuple[str, bool, Rule]]) -> None:
    for value, (column, required, rule) in zip(row, rules, strict=True):
        if required if value is None else not rule.accepts(value):
            raise InvalidState(
                f"A row of {table} is not what tui-registry writes: {column} is {repr(value)[:MAX_VALUE_LENGTH]}, "
                f"which is not {rule.description}. The row begins with {repr(row[0])[:MAX_VALUE_LENGTH]}."
            )


_BEYOND_LAST_VERSION = """SELECT model_id, version FROM model_versions
    JOIN registered_models ON registered_models.id = model_versions.model_id WHERE version > last_version"""


def _check_relations(database: sqlite3.Connection) -> None:
    """Raises InvalidState for rows that are inconsistent with each other."""
    for table, number, parent, _ in database.execute("PRAGMA foreign_key_check"):
        raise InvalidState(f"Row {number} of {table} refers to a row of {parent} that does not exist.")
    columns = {row[1] for row in database.execute("PRAGMA table_info(principals)")}
    if "name_key" in columns:
        for principal_id, name, key in database.execute("SELECT id, name, name_key FROM principals"):
            if key != name_key(name):
                raise InvalidState(f"The principal {principal_id}, {name!r}, has the key of another name, {key!r}.")
    _check_groups(database)
    _check_workspaces(database)
    for model_id, version in database.execute(_BEYOND_LAST_VERSION):
        raise InvalidState(f"The model {model_id} has a version {version}, which is higher than its last one.")


def _check_workspaces(database: sqlite3.Connection) -> None:
    if not list(database.execute("PRAGMA table_info(workspaces)")):
        return  # of an older schema
    names: Mapping[str, str] = dict(database.execute("SELECT id, name FROM workspaces"))
    for workspace_id, name in names.items():
        if (workspace_id == DEFAULT_WORKSPACE) != (name == DEFAULT_NAME):
            raise InvalidState(f"The workspace {name!r} has the id {workspace_id!r}, which is another one's.")
    for (workspace_id,) in database.execute("SELECT DISTINCT workspace_id FROM webhooks"):
        if workspace_id not in {DEFAULT_WORKSPACE, *names}:
            raise InvalidState(f"A webhook is of the workspace {workspace_id!r}, which does not exist.")


def _check_groups(database: sqlite3.Connection) -> None:
    groups: Mapping[str, str] = dict(database.execute("SELECT id, name FROM principals WHERE kind = 'group'"))
    for name in (ADMINS, USERS):
        if name not in groups.values():
            raise InvalidState(f"The file has no group '{name}', which every registry has.")
    above: dict[str, set[str]] = defaultdict(set)
    for group_id, member_id in database.execute("SELECT group_id, member_id FROM memberships"):
        if group_id not in groups:
            raise InvalidState(f"The principal {group_id} has members, but is not a group.")
        if USERS in (groups[group_id], groups.get(member_id)):
            raise InvalidState(f"The group '{USERS}' has members or is a member, which is invalid: everybody is in it.")
        if member_id in groups:
            above[member_id].add(group_id)
    rest = {group: set(parents) for group, parents in above.items()}
    while acyclic := [group for group, parents in rest.items() if not parents & rest.keys()]:
        for group in acyclic:
            del rest[group]
    if rest:
        cycle = ", ".join(sorted(f"'{groups[each]}'" for each in rest)[:10])
        raise InvalidState(f"There are groups that contain each other, which is invalid: {cycle}.")
