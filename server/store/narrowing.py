"""Finding few rows among many: which of a search's candidates leads to them, if any does.

Whether a candidate is few is not guessed from statistics but tried, up to a bound; so an answer takes about as long on
a registry of any size, whatever its database knows of itself.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select, tuple_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from server.rules.permissions import Level
from server.rules.principals import Principal
from server.store.access import caller, readable_objects
from server.store.dialects import is_sqlite
from server.store.tables import model_name_trigrams, model_names, registered_models

FEW = 2_000
"""Rows that are collected and sorted in a few milliseconds. Where more match, they lie so close together along the
order, even among a million, that a page is soon found by walking it."""

Columns = tuple[ColumnElement[Any], ...]


def narrowed(
    connection: Connection, principal: Principal, found: Select[Any], candidates: Sequence[Select[Any]], row: Columns
) -> Select[Any]:
    """The query, led by the smallest of its candidates if that one is few; else as it is.

    ``row``: the columns of what is found that a candidate's columns are compared with, as many as it has.
    """
    given = caller(principal)
    if principal.root_level < Level.READ:
        candidates = [*candidates, readable_objects()]
    sizes = [_count(connection, candidate, given) for candidate in candidates]
    least = min(sizes, default=FEW + 1)
    if least <= FEW:
        return _among(found, candidates[sizes.index(least)], row)
    if len(candidates) > 1:  # each of them is many, but what they have in common may be few
        common = found
        for candidate in candidates:
            common = _among(common, candidate, row)
        if _count(connection, common, given) <= FEW:
            return common
    return found


def _among(found: Select[Any], candidate: Select[Any], row: Columns) -> Select[Any]:
    columns = row[: len(candidate.selected_columns)]
    return found.where((tuple_(*columns) if len(columns) > 1 else columns[0]).in_(candidate))


def _count(connection: Connection, query: Select[Any], given: dict[str, Any]) -> int:
    """How many rows there are, counted no further than one more than FEW."""
    rows = query.limit(FEW + 1).subquery()
    return connection.execute(select(func.count()).select_from(rows), given).scalar_one()


def has_trigram(pattern: str) -> bool:
    """Whether a pattern of LIKE has three characters in a row that are meant as they are, and does not begin so."""
    return pattern[:1] in {"%", "_"} and re.search(r"[^%_]{3}", pattern) is not None


class _NamedLike(FunctionElement[Any]):
    """A subquery: the ids of the models that a condition on names finds, by its trigrams."""

    inherit_cache = True
    name = "named_like"
