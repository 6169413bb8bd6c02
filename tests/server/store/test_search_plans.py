"""The query plans of long lists on SQLite: by an index, never by scanning or sorting a whole table.

The plans are those of the store's own statements, in their order, on a database without statistics, as one is that was
never analysed. The results are compared with MLflow's in tests/compat.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from tui_registry_server.rules.permissions import Level
from tui_registry_server.rules.principals import Principal
from tui_registry_server.rules.search import MODELS, VERSIONS, read_search
from tui_registry_server.store import feed as activity_feed
from tui_registry_server.store import (
    overview,
    registered_models,
    schema,
    stage_history,
    tables,
    transition_requests,
    version_search,
)
from tui_registry_server.store.engine import database_url, make_engine
from tui_registry_server.store.feed import FeedPosition, Filter
from tui_registry_server.store.query_planner import MAX_DRIVING_ROWS
from tui_registry_server.wire.principal import PrincipalKind
from tui_registry_server.wire.stage import Stage


def somebody(root_level: Level, workspace_id: str = "") -> Principal:
    admin = root_level is Level.MANAGE
    return Principal(
        "1",
        "ada",
        PrincipalKind.USER,
        "2",
        ("1",),
        root_level,
        admin,
        workspace_id=workspace_id,
        only_workspace=not workspace_id,
    )


ADMIN, READER = somebody(Level.MANAGE), somebody(Level(0))
APART = somebody(Level.MANAGE, "w")
"""Of a workspace that may have few of all models."""
FULL_SCAN = re.compile(r"SCAN (?!json_each|CONSTANT ROW|anon|stages|model_name_trigrams VIRTUAL)\w+$")


@dataclass
class Database:
    """A connection, and the plan of every statement that was run on it: one line for each step."""

    connection: Connection

    def plans(self, run: Callable[[Connection], object]) -> list[list[str]]:
        statements: list[str] = []
        driver = self.connection.connection.driver_connection
        assert driver is not None
        driver.set_trace_callback(statements.append)
        run(self.connection)
        driver.set_trace_callback(None)
        # Those that FTS5 itself runs begin with a comment; those with arrays assemble the documents of a page's rows,
        # except that of the inbox, which selects what each request displaces.
        asked = [
            sql
            for sql in statements
            if sql.startswith(("SELECT", "WITH")) and ("group_concat" not in sql or "FROM transition_requests" in sql)
        ]
        return [[row[3] for row in driver.execute(f"EXPLAIN QUERY PLAN {sql}")] for sql in asked]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    url = database_url(str(tmp_path / "registry.db"))
    schema.upgrade(url, now=0)
    engine = make_engine(url, write=False)
    with engine.connect() as connection:
        yield Database(connection)
    engine.dispose()


def models(
    text: str = "", order: str = "", *, who: Principal = ADMIN, after: tuple[str | int, ...] | None = None
) -> Any:
    return _page(MODELS, text, order, who, after)


def versions(
    text: str = "", order: str = "", *, who: Principal = ADMIN, after: tuple[str | int, ...] | None = None
) -> Any:
    return _page(VERSIONS, text, order, who, after)


def _page(searchable: Any, text: str, order: str, who: Principal, after: tuple[str | int, ...] | None) -> Any:
    def read(token: str) -> Any:
        orders = [order] if order else []
        return read_search(searchable, filter_text=text, order_by=orders, max_results=10, page_token=token)

    search = read("" if after is None else read("").token_after(after))
    if searchable is MODELS:
        return lambda connection: registered_models.page(connection, who, search)
    return lambda connection: version_search.page(connection, who, search)


def counted(rows: Any, searchable: Any, text: str, who: Principal = ADMIN) -> Any:
    search = read_search(searchable, filter_text=text, order_by=[], max_results=1, page_token="")
    return lambda connection: rows.count(connection, who, search, 11)


def feed(**narrowed: Any) -> Any:
    before, who = narrowed.pop("before", None), narrowed.pop("who", ADMIN)
    return lambda connection: activity_feed.feed(connection, who, Filter(**narrowed), before=before, limit=11)


def inbox(who: Principal = ADMIN, after: tuple[int, str] | None = None) -> Any:
    return lambda connection: transition_requests.inbox(connection, who, model_id=None, after=after, limit=11)


def stage_periods(before: FeedPosition | None = None, version: int | None = None) -> Any:
    return lambda connection: stage_history.periods(connection, "m", Stage.PRODUCTION, version, before=before, limit=11)


PATHS = {
    "models": (models(), "SEARCH registered_models USING INDEX sqlite_autoindex_registered_models_2 (workspace_id=?)"),
    "models, a later page": (models(after=("m",)), "sqlite_autoindex_registered_models_2 (workspace_id=? AND name>?)"),
    "models by time": (
        models(order="timestamp DESC"),
        "USING INDEX ix_registered_models_last_updated (workspace_id=?)",
    ),
    "models by time, a later page": (
        models(order="timestamp DESC", after=(5, "m")),
        "ix_registered_models_last_updated (workspace_id=? AND last_updated_timestamp<?)",
    ),
    "models by name": (models("name = 'm'"), "sqlite_autoindex_registered_models_2 (workspace_id=? AND name=?)"),
    "models by the beginning of the name": (models("name LIKE 'm%'"), "(workspace_id=? AND name>? AND name<?)"),
    "models by a part of the name": (models("name LIKE '%abc%'"), "SCAN model_name_trigrams VIRTUAL TABLE INDEX"),
    "models by a part in any case": (models("name ILIKE '%abc%'"), "SCAN model_name_trigrams VIRTUAL TABLE INDEX"),
    "models by a tag": (models("tags.k = 'v'"), "COVERING INDEX ix_model_tags_value (key=? AND value=?)"),
    "models by a tag and another tag": (
        models("tags.k = 'v' AND tags.l = 'w'"),
        "COVERING INDEX ix_model_tags_value (key=? AND value=? AND model_id=?)",
    ),
    "models by a part of a tag": (models("tags.k LIKE '%v%'"), "COVERING INDEX ix_model_tags_value (key=?)"),
    "models by a person": (models("user_id = 'ada'"), "ix_registered_models_user (workspace_id=? AND user_id=?)"),
    "models by a stage": (models("stage = 'Staging'"), "ix_model_versions_stage (model_id=? AND stage=?)"),
    "models by an alias": (models("alias = 'champion'"), "COVERING INDEX ix_aliases_alias (alias=?)"),
    "a reader's models": (models(who=READER), "ix_grants_principal_id (principal_id=?)"),
    "a reader's models by a tag": (models("tags.k = 'v'", who=READER), "ix_grants_principal_id (principal_id=?)"),
    "versions": (versions(), "ix_model_versions_last_updated"),
    "versions, a later page": (versions(after=(5, "m", 3)), "(last_updated_timestamp<?)"),
    "versions of a model": (versions("name = 'm'"), "ix_model_versions_updated (model_id=?)"),
    "versions of a model, a later page": (
        versions("name = 'm'", after=(5, "m", 3)),
        "ix_model_versions_updated (model_id=? AND last_updated_timestamp<?)",
    ),
    "versions by a part of the name": (versions("name LIKE '%abc%'"), "SCAN model_name_trigrams VIRTUAL TABLE INDEX"),
    "versions by a run": (versions("run_id = 'r'"), "ix_model_versions_run_id (run_id=?)"),
    "versions by runs": (versions("run_id IN ('r', 's')"), "ix_model_versions_run_id (run_id=?)"),
    "versions by a stage": (versions("stage = 'Staging'"), "ix_model_versions_board (stage=?)"),
    "versions by a stage, a later page": (
        versions("stage = 'Staging'", after=(5, "m", 3)),
        "ix_model_versions_board (stage=? AND last_updated_timestamp<?)",
    ),
    "versions by a tag": (versions("tags.k = 'v'"), "COVERING INDEX ix_version_tags_value (key=? AND value=?)"),
    "versions by an alias": (versions("alias = 'champion'"), "COVERING INDEX ix_aliases_alias (alias=?)"),
    "versions by a person": (versions("user_id = 'ada'"), "COVERING INDEX ix_model_versions_user (user_id=?)"),
    "a reader's versions": (versions(who=READER), "ix_grants_principal_id (principal_id=?)"),
    "the inbox": (inbox(), "ix_transition_requests_creation"),
    "the inbox, a later page": (inbox(after=(5, "0")), "ix_transition_requests_creation"),
    "the feed": (feed(), "SCAN activities USING INDEX ix_activities_time"),
    "the feed, a later page": (feed(before=FeedPosition(5, 5)), "ix_activities_time (creation_timestamp<?)"),
    "the feed before a time": (feed(until=5), "ix_activities_time (creation_timestamp<?)"),
    "the feed of a model": (feed(model_id="m"), "ix_activities_feed (model_id=?)"),
    "the feed of a model, of some days": (
        feed(model_id="m", since=5, until=9),
        "ix_activities_feed (model_id=? AND creation_timestamp>? AND creation_timestamp<?)",
    ),
    "the feed of a person, a later page": (
        feed(user="ada", before=FeedPosition(5, 5)),
        "ix_activities_user (user_id=? AND creation_timestamp<?)",
    ),
    "a reader's feed": (feed(who=READER), "ix_activities_feed (model_id=?)"),
    "a reader's feed of a person": (feed(who=READER, user="ada"), "ix_activities_user (user_id=?)"),
    "the feed of a version": (feed(model_id="m", version=3), "ix_activities_model (model_id=? AND version=?)"),
    "the feed of a person": (feed(user="ada"), "ix_activities_user (user_id=?)"),
    "the stage history": (stage_periods(), "ix_activities_feed (model_id=? AND creation_timestamp<?)"),
    "the stage history, a later page": (
        stage_periods(FeedPosition(5, 5)),
        "ix_activities_feed (model_id=? AND creation_timestamp<?)",
    ),
    "the end of a period in a stage": (stage_periods(), "ix_activities_model (model_id=? AND version=?"),
    "the stage history of a version": (
        stage_periods(version=3),
        "SEARCH move USING INDEX ix_activities_model (model_id=? AND version=? AND creation_timestamp<?)",
    ),
    "the predecessor": (
        lambda connection: stage_history.predecessor(connection, "m"),
        "ix_activities_feed (model_id=? AND creation_timestamp<?)",
    ),
    "models without a description": (
        models("missing = 'description'"),
        "SEARCH registered_models USING INDEX ix_registered_models_undescribed (workspace_id=?)",
    ),
    "models without a description, counted": (
        counted(registered_models, MODELS, "missing = 'description'"),
        "ix_registered_models_undescribed (workspace_id=?)",
    ),
    "versions in Production by their age, counted": (
        counted(version_search, VERSIONS, "stage = 'Production' AND creation_timestamp <= 5"),
        "COVERING INDEX ix_model_versions_age (stage=? AND creation_timestamp<?)",
    ),
    "open requests, counted": (
        lambda connection: overview.open_requests(connection, ADMIN, 11),
        "ix_transition_requests_creation",
    ),
    "transitions of some days": (
        lambda connection: overview.transition_times(connection, ADMIN, 5, 11),
        "COVERING INDEX ix_activities_type (activity_type=? AND creation_timestamp>?)",
    ),
    "a reader's transitions of some days": (
        lambda connection: overview.transition_times(connection, READER, 5, 11),
        "ix_activities_feed (model_id=? AND creation_timestamp>?)",
    ),
    "tokens that expire": (
        lambda connection: overview.expiring_tokens(connection, None, now=5, until=9, limit=11),
        "ix_tokens_expiry_timestamp (expiry_timestamp>? AND expiry_timestamp<?)",
    ),
    "own tokens that expire": (
        lambda connection: overview.expiring_tokens(connection, "1", now=5, until=9, limit=11),
        "ix_tokens_principal_id (principal_id=?)",
    ),
    "another workspace's models, by name": (
        models(who=APART),
        "SEARCH registered_models USING INDEX sqlite_autoindex_registered_models_2 (workspace_id=?)",
    ),
    "another workspace's versions, a part": (
        versions(who=APART),
        "SEARCH registered_models USING INDEX ix_registered_models_user (workspace_id=?)",
    ),
    "another workspace's feed": (feed(who=APART), "ix_activities_workspace (workspace_id=?)"),
    "another workspace's feed, a later page": (
        feed(who=APART, before=FeedPosition(5, 5)),
        "ix_activities_workspace (workspace_id=? AND creation_timestamp<?)",
    ),
    "another workspace's transitions of some days": (
        lambda connection: overview.transition_times(connection, APART, 5, 11),
        "ix_activities_",
    ),
    "the feed of one kind": (feed(types=("NEW_COMMENT",)), "ix_activities_type (activity_type=?)"),
}
BOUNDED_SORTS = {"a tag", "an alias", "part", "beginning", "reader", "run", "by name", "versions by a person"}
"""Only the rows of a candidate (at most MAX_DRIVING_ROWS), or those with one value, are sorted."""


@pytest.mark.parametrize("path", PATHS)
def test_an_index_leads_to_the_rows(database: Database, path: str) -> None:
    run, step = PATHS[path]
    plans = database.plans(run)
    steps = [each for plan in plans for each in plan]
    assert any(step in each for each in steps), steps
    assert not [each for each in steps if FULL_SCAN.search(each)], steps
    if not any(part in path for part in BOUNDED_SORTS):
        assert "USE TEMP B-TREE FOR ORDER BY" not in steps


def test_what_is_many_is_not_sorted(database: Database) -> None:
    """If no candidate is small enough, the order is scanned."""
    connection = database.connection
    assert connection.connection.driver_connection is not None
    connection.connection.driver_connection.execute("PRAGMA foreign_keys = OFF")  # the tags are enough
    tags = [{"model_id": f"{number:032}", "key": "k", "value": "v"} for number in range(MAX_DRIVING_ROWS + 1)]
    connection.execute(insert(tables.model_tags), tags)
    plans = database.plans(models("tags.k = 'v'"))
    steps = [each for plan in plans for each in plan]
    assert "SEARCH registered_models USING INDEX sqlite_autoindex_registered_models_2 (workspace_id=?)" in steps
    assert "USE TEMP B-TREE FOR ORDER BY" not in steps


def test_many_versions_of_a_person_are_not_sorted(database: Database) -> None:
    connection = database.connection
    assert connection.connection.driver_connection is not None
    connection.connection.driver_connection.execute("PRAGMA foreign_keys = OFF")  # the versions are enough
    fields = {"model_id": "m", "stage": "None", "source": "s", "storage_location": "s", "user_id": "ada"}
    times = {"creation_timestamp": 5, "last_updated_timestamp": 5}
    rows = [{"version": number, **fields, **times} for number in range(MAX_DRIVING_ROWS + 1)]
    connection.execute(insert(tables.model_versions), rows)
    plans = database.plans(versions("user_id = 'ada'"))
    steps = [each for plan in plans for each in plan]
    assert "SCAN model_versions USING INDEX ix_model_versions_last_updated" in steps, steps
    assert "USE TEMP B-TREE FOR ORDER BY" not in steps


def test_models_without_an_owner_are_those_that_no_grant_of_somebody_active_leads_to(database: Database) -> None:
    """The grants are found by who has them: what is read whole are the accounts, and the models in their order."""
    plans = database.plans(models("missing = 'owner'"))
    steps = [each for plan in plans for each in plan]
    assert "SEARCH registered_models USING INDEX sqlite_autoindex_registered_models_2 (workspace_id=?)" in steps
    assert {each for each in steps if FULL_SCAN.search(each)} == {"SCAN principals", "SCAN others", "SCAN inside"}
    assert not any("SCAN grants" in each or "ORDER BY" in each for each in steps), steps
