"""Searches compared with MLflow's own: its parser and its store get the same texts and the same data as ours.

If both accept a text, both must give it the same meaning, without exceptions. If one refuses what the other accepts, it
must be for one of the reasons in REFUSED_HERE and REFUSED_BY_MLFLOW.
"""

import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.faults.rounds import ROUNDS
from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.rules.ordering import parse_order
from tui_registry_server.rules.search import MODELS, VERSIONS, Searchable
from tui_registry_server.rules.search_filter import parse_filter

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # deprecated features of SQLAlchemy that MLflow uses; MLflow's to fix
    from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore
    from mlflow.utils.search_utils import SearchModelUtils, SearchModelVersionUtils

Meaning = list[tuple[str, str, str, Any]]

_WORDS = re.compile(r"\w+(\.\w+)*")


def _is_oddly_keyed(text: str, meaning: Meaning) -> bool:
    keys = [key for kind, key, _, _ in meaning if kind == "tag" and not _WORDS.fullmatch(key)]
    return any(not any(f".{quote}{key}{quote}" in text for quote in "'\"`") for key in keys)


def _has(pattern: str) -> Callable[[str, Meaning], bool]:
    search = re.compile(pattern, re.IGNORECASE).search
    return lambda text, _: search(text) is not None


pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::SyntaxWarning")  # MLflow's, too

# What the other side accepts, with the text and the meaning there.
REFUSED_HERE: dict[str, Callable[[str, Meaning], bool]] = {
    "texts of a list that Python, and so MLflow, reads otherwise than they stand": _has(
        r"""\bIN\s*\([^)]*(\\|''|""|['"]\s+['"])"""
    ),
    "tag keys that are neither quoted nor words joined by dots": _is_oddly_keyed,
}
REFUSED_BY_MLFLOW: dict[str, Callable[[str, Meaning], bool]] = {
    "tag keys that begin like a number or are one of six words of SQL": _has(
        r"\btags?\.(\w+\.)*(\d|(case|in|values|using|from|as)\b)"
    ),
    "an AND left out before a list": _has(r"""['")\d]\s*(attribute\.)?(name|run_id)\s+(not\s+)?in\b"""),
}

ORDER_REFUSED_HERE = {
    "a tag's key, which MLflow takes for the column of that name": re.compile(r"tags?\."),
    "quoting that only a shell would understand": re.compile(r"""[`"]\S*[`"]\S*[`"]|[`"]\s+\w+\s*[`"]|\s[`"]\s"""),
}
ORDER_REFUSED_BY_MLFLOW = {
    "`version` for version_number": re.compile(r"version\b"),
    "blanks other than ASCII's before the direction": re.compile(r"[^\x00-\x7f]"),
    "for models, too, keys quoted without a direction, or with attribute.": re.compile(r"""attribute\.|[`"]\w+[`"]$"""),
}

KEYS = [
    "name",
    "version_number",
    "run_id",
    "source_path",
    "tags.k",
    "tag.k",
    "attribute.name",
    "tags.`a b`",
    'tags."a.b"',
    "tags.'a b'",
    "tags.a.b",
    "tags._x",
    "tags.ключ",
    "tags.mlflow.prompt.is_prompt",
    'tags."`k`"',
    "tags.order",
    "Name",
    "attributes.name",
    "`name`",
    '"name"',
    "tags.a-b",
    "phase",
    "tags",
    "attribute.`name`",
    "metrics.x",
    "x.name",
]
COMPARATORS = [
    "=",
    "!=",
    "LIKE",
    "ilike",
    "IN",
    "NOT IN",
    "not  in",
    "<",
    "<=",
    ">",
    ">=",
    "==",
    "<>",
    "NOT LIKE",
    "IS",
    "IS NOT",
    "",
    "! =",
    "RLIKE",
    "NOT",
]
VALUES = [
    "'x'",
    '"x"',
    "''",
    '""',
    "'it''s'",
    '"it\'s"',
    "'a b'",
    "'%_'",
    "'a\\'",
    "'a\\\\'",
    "'é'",
    "x",
    "`x`",
    "1",
    "-1",
    "1.0",
    "'1'",
    "'-1'",
    "' 1 '",
    "'1.0'",
    "1e3",
    "0x1",
    "99999999999999999999",
    "'99999999999999999999'",
    "('a')",
    "('a', 'b')",
    "('a',)",
    "()",
    "(1)",
    "('a' 'b')",
    '("it\'s")',
    "('it''s')",
    "('a\\b')",
    "NULL",
    "name",
    "'x",
    "x'",
    "(",
    ")",
    "true",
]
JOINERS = [" AND ", " and ", "\nAND\t", " ", "  AND AND ", " OR ", ";", ", ", "AND", " NOT "]
NOISE = "'\"`()=!<>,;.%_-\\ \nAaxANDIN1$#[]*:é\u00a0"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlAlchemyStore]:
    folder = tmp_path_factory.mktemp("mlflow")
    store = SqlAlchemyStore(f"sqlite:///{folder / 'mlflow.db'}")
    yield store
    store.engine.dispose()


def clauses() -> st.SearchStrategy[str]:
    blank = st.sampled_from(["", " ", "  "])
    parts = (st.sampled_from(KEYS), blank, st.sampled_from(COMPARATORS), blank, st.sampled_from(VALUES))
    likely = st.tuples(
        st.sampled_from(KEYS[:15]), st.just(" "), st.sampled_from(COMPARATORS[:11]), blank, st.sampled_from(VALUES[:11])
    )
    return st.one_of(likely, st.tuples(*parts)).map("".join)


@st.composite
def filters(draw: st.DrawFn) -> str:
    text = draw(clauses())
    for joiner in draw(st.lists(st.sampled_from(JOINERS), max_size=3)):
        text += joiner + draw(clauses())
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.sampled_from(["", *NOISE])) + text[at + draw(st.integers(0, 1)) :]
    return text


def by_mlflow(store: SqlAlchemyStore, searchable: Searchable, text: str) -> Meaning | None:
    """The result of MLflow's parser, or None if it or the store fails, by an error of any kind."""
    parser, search = (
        (SearchModelUtils, store.search_registered_models)
        if searchable is MODELS
        else (SearchModelVersionUtils, store.search_model_versions)
    )
    try:
        search(filter_string=text)
        return [
            (
                each["type"],
                each["key"],
                each["comparator"],
                int(each["value"])
                if each["key"] == "version_number" and each["type"] == "attribute"
                else each["value"],
            )
            for each in parser.parse_search_filter(text)
        ]
    except Exception:
        return None


def explained(text: str, theirs: Meaning | None, ours: Meaning | None) -> bool:
    """Whether the difference is an intended one."""
    if ours is None and theirs is not None:
        return any(applies(text, theirs) for applies in REFUSED_HERE.values())
    if theirs is None and ours is not None:
        return any(applies(text, ours) for applies in REFUSED_BY_MLFLOW.values())
    return ours == theirs


def by_us(searchable: Searchable, text: str) -> Meaning | None:
    try:
        return [
            (each.kind, each.key, each.comparator, each.value) for each in parse_filter(text, searchable.attributes)
        ]
    except InvalidParameterValue:
        return None


@pytest.mark.parametrize("searchable", [MODELS, VERSIONS], ids=["models", "versions"])
@settings(
    max_examples=max(40, ROUNDS * 5 // 2),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(text=filters())
@example(text="name = 'a\\' AND name = 'b'")
@example(text=" ")
@example(text="AND")
@example(text="name IS NULL")
@example(text="tags.k IS NOT NULL")
@example(text="(name = 'x')")
@example(text="name = 'x' OR name = 'y'")
@example(text="name = 'x';")
@example(text="name = 'x' -- all of it")
@example(text="name = /* or not */ 'x'")
def test_a_filter_means_what_it_means_to_mlflow(store: SqlAlchemyStore, searchable: Searchable, text: str) -> None:
    theirs, ours = by_mlflow(store, searchable, text), by_us(searchable, text)
    assert explained(text, theirs, ours), (theirs, ours)


def orders() -> st.SearchStrategy[list[str]]:
    keys = ["name", "timestamp", "last_updated_timestamp", "version_number", "creation_timestamp", "version", "stage"]
    spellings = [
        "{}",
        "`{}`",
        '"{}"',
        "'{}'",
        "attribute.{}",
        "attribute.`{}`",
        "attributes.{}",
        "tags.{}",
        " {}",
        "{} ",
    ]
    ways = [
        "",
        " ASC",
        " desc",
        "  DESC",
        "\tAsc",
        "\xa0desc",
        " DESC ",
        " up",
        " ASC NULLS FIRST",
        " asc desc",
        "desc",
    ]
    clause = st.builds(
        lambda spelling, key, way: spelling.format(key) + way,
        st.one_of(st.just("{}"), st.sampled_from(spellings)),
        st.sampled_from(keys),
        st.one_of(st.sampled_from(ways[:3]), st.sampled_from(ways)),
    )
    return st.lists(
        st.one_of(clause, clause, clause, st.sampled_from(["", " ", "Name", "1", "name, name", ";"])), max_size=3
    )


def order_by_mlflow(searchable: Searchable, clauses: list[str]) -> list[str] | None:
    """As SQL, without keys after those that make the order unique. None if MLflow refuses."""
    try:
        if searchable is MODELS:
            terms = SqlAlchemyStore._parse_search_registered_models_order_by(clauses)
        else:
            default = ["last_updated_timestamp DESC", "name ASC", "version_number DESC"]
            terms = SqlAlchemyStore._parse_search_model_versions_order_by(clauses or default)
    except Exception:
        return None
    unique = {"name"} if searchable is MODELS else {"name", "version"}
    order: list[str] = []
    for term in map(str, terms):
        if unique:
            column = term.split(".")[1]
            order.append(column)
            unique.discard(column.split()[0])
    return order


def order_by_us(searchable: Searchable, clauses: list[str]) -> list[str] | None:
    try:
        order = parse_order(clauses, searchable.order)
    except InvalidParameterValue:
        return None
    columns = {
        "version_number": "version",
        "creation_timestamp": "creation_time",
        "last_updated_timestamp": "last_updated_time",
    }
    return [f"{columns.get(each.key, each.key)} {'ASC' if each.ascending else 'DESC'}" for each in order]


@pytest.mark.parametrize("searchable", [MODELS, VERSIONS], ids=["models", "versions"])
@settings(max_examples=max(40, ROUNDS * 5 // 2), deadline=None, derandomize=True)
@given(clauses=orders())
def test_an_order_means_what_it_means_to_mlflow(searchable: Searchable, clauses: list[str]) -> None:
    theirs, ours = order_by_mlflow(searchable, clauses), order_by_us(searchable, clauses)
    if ours != theirs:
        assert None in (ours, theirs), (theirs, ours)
        reasons = ORDER_REFUSED_HERE if ours is None else ORDER_REFUSED_BY_MLFLOW
        assert any(reason.search(clause) for reason in reasons.values() for clause in clauses), (theirs, ours)
