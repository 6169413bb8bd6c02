"""Finding few rows among many: which of a search's candidates leads to them, if any does.

Whether a candidate is few is not guessed from statistics but tried, up to a bound; so an answer takes about as long on
a registry of any size, whatever its database knows of itself.
"""

from collections.abc import Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, func, select, tuple_

from server.rules.permissions import Level
from server.rules.principals import Principal
from server.store.access import caller, readable, readable_objects

FEW = 15_000
"""Rows that are collected and sorted in some 30 ms. Where more match, walking along the order soon meets a page of
them, unless all of them are at its end."""
FEW_NAMES = 2_000
"""The same of models found by the trigrams of their names: each of these costs more, and walking along names less."""

Columns = tuple[ColumnElement[Any], ...]


class Candidate(NamedTuple):
    """A query that an index answers, and how many of its rows are few. Whatever is found is among its rows: the ids of
    models or, where it has two columns, models' ids and version numbers."""

    rows: Select[Any]
    few: int = FEW


def narrowed(
    connection: Connection,
    principal: Principal,
    found: Select[Any],
    candidates: Sequence[Candidate] | None,
    row: Columns,
) -> Select[Any]:
    """Of what is found what the caller may read, led by the smallest of the candidates if that one is few.

    ``row``: the columns of what is found that a candidate's columns are compared with, as many as it has; the first is
    the model's id.
    """
    given = caller(principal)
    readables = found.where(readable(row[0]))
    if candidates is None:
        return readables
    own = Candidate(readable_objects())  # the same, but as a candidate
    if principal.root_level < Level.READ:
        candidates = [*candidates, own]
    few = [(size, each) for each in candidates if (size := _count(connection, each.rows, each.few, given)) <= each.few]
    if few:
        least = min(few, key=itemgetter(0))[1]
        return _among(found if least is own else readables, least, row)
    if len(candidates) > 1:  # each of them is many, but what they have in common may be few
        common = readables
        for candidate in candidates:
            common = _among(common, candidate, row)
        if _count(connection, common, FEW, given) <= FEW:
            return common
    return readables


def _among(found: Select[Any], candidate: Candidate, row: Columns) -> Select[Any]:
    columns = row[: len(candidate.rows.selected_columns)]
    return found.where((tuple_(*columns) if len(columns) > 1 else columns[0]).in_(candidate.rows))


def _count(connection: Connection, query: Select[Any], few: int, given: dict[str, Any]) -> int:
    """How many rows there are, counted no further than one more than few."""
    rows = query.limit(few + 1).subquery()
    return connection.execute(select(func.count()).select_from(rows), given).scalar_one()
