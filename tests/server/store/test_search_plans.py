"""How searches reach their rows on SQLite. What they find is compared with MLflow's in tests/compat."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from server.rules.search import MODELS, VERSIONS, read_search
from server.store.engine import database_url, make_engine
from server.store.search import model_clauses, version_clauses
from server.store.tables import metadata, model_versions, registered_models


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    engine = make_engine(database_url(str(tmp_path / "registry.db")), write=False)
    metadata.create_all(engine)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def plan(connection: Connection, text: str, order_by: list[str], position: tuple[str | int, ...] | None = None) -> str:
    """SQLite's plan for a page of models, or of versions if the filter is of run ids or stages."""
    searchable = VERSIONS if "run_id" in text or "stage" in text else MODELS
    search = read_search(searchable, filter_text=text, order_by=order_by, max_results=10, page_token="")
    if position is not None:
        token = search.token_after(position)
        search = read_search(searchable, filter_text=text, order_by=order_by, max_results=10, page_token=token)
    clauses = (model_clauses if searchable is MODELS else version_clauses)(search)
    query = select(*clauses.position).where(*clauses.conditions).order_by(*clauses.order)
    if searchable is VERSIONS:
        query = query.select_from(model_versions.join(registered_models))
    compiled = query.compile(connection, compile_kwargs={"render_postcompile": True})
    values = tuple(compiled.params[name] for name in compiled.positiontup or ())
    return "\n".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled.string}", values))


@pytest.mark.parametrize(
    ("text", "order_by", "position", "step"),
    [
        ("", [], ("m",), "SEARCH registered_models USING INDEX sqlite_autoindex_registered_models_2 (name>?)"),
        ("name LIKE 'a%'", [], None, "(name>? AND name<?)"),
        ("", ["timestamp DESC"], (5, "m"), "ix_registered_models_last_updated (last_updated_timestamp<?)"),
        ("tags.k = 'v'", [], None, "SEARCH registered_models USING INDEX sqlite_autoindex_registered_models_1 (id=?)"),
        ("run_id = 'r'", [], None, "ix_model_versions_run_id (run_id=?)"),
        ("run_id IN ('r', 's')", [], None, "ix_model_versions_run_id (run_id=?)"),
        ("stage = 'Staging'", [], None, "ix_model_versions_board (stage=?)"),
        ("stage = 'Staging'", [], (5, "m", 3), "ix_model_versions_board (stage=? AND last_updated_timestamp<?)"),
        ("user_id = 'ada'", [], None, "ix_registered_models_user (user_id=?)"),
    ],
)
def test_an_index_leads_to_the_rows(
    connection: Connection, text: str, order_by: list[str], position: tuple[str | int, ...] | None, step: str
) -> None:
    assert step in plan(connection, text, order_by, position)


def test_a_page_of_models_in_the_usual_order_is_not_sorted(connection: Connection) -> None:
    assert "TEMP B-TREE" not in plan(connection, "", [], ("m",))
