"""A search in SQL: what rules.search understood, as the conditions, order and position of a page of rows.

The permission filter and the rows themselves are registered_models.page and model_versions.page, which take these.

There are two ways to a page: to walk along its order and leave out what does not match, which is fast where much
matches, or to collect all that matches and sort it, which is fast where little does. ``candidates`` are what may be
little: store.narrowing looks which way to go.
"""

import json
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Table,
    and_,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
)

from server.rules.filters import IS_PROMPT, Comparison
from server.rules.ordering import Order
from server.rules.page_tokens import Position
from server.rules.search import Search
from server.store.dialects import among
from server.store.narrowing import FEW_NAMES, Candidate
from server.store.patterns import has_trigram, has_value, ilike, like, names_like
from server.store.tables import model_tags, model_versions, registered_models, version_tags

Column = ColumnElement[Any]

_MODEL_COLUMNS: Mapping[str, Column] = {
    "name": registered_models.c.name,
    "user_id": registered_models.c.user_id,
    "last_updated_timestamp": registered_models.c.last_updated_timestamp,
}
_VERSION_COLUMNS: Mapping[str, Column] = {
    "name": registered_models.c.name,
    "version_number": model_versions.c.version,
    "run_id": model_versions.c.run_id,
    "user_id": model_versions.c.user_id,
    "stage": model_versions.c.stage,
    "source_path": model_versions.c.source,
    "creation_timestamp": model_versions.c.creation_timestamp,
    "last_updated_timestamp": model_versions.c.last_updated_timestamp,
}


def _in(column: Column, values: Sequence[str]) -> ColumnElement[bool]:
    return among(column, literal(json.dumps(values)))


_COMPARATORS: Mapping[str, Callable[[Column, Any], ColumnElement[bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "LIKE": like,
    "ILIKE": ilike,
    "IN": _in,
    "NOT IN": lambda column, values: not_(_in(column, values)),
}


def _prompts(tags: Table) -> Select[Any]:
    """The models of prompts. A list made once, and usually empty: a lookup for every row would cost more."""
    return select(tags.c.model_id).where(tags.c.key == IS_PROMPT, tags.c.value == "true")


_NO_PROMPT = registered_models.c.id.not_in(_prompts(model_tags))
_OF_NO_PROMPT = model_versions.c.model_id.not_in(_prompts(version_tags))


class Clauses(NamedTuple):
    """What a page is selected by, sorted by, and gives besides, so that the next can go on after it. ``candidates`` is
    None where the conditions themselves lead to few: all that is found has the same name."""

    conditions: Sequence[ColumnElement[bool]]
    order: Sequence[Column]
    position: Sequence[Column]
    candidates: Sequence[Candidate] | None


def model_clauses(search: Search) -> Clauses:
    """For statements that select from registered_models."""
    model = registered_models.c
    conditions = [
        *_attributes([each for each in search.comparisons if each.key != "stage"], _MODEL_COLUMNS),
        *(_at_stage(each) for each in search.comparisons if (each.kind, each.key) == ("attribute", "stage")),
        *_tags(search.comparisons, model_tags, {"model_id": model.id}),
    ]
    if not search.prompts:
        conditions.append(_NO_PROMPT)
    return _clauses(search, _MODEL_COLUMNS, conditions, _candidates(search.comparisons, model_tags))


def version_clauses(search: Search) -> Clauses:
    """For statements that select from model_versions joined with registered_models.

    A model of which any version is a prompt is left out with all its versions, as MLflow does.
    """
    version = model_versions.c
    named = [each for each in search.comparisons if each.key == "name" and each.comparator in {"=", "IN"}]
    others = [each for each in search.comparisons if each not in named]
    conditions = [
        *(_of_model_named(each) for each in named),
        *_attributes(others, _VERSION_COLUMNS),
        *_tags(search.comparisons, version_tags, {"model_id": version.model_id, "version": version.version}),
    ]
    if not search.prompts:
        conditions.append(_OF_NO_PROMPT)
    return _clauses(search, _VERSION_COLUMNS, conditions, _candidates(search.comparisons, version_tags))


def _of_model_named(comparison: Comparison) -> ColumnElement[bool]:
    """Said of a version's own column, so that the index of a model's versions by time leads to them in their order."""
    models = select(registered_models.c.id).where(_compare(registered_models.c.name, comparison))
    if comparison.comparator == "=":
        return model_versions.c.model_id == models.scalar_subquery()
    return model_versions.c.model_id.in_(models)


def _at_stage(comparison: Comparison) -> ColumnElement[bool]:
    """Whether a model has a version at a stage, or none."""
    held = (
        select(literal_column("1"))
        .where(model_versions.c.model_id == registered_models.c.id, model_versions.c.stage == comparison.value)
        .exists()
    )
    return held if comparison.comparator == "=" else not_(held)


def _attributes(comparisons: Sequence[Comparison], columns: Mapping[str, Column]) -> list[ColumnElement[bool]]:
    return [_compare(columns[each.key], each) for each in comparisons if each.kind == "attribute"]


def _tags(comparisons: Sequence[Comparison], tags: Table, row: Mapping[str, Column]) -> list[ColumnElement[bool]]:
    """One look at a row's own tags for each key: a row has a key once, so its comparisons all speak of the same value.

    ``row`` are a row's values in the columns by which its tags are found.
    """
    by_key: dict[str, list[Comparison]] = {}
    for each in comparisons:
        if each.kind == "tag":
            by_key.setdefault(each.key, []).append(each)
    conditions: list[ColumnElement[bool]] = []
    for key, of_key in by_key.items():
        own = (tags.c[name] == column for name, column in row.items())
        found = and_(tags.c.key == key, *(_compare(tags.c.value, each) for each in of_key))
        conditions.append(select(literal_column("1")).where(*own, found).exists())
    return conditions


def _candidates(comparisons: Sequence[Comparison], tags: Table) -> list[Candidate]:
    """What the comparisons that an index can answer find: tags by their value, models by their name."""
    found: list[Candidate] = []
    of_row = (tags.c.model_id,) if tags is model_tags else (tags.c.model_id, tags.c.version)
    for each in comparisons:
        if each.kind == "tag" and each.comparator in {"=", "LIKE", "ILIKE"}:
            matches = has_value if each.comparator == "=" else _COMPARATORS[each.comparator]
            rows = select(*of_row).where(tags.c.key == each.key, matches(tags.c.value, each.value))
            found.append(Candidate(rows))
        elif each.key == "name" and each.comparator in {"LIKE", "ILIKE"} and each.kind == "attribute":
            pattern = str(each.value)
            if each.comparator == "LIKE" and pattern[:1] not in {"", "%", "_"}:  # the names are in order
                rows = select(registered_models.c.id).where(like(registered_models.c.name, pattern))
                found.append(Candidate(rows, FEW_NAMES))
            elif has_trigram(pattern):
                rows = select(names_like(pattern, any_case=each.comparator == "ILIKE").c.model_id)
                found.append(Candidate(rows, FEW_NAMES))
    return found


def _compare(column: Column, comparison: Comparison) -> ColumnElement[bool]:
    value = comparison.value
    if column is model_versions.c.run_id and _empty_matches(comparison):
        column = func.coalesce(column, "")  # only where it matters, as no index serves it
    # Numbers are bound as 64 bits wide: a filter's may be more than the column holds.
    bound = literal(value, BigInteger()) if isinstance(value, int) else value
    return _COMPARATORS[comparison.comparator](column, bound)


def _empty_matches(comparison: Comparison) -> bool:
    """Whether the run id '' would match: that of a version without a run, which is NULL here."""
    value = comparison.value
    match comparison.comparator:
        case "=":
            return value == ""
        case "!=":
            return value != ""
        case "IN":
            return isinstance(value, tuple) and "" in value
        case "NOT IN":
            return isinstance(value, tuple) and "" not in value
        case _:
            return isinstance(value, str) and value.strip("%") == ""


def _clauses(
    search: Search,
    columns: Mapping[str, Column],
    conditions: list[ColumnElement[bool]],
    candidates: Sequence[Candidate],
) -> Clauses:
    position = [columns[each.key] for each in search.order]
    if search.position is not None:
        conditions.append(_after(search.order, position, search.position))
    order = [
        column.asc() if each.ascending else column.desc() for each, column in zip(search.order, position, strict=True)
    ]
    named = any((each.kind, each.key, each.comparator) == ("attribute", "name", "=") for each in search.comparisons)
    return Clauses(conditions, order, position, None if named else candidates)


def _after(order: Sequence[Order], columns: Sequence[Column], position: Position) -> ColumnElement[bool]:
    """What comes after a position: beyond it in the first key or, where that is equal, after it in the others.

    Every step says twice how the key lies, so that an index on the first can lead to the place.
    """
    (first, *others), (column, *other_columns), (value, *other_values) = order, columns, position
    bound = literal(value, BigInteger()) if isinstance(value, int) else literal(value)
    beyond = column > bound if first.ascending else column < bound
    if not others:
        return beyond
    reached = column >= bound if first.ascending else column <= bound
    return and_(reached, or_(beyond, _after(others, other_columns, tuple(other_values))))
