"""The rows of an SQLite file that somebody brought, in a database of our own making.

A database can hold more than rows: triggers, views, checks, defaults, virtual tables, statements in indexes. They run
when it is opened by a program that trusts it, and with that program's rights. So of a file that comes from elsewhere
nothing is run and nothing is kept but rows. First its schema is compared with the one that this program makes for the
revision that the file names, and what differs is refused, by name. Then the rows are read from the tables' own pages,
held against what the columns can hold, written into a database that was made here, and only that one is upgraded.

Both are needed: the comparison tells of what was tampered with, which rows alone would not show, such as a trigger
that kept the log; the copying makes sure that nothing that a comparison might overlook gets into the registry.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tui_registry_server.rules.audit import Chain, Head
from tui_registry_server.rules.errors import InvalidState
from tui_registry_server.store import activities, schema, schema_objects
from tui_registry_server.store.column_rules import Rule, rule_of
from tui_registry_server.store.engine import database_url, make_engine
from tui_registry_server.store.snapshot import Progress, no_progress
from tui_registry_server.wire.names import name_key
from tui_registry_server.wire.principal import ADMINS, USERS

BATCH = 1000  # rows read and written at a time
MAX_VALUE_LENGTH = 60  # characters of a value that is told

_KEPT_BY_TRIGGERS = {"model_names"}
_NOT_ROWS = {"alembic_version"}


def import_file(source_copy: Path, file: Path, *, now: int, progress: Progress = no_progress) -> Head | None:
    """Fill an empty file with the rows of another, which nobody else can change meanwhile, and upgrade it. The head of
    its audit log, which is verified.

    Raises InvalidState for what this program did not write, and schema.SchemaTooNewError for what a newer one did.
    """
    try:
        with _reading(source_copy) as theirs:
            revision = _revision(theirs)
            schema.make(database_url(str(file)), revision)
            with closing(sqlite3.connect(file, isolation_level=None)) as ours:
                known = schema_objects.objects(ours)
                if differences := schema_objects.differences(known, schema_objects.objects(theirs)):
                    raise InvalidState(
                        f"The file is not as tui-registry makes a database of the schema '{revision}', and was not "
                        f"used: {schema_objects.join_differences(differences)}."
                    )
                tables = [each.name for each in known if each.kind == "table" and _has_rows(each.name)]
                _check_integrity(theirs, tables)
                _copy(theirs, ours, sorted(tables), progress)
    except UnicodeDecodeError:
        raise InvalidState("The file is damaged: it holds a text that is not UTF-8.") from None
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF in _DAMAGE_CODES:
            raise InvalidState(f"The file is damaged, or no database: {error}.") from None
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
"""SQLITE_ERROR is for a schema that cannot be understood, or asks for what this SQLite does not have."""


@contextmanager
def _reading(file: Path) -> Iterator[sqlite3.Connection]:
    """Nothing is written to it, nor looked for beside it."""
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None)) as database:
        database.text_factory = bytes.decode  # UTF-8, and nothing that only looks like it
        for pragma in ("query_only = ON", "trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0"):
            database.execute(f"PRAGMA {pragma}").close()
        yield database


def _has_rows(table: str) -> bool:
    internal = table.startswith(("sqlite_", "model_name_trigrams"))
    return not internal and table not in _KEPT_BY_TRIGGERS | _NOT_ROWS


def _revision(database: sqlite3.Connection) -> str:
    """The one that the file says it has: of a table of that name, and nothing else that could be called so."""
    named = (each for each in schema_objects.objects(database) if each.name == "alembic_version")
    there = next((each for each in named if each.kind != "trigger"), None)
    if there is None:
        raise InvalidState("The file is a database, but not of a registry.")
    if (there.kind, there.text) != ("table", schema.REVISION_TABLE):
        raise InvalidState(f"The file is not as tui-registry makes a database, and was not used: {there} is another.")
    revisions = [row[0] for row in database.execute("SELECT version_num FROM alembic_version NOT INDEXED LIMIT 2")]
    if len(revisions) != 1 or not isinstance(revisions[0], str):
        raise InvalidState("The file does not say which schema it has: the table alembic_version must have one row.")
    return revisions[0]


def _check_integrity(database: sqlite3.Connection, tables: list[str]) -> None:
    for table in tables:  # one by one: the full-text index, which is not read, would be asked to look at itself
        (verdict,) = database.execute(f'PRAGMA integrity_check("{table}")').fetchone()
        if verdict != "ok":
            raise InvalidState(f"The file is damaged: {verdict}.")


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
        insert = f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(columns))})'  # noqa: S608
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
    """What rows say of each other."""
    for table, number, parent, _ in database.execute("PRAGMA foreign_key_check"):
        raise InvalidState(f"Row {number} of {table} belongs to a row of {parent} that is not there.")
    columns = {row[1] for row in database.execute("PRAGMA table_info(principals)")}
    if "name_key" in columns:
        for principal_id, name, key in database.execute("SELECT id, name, name_key FROM principals"):
            if key != name_key(name):
                raise InvalidState(f"The principal {principal_id}, {name!r}, is kept under another name, {key!r}.")
    _check_groups(database)
    for model_id, version in database.execute(_BEYOND_LAST_VERSION):
        raise InvalidState(f"The model {model_id} has a version {version}, which is beyond the last that it ever had.")


def _check_groups(database: sqlite3.Connection) -> None:
    groups: Mapping[str, str] = dict(database.execute("SELECT id, name FROM principals WHERE kind = 'group'"))
    for name in (ADMINS, USERS):
        if name not in groups.values():
            raise InvalidState(f"The file has no group '{name}', which every registry has.")
    above: dict[str, set[str]] = defaultdict(set)
    for group_id, member_id in database.execute("SELECT group_id, member_id FROM memberships"):
        if group_id not in groups:
            raise InvalidState(f"The principal {group_id} has members, and is no group.")
        if USERS in (groups[group_id], groups.get(member_id)):
            raise InvalidState(
                f"The group '{USERS}' has members or is one, which no registry writes: it has everybody."
            )
        if member_id in groups:
            above[member_id].add(group_id)
    rest = {group: set(held) for group, held in above.items()}
    while free := [group for group, held in rest.items() if not held & rest.keys()]:
        for group in free:
            del rest[group]
    if rest:
        cycle = ", ".join(sorted(f"'{groups[each]}'" for each in rest)[:10])
        raise InvalidState(f"Groups that are in each other, which no registry writes: {cycle}.")
