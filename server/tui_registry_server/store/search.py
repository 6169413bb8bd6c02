"""A search in SQL: a parsed search of rules.search as the conditions, order and position of a page of rows.

store.query_planner adds the permission filter, registered_models.page and version_search.page the rows' documents.

There are two ways to find a page: to scan in its order and skip what does not match, which is fast if much matches, or
to collect all matches and sort them, which is fast if little matches. ``candidates`` are indexes for the second one:
store.query_planner decides.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Table,
    and_,
    literal_column,
    not_,
    or_,
    select,
)

from tui_registry_server.rules.ordering import Order
from tui_registry_server.rules.search_filter import IS_PROMPT
from tui_registry_server.store.access import here
from tui_registry_server.store.dialects import among, unindexed
from tui_registry_server.store.managers import WITHOUT_OWNER
from tui_registry_server.store.patterns import (
    contains,
    has_value,
    ilike,
    like,
    names_ilike,
    names_like,
)
from tui_registry_server.store.query_planner import MAX_NAME_MATCHES, Candidate, Clauses
from tui_registry_server.store.search_shape import NUMBERS, PATTERNS, Column, Shape, Term, parameter
from tui_registry_server.store.tables import (
    IN_PRODUCTION,
    aliases,
    model_tags,
    model_versions,
    registered_models,
    version_tags,
)

_MODEL_COLUMNS: Mapping[str, Column] = {
    "name": registered_models.c.name,
    "user_id": registered_models.c.user_id,
    "creation_timestamp": registered_models.c.creation_timestamp,
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
_CHECKED_VERSION_COLUMNS = {**_VERSION_COLUMNS, "user_id": unindexed(model_versions.c.user_id)}
"""For the conditions of a page: the index of a person's versions, which may be most of all, is only a candidate."""
_MISSING: Mapping[str, ColumnElement[bool]] = {
    "missing description": registered_models.c.description.is_(None),
    "missing owner": WITHOUT_OWNER,
}
"""The conditions on models that lack something, by the key of their terms."""


_COMPARATORS: Mapping[str, Callable[[Column, Term], ColumnElement[bool]]] = {
    "=": lambda column, term: operator.eq(column, term.value),
    "!=": lambda column, term: operator.ne(column, term.value),
    "<": lambda column, term: operator.lt(column, term.value),
    "<=": lambda column, term: operator.le(column, term.value),
    ">": lambda column, term: operator.gt(column, term.value),
    ">=": lambda column, term: operator.ge(column, term.value),
    "LIKE": lambda column, term: like(column, term.value, term.glob),
    "ILIKE": lambda column, term: ilike(column, term.value),
    "CONTAINS": lambda column, term: contains(column, term.value, term.escaped_pattern),
    "IN": lambda column, term: among(column, term.value),
    "NOT IN": lambda column, term: not_(among(column, term.value)),
}


def _prompts(tags: Table) -> Select[Any]:
    """The models of prompts. Collected once, and usually empty: a lookup for every row would cost more."""
    return select(tags.c.model_id).where(tags.c.key == IS_PROMPT, tags.c.value == "true")


_NOT_A_PROMPT = registered_models.c.id.not_in(_prompts(model_tags))
_NOT_OF_A_PROMPT = model_versions.c.model_id.not_in(_prompts(version_tags))


def model_clauses(shape: Shape) -> Clauses:
    """For statements that select from registered_models."""
    model = registered_models.c
    tags = _tags(shape.terms, model_tags, {"model_id": model.id})
    candidates = _candidates(shape.terms, model_tags, ("model_id",), tags)
    conditions = [
        *_attributes([each for each in shape.terms if each.key in _MODEL_COLUMNS], _MODEL_COLUMNS),
        *(_at_stage(each) for each in shape.terms if (each.kind, each.key) == ("attribute", "stage")),
        *(_lacking(each) for each in shape.terms if each.key in _MISSING),
        *_aliased(shape.terms, {"model_id": model.id}),
        *tags,
    ]
    if not shape.prompts:
        conditions.append(_NOT_A_PROMPT)
    return _clauses(shape, _MODEL_COLUMNS, conditions, candidates)


def version_clauses(shape: Shape) -> Clauses:
    """For statements that select from model_versions joined with registered_models.

    As in MLflow, a model of which any version is a prompt is left out with all its versions.
    """
    version = model_versions.c
    named = [each for each in shape.terms if each.key == "name" and each.comparator in {"=", "IN"}]
    others = [each for each in shape.terms if each not in named]
    tags = _tags(shape.terms, version_tags, {"model_id": version.model_id, "version": version.version})
    candidates = _candidates(shape.terms, version_tags, ("model_id", "version"), tags)
    candidates += _of_a_user(shape.terms)
    if shape.in_production:
        candidates += _of_an_age(shape.terms)
    conditions = [
        *(_of_model_named(each) for each in named),
        *_attributes([each for each in others if each.key in _VERSION_COLUMNS], _CHECKED_VERSION_COLUMNS),
        *_aliased(shape.terms, {"model_id": version.model_id, "version": version.version}),
        *tags,
    ]
    if not shape.prompts:
        conditions.append(_NOT_OF_A_PROMPT)
    return _clauses(shape, _VERSION_COLUMNS, conditions, candidates)


def _of_model_named(term: Term) -> ColumnElement[bool]:
    """A condition on a version's own column, so that the index of a model's versions by time returns them in order."""
    models = select(registered_models.c.id).where(
        here(registered_models, drives=True), _COMPARATORS[term.comparator](registered_models.c.name, term)
    )
    if term.comparator == "=":
        return model_versions.c.model_id == models.scalar_subquery()
    return model_versions.c.model_id.in_(models)


def _at_stage(term: Term) -> ColumnElement[bool]:
    """Whether a model has a version at a stage, or, for ``!=``, has none."""
    exists = (
        select(literal_column("1"))
        .where(model_versions.c.model_id == registered_models.c.id, model_versions.c.stage == term.value)
        .exists()
    )
    return exists if term.comparator == "=" else not_(exists)


def _aliased(terms: Sequence[Term], row: Mapping[str, Column]) -> list[ColumnElement[bool]]:
    """Whether a row has an alias, or, for ``!=``, does not have it. ``row``: as in _tags."""
    conditions: list[ColumnElement[bool]] = []
    for term in terms:
        if (term.kind, term.key) == ("attribute", "alias"):
            exists = (
                select(literal_column("1"))
                .where(*(aliases.c[name] == column for name, column in row.items()), aliases.c.alias == term.value)
                .exists()
            )
            conditions.append(exists if term.comparator == "=" else not_(exists))
    return conditions


def _lacking(term: Term) -> ColumnElement[bool]:
    return _MISSING[term.key] if term.comparator == "=" else not_(_MISSING[term.key])


def _of_a_user(terms: Sequence[Term]) -> list[Candidate]:
    """The candidates for versions that somebody has created."""
    own = [each for each in terms if (each.kind, each.key, each.comparator) == ("attribute", "user_id", "=")]
    rows = select(model_versions.c.model_id, model_versions.c.version)
    return [Candidate(rows.where(condition)) for condition in _attributes(own, _VERSION_COLUMNS)]


def _of_an_age(terms: Sequence[Term]) -> list[Candidate]:
    """The candidate for versions in Production that were created before or after some time, of which there may be few
    at the end of the order."""
    times = [each for each in terms if (each.kind, each.key) == ("attribute", "creation_timestamp")]
    if not times:
        return []
    conditions = [literal_column(IN_PRODUCTION), *_attributes(times, _VERSION_COLUMNS)]
    return [Candidate(select(model_versions.c.model_id, model_versions.c.version).where(*conditions))]


def _attributes(terms: Sequence[Term], columns: Mapping[str, Column]) -> list[ColumnElement[bool]]:
    return [_COMPARATORS[each.comparator](columns[each.key], each) for each in terms if each.kind == "attribute"]


def _tags(terms: Sequence[Term], tags: FromClause, row: Mapping[str, Column]) -> list[ColumnElement[bool]]:
    """One lookup of a row's tags for each key: a row has a key once, so its comparisons are about the same value.

    ``row``: the row's columns by which its tags are found.
    """
    return [
        select(literal_column("1"))
        .where(*(tags.c[name] == column for name, column in row.items()), _matches(tags, of_key))
        .select_from(tags)
        .exists()
        for of_key in _by_key(terms)
    ]


def _by_key(terms: Sequence[Term]) -> list[list[Term]]:
    """The comparisons of tags, grouped by key."""
    by_key: dict[str, list[Term]] = {}
    for each in terms:
        if each.kind == "tag":
            by_key.setdefault(each.key, []).append(each)
    return list(by_key.values())


def _matches(tags: FromClause, of_key: Sequence[Term]) -> ColumnElement[bool]:
    """All comparisons of the tag of one key."""
    key = parameter(f"given_key_{of_key[0].key}")
    return and_(tags.c.key == key, *(_has(tags.c.value, each) for each in of_key))


def _has(value: Column, term: Term) -> ColumnElement[bool]:
    """Equality is compared so that an index of values, or of their beginnings, can be used."""
    return has_value(value, term.value) if term.comparator == "=" else _COMPARATORS[term.comparator](value, term)


def _candidates(
    terms: Sequence[Term], tags: Table, row: Sequence[str], conditions: Sequence[ColumnElement[bool]]
) -> list[Candidate]:
    """The candidates for the terms that an index can answer: tags by their value, models by their name. ``conditions``
    are those on tags, and ``row`` the columns by which a row's tags are found."""
    candidates: list[Candidate] = []
    columns = {name: tags.c[name] for name in row}
    for of_key in _by_key(terms):
        others = [each for each in terms if each not in of_key]
        refined = partial(_refined, tags, columns, of_key, others)
        for each in of_key:
            if each.comparator in {"=", "LIKE", "ILIKE"}:
                rows = select(*columns.values()).where(_matches(tags, [each]))
                candidates.append(Candidate(rows, refined=refined, implied=conditions))
    for each in terms:
        if each.kind == "attribute" and each.key == "name" and each.comparator in PATTERNS:
            if each.comparator == "LIKE" and each.has_prefix:  # by the index of names
                rows = select(registered_models.c.id).where(
                    here(registered_models, drives=True), _COMPARATORS[each.comparator](registered_models.c.name, each)
                )
                candidates.append(Candidate(rows, MAX_NAME_MATCHES))
            elif each.has_trigram:
                candidates.append(Candidate(select(_named(each).c.model_id), MAX_NAME_MATCHES))
        if (each.kind, each.key, each.comparator) == ("attribute", "alias", "="):
            rows = select(*(aliases.c[name] for name in row)).where(aliases.c.alias == each.value)
            candidates.append(Candidate(rows))
    return candidates


def _named(term: Term) -> Any:
    """The models whose names match, and perhaps more, found by an index."""
    if term.comparator == "LIKE":
        return names_like(term.value, term.glob)
    return names_ilike(term.wildcard_pattern if term.comparator == "CONTAINS" else term.value)


def _refined(tags: Table, columns: Mapping[str, Column], of_key: Sequence[Term], others: Sequence[Term]) -> Select[Any]:
    """The rows whose tag of one key matches, and those of the other keys, too."""
    return select(*columns.values()).where(_matches(tags, of_key), *_tags(others, tags.alias("other_tags"), columns))


def _clauses(
    shape: Shape,
    columns: Mapping[str, Column],
    conditions: list[ColumnElement[bool]],
    candidates: Sequence[Candidate],
) -> Clauses:
    position = [columns[each.key] for each in shape.order]
    if shape.has_position:
        conditions.append(_after(shape.order, position))
    order = [
        column.asc() if each.ascending else column.desc() for each, column in zip(shape.order, position, strict=True)
    ]
    named = any((each.kind, each.key, each.comparator) == ("attribute", "name", "=") for each in shape.terms)
    return Clauses(conditions, order, position, None if named else candidates)


def _after(order: Sequence[Order], columns: Sequence[Column], number: int = 0) -> ColumnElement[bool]:
    """Rows after a position: beyond it in the first key or, if that is equal, after it in the others.

    Each step has two conditions on its key, so that an index on the first key can be used.
    """
    (first, *others), (column, *other_columns) = order, columns
    bound = parameter(f"given_position_{number}", number=first.key in NUMBERS)
    beyond = column > bound if first.ascending else column < bound
    if not others:
        return beyond
    reached = column >= bound if first.ascending else column <= bound
    return and_(reached, or_(beyond, _after(others, other_columns, number + 1)))
