"""Searches of the same rows by MLflow's store and by ours: every comparator on every key with awkward values.

Intended differences: none. MLflow's rows are in SQLite, which defines the meaning; on PostgreSQL ours is the same,
except for the scripts in which ILIKE is case-insensitive.
"""

import random
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, select

from tui_registry_server.rules.search import MODELS, VERSIONS, Searchable, read_search
from tui_registry_server.store.engine import database_url, make_engine
from tui_registry_server.store.search import model_clauses, version_clauses
from tui_registry_server.store.search_shape import parameters_of, shape_of
from tui_registry_server.store.tables import (
    metadata,
    model_tags,
    model_versions,
    registered_models,
    version_tags,
    workspaces,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # deprecated features of SQLAlchemy that MLflow uses; MLflow's to fix
    from mlflow.entities.model_registry import ModelVersionTag, RegisteredModelTag
    from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::SyntaxWarning")  # MLflow's, too

IS_PROMPT = "mlflow.prompt.is_prompt"
AWKWARD = [
    "a", "A", "aa", "ab", "Ab", "a b", "a%b", "a_b", "a\\b", "a\\%b", "it's", "\"a\"", "é", "É", "ß", "İ", "ж", "Ж",
    "😀", "a*b", "a?b", "[ab]", "[a", "a]b", "a^b", "a-b", "a\nb", "%", "_", "\\", "*", "10", "9", "null",
]  # fmt: skip
VALUES = [
    *AWKWARD, "", "a%", "%b", "%A%", "a_", "_b", "__", "%_%", "a\\_b", "a\\\\%", "a[%", "[ab]%", "?", "a?%", "*%",
    "%*%", "é%", "É%", "ж%", "%%", "A%B", "nothing",
]  # fmt: skip
TEXT = ["=", "!=", "LIKE", "ILIKE"]
LISTS = [["a"], ["a", "É", "10"], ["", "a"], ["nothing"], ["a*b", "[ab]", "%"], ["it's", "A"]]
NUMBERS = ["0", "1", "2", "'3'", "-1", "9223372036854775807", "' 2 '"]


@dataclass
class Registries:
    """The same rows in both stores."""

    mlflow: SqlAlchemyStore
    ours: Connection

    def found(self, searchable: Searchable, text: str, order_by: Sequence[str] = ()) -> list[tuple[Any, ...]]:
        """By MLflow, in one page."""
        if searchable is MODELS:
            models = self.mlflow.search_registered_models(text, 1000, list(order_by))
            return [(model.name,) for model in models]
        versions = self.mlflow.search_model_versions(text, 1000, list(order_by))
        return [(version.name, int(version.version)) for version in versions]

    def paged(
        self, searchable: Searchable, text: str, order_by: Sequence[str] = (), page: int = 1000
    ) -> list[tuple[Any, ...]]:
        """By us, from all pages."""
        version = [] if searchable is MODELS else [model_versions.c.version]
        rows: list[tuple[Any, ...]] = []
        token = ""
        while True:
            search = read_search(searchable, filter_text=text, order_by=order_by, max_results=page, page_token=token)
            clauses = (version_clauses if version else model_clauses)(shape_of(search))
            shown = [registered_models.c.name, *version]
            query = select(*shown, *clauses.position).where(*clauses.conditions).order_by(*clauses.order)
            if version:
                query = query.select_from(model_versions.join(registered_models))
            answer = [
                tuple(row)
                for row in self.ours.execute(query.limit(page + 1), parameters_of(search) | {"workspace_id": ""})
            ]
            rows += [row[: len(shown)] for row in answer[:page]]
            if len(answer) <= page:
                return rows
            token = search.token_after(answer[page - 1][len(shown) :])


def fill(registries: Registries) -> None:
    """Models with awkward names, each with an awkward tag or two; some have awkward versions; some are prompts."""
    chance = random.Random(5)
    store = registries.mlflow
    for number, name in enumerate(AWKWARD):
        tags = {"k": name} if number % 3 else {"k": "", "K": "a"}
        if number % 4 == 0:
            tags["a b"] = chance.choice(AWKWARD)
        if number % 7 == 0:
            tags[IS_PROMPT] = chance.choice(["true", "True", "false"])
        store.create_registered_model(name, tags=[RegisteredModelTag(*tag) for tag in tags.items()])
        for each in range(3 if number % 2 else 1):
            value = AWKWARD[(number * 3 + each) % len(AWKWARD)]
            tags = {"k": value} if each != 1 else {"other": value}
            if number % 5 == 0:
                tags[IS_PROMPT] = chance.choice(["true", "false"])
            run_id = "" if each == 2 else AWKWARD[(number + each) % len(AWKWARD)]  # the server's for no run
            store.create_model_version(name, value, run_id, tags=[ModelVersionTag(*tag) for tag in tags.items()])


def copy(store: SqlAlchemyStore, ours: Connection) -> None:
    """Copy MLflow's rows into our tables. On both sides the timestamps are reduced, so that many rows share one."""
    with store.engine.begin() as theirs:

        def rows(sql: str) -> list[dict[str, Any]]:
            return [dict(row) for row in theirs.exec_driver_sql(sql).mappings()]

        for table, number in (("registered_models", "length(name)"), ("model_versions", "length(name) + version")):
            theirs.exec_driver_sql(
                f"UPDATE {table} SET creation_time = ({number}) % 3, last_updated_time = ({number}) % 5"
            )
        times = "creation_time AS creation_timestamp, last_updated_time AS last_updated_timestamp"
        models = f"SELECT hex(name) AS id, name, 0 AS last_version, '' AS user_id, {times} FROM registered_models"
        versions = (
            "SELECT hex(name) AS model_id, version, 'None' AS stage, source, source AS storage_location, "
            f"run_id, '' AS user_id, {times} FROM model_versions"
        )
        default = {"id": "", "name": "default", "creation_timestamp": 0, "last_updated_timestamp": 0}
        ours.execute(insert(workspaces), [default])
        ours.execute(insert(registered_models), rows(models))
        ours.execute(insert(model_versions), rows(versions))
        ours.execute(insert(model_tags), rows("SELECT hex(name) AS model_id, key, value FROM registered_model_tags"))
        ours.execute(
            insert(version_tags), rows("SELECT hex(name) AS model_id, version, key, value FROM model_version_tags")
        )


@pytest.fixture(scope="module")
def registries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registries]:
    folder = tmp_path_factory.mktemp("registries")
    engine = make_engine(database_url(str(folder / "ours.db")), write=False)
    store = SqlAlchemyStore(f"sqlite:///{folder / 'mlflow.db'}")
    metadata.create_all(engine)
    with engine.connect() as ours:
        both = Registries(store, ours)
        fill(both)
        copy(store, ours)
        yield both
    engine.dispose()
    store.engine.dispose()


def quoted(value: str) -> str:
    return f'"{value}"' if "'" in value else f"'{value}'"


def texts(key: str, values: Sequence[str]) -> list[str]:
    return [f"{key} {comparator} {quoted(value)}" for comparator in TEXT for value in values]


def lists(keys: Sequence[str]) -> list[str]:
    listed = [f"({', '.join(quoted(value) for value in values)})" for values in LISTS]
    return [f"{key} {comparator} {values}" for key in keys for comparator in ("IN", "NOT IN") for values in listed]


PROMPTS = [
    f"tags.`{IS_PROMPT}` {comparator} '{value}'"
    for comparator in TEXT
    for value in ("true", "false", "True", "FALSE", "t%")
]
MODEL_FILTERS = ["", *texts("name", VALUES), *texts("tags.k", VALUES[::2]), *lists(["name"]), *PROMPTS]
VERSION_FILTERS = [
    "",
    *texts("name", VALUES[::3]),
    *texts("run_id", VALUES[::2]),  # including the empty one
    *texts("source_path", VALUES[1::3]),
    *texts("tags.k", VALUES[1::2]),
    *lists(["name", "run_id"]),
    *PROMPTS,
    *(f"version_number {comparator} {value}" for comparator in ("=", "!=", "<", "<=", ">", ">=") for value in NUMBERS),
]
MODEL_ORDERS = ["name", "name DESC", "timestamp", "last_updated_timestamp DESC"]
VERSION_ORDERS = [
    f"{key} {way}"
    for key in ("name", "version_number", "creation_timestamp", "last_updated_timestamp")
    for way in ("ASC", "DESC")
]


@pytest.mark.parametrize(
    ("searchable", "filters"), [(MODELS, MODEL_FILTERS), (VERSIONS, VERSION_FILTERS)], ids=["models", "versions"]
)
def test_a_comparison_finds_what_it_finds_in_mlflow(
    registries: Registries, searchable: Searchable, filters: list[str]
) -> None:
    found = 0
    for text in filters:
        theirs = registries.found(searchable, text)
        assert registries.paged(searchable, text) == theirs, text
        found += bool(theirs)
    assert found > len(filters) / 3  # otherwise the values are not those of the rows


@pytest.mark.parametrize("searchable", [MODELS, VERSIONS], ids=["models", "versions"])
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_pages_add_up_to_what_mlflow_finds(registries: Registries, searchable: Searchable, data: st.DataObject) -> None:
    filters, orders = (MODEL_FILTERS, MODEL_ORDERS) if searchable is MODELS else (VERSION_FILTERS, VERSION_ORDERS)
    # A text that ends in a backslash can only end the filter.
    wide = [each for each in filters if ("!=" in each or "NOT" in each or "%" in each) and "\\'" not in each]
    text = " AND ".join(data.draw(st.lists(st.sampled_from(wide), max_size=3)))
    order_by = data.draw(st.lists(st.sampled_from(orders), max_size=3, unique_by=lambda each: each.split()[0]))
    if searchable is MODELS and sum("timestamp" in each for each in order_by) > 1:
        order_by = order_by[:1]  # they are one key
    page = data.draw(st.integers(1, 7))
    assert registries.paged(searchable, text, order_by, page) == registries.found(searchable, text, order_by)
