"""The query planner of searches: which candidate index, if any, should drive a query.

How many rows a candidate has is not estimated from statistics but counted, up to a limit; so a search takes about as
long on a registry of any size, with or without the database's statistics, unless more than MAX_DRIVING_ROWS match and
all of them are at the end of the order.
"""

from collections.abc import Callable, Sequence
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Integer, Select, bindparam, func, literal, select, tuple_

from tui_registry_server.rules.permissions import Level
from tui_registry_server.rules.principals import Principal
from tui_registry_server.store.access import caller, here, readable, readable_objects
from tui_registry_server.store.deadlines import require_thread
from tui_registry_server.store.read_cache import cached_read
from tui_registry_server.store.statements import Rows, Statement
from tui_registry_server.store.tables import registered_models

MAX_DRIVING_ROWS = 15_000
"""Rows that are collected and sorted in some 30 ms. If more match, scanning in the order of the results soon finds a
page of them, unless all of them are at its end."""
MAX_INLINE_ROWS = 3_000
"""More driving rows than this are collected in a thread."""
MAX_CANDIDATES = 10
"""Candidates that are counted; further comparisons, which few searches have, only filter the rows."""
MAX_NAME_MATCHES = 2_000
"""The limit of models found by the trigrams of their names: they cost more each, and scanning by name costs less."""

Columns = tuple[ColumnElement[Any], ...]


class Candidate(NamedTuple):
    """A query that is answered by an index, and that may drive the search if it has at most ``max_rows``. Every result
    is among its rows: ids of models or, with two columns, models' ids and version numbers.

    refined: builds a query of its rows that also match some of the conditions, so that fewer have to be looked up.
    implied: those conditions, which need not be checked again.
    """

    rows: Select[Any]
    max_rows: int = MAX_DRIVING_ROWS
    refined: Callable[[], Select[Any]] | None = None
    implied: Sequence[ColumnElement[bool]] = ()


class Clauses(NamedTuple):
    """Conditions and order of a page, and the columns of a row's position, after which the next page begins.
    ``candidates`` is None if the conditions have few rows already: all results have the same name."""

    conditions: Sequence[ColumnElement[bool]]
    order: Sequence[ColumnElement[Any]]
    position: Sequence[ColumnElement[Any]]
    candidates: Sequence[Candidate] | None


class QueryPlan:
    """The statements of a search, by driving candidates. Each is built when it is first needed."""

    def __init__(
        self,
        found: Select[Any],
        clauses: Clauses,
        *,
        row: Columns,
        in_workspace_order: bool = False,
    ) -> None:
        """``found``: the query without conditions, of registered_models and perhaps others, to which the position is
        added. ``row``: the columns that a candidate's columns are compared with, as many as it has; the first is the
        model's id. ``in_workspace_order``: whether the indexes of the order begin with the workspace."""
        self._found = found.add_columns(*clauses.position)
        self._conditions = clauses.conditions
        self._order = clauses.order
        self._row = row
        self._in_workspace_order = in_workspace_order
        self._candidates = (
            None
            if clauses.candidates is None
            else [_CountedCandidate(each) for each in clauses.candidates[:MAX_CANDIDATES]]
        )
        readable_rows = Candidate(readable_objects(), refined=partial(readable_objects, distinct=False))
        self._readable = _CountedCandidate(readable_rows, cached_by="identities")  # what the caller may read
        # There may be few, among many of other workspaces.
        self._here = _CountedCandidate(
            Candidate(select(registered_models.c.id).where(here(registered_models, drives=True)))
        )
        self._intersections: dict[Driving, _CountedCandidate] = {}
        self._pages: dict[Driving, Statement] = {}
        self._counts: dict[Driving, Statement] = {}

    def page(self, connection: Connection, principal: Principal, given: dict[str, Any], limit: int) -> Rows:
        """The rows that match and that the caller may read, at most ``limit``. ``given``: the query's parameters."""
        given = given | caller(principal)
        driving = self._choose_driving(connection, principal, given)
        if driving not in self._pages:
            found = self._driven_by(driving).order_by(*self._order)
            self._pages[driving] = Statement(found.limit(bindparam("limit", type_=Integer())))
        return self._pages[driving].run(connection, limit=limit, **given)

    def count(self, connection: Connection, principal: Principal, given: dict[str, Any], limit: int) -> int:
        """How many rows match that the caller may read, counted up to ``limit``."""
        given = given | caller(principal)
        driving = self._choose_driving(connection, principal, given)
        if driving not in self._counts:
            found = self._driven_by(driving).with_only_columns(literal(1).label("one"), maintain_column_froms=True)
            rows = found.limit(bindparam("limit", type_=Integer())).subquery()
            self._counts[driving] = Statement(select(func.count()).select_from(rows))
        count: int = self._counts[driving].scalar(connection, limit=limit, **given)
        return count

    def _choose_driving(self, connection: Connection, principal: Principal, given: dict[str, Any]) -> "Driving":
        """The smallest candidate if it is small enough, or all of them if their intersection is; or none."""
        if self._candidates is None:
            return ()
        readable_candidate = (self._readable,) if principal.root_level < Level.READ else ()
        here_candidate = () if principal.only_workspace or self._in_workspace_order else (self._here,)
        candidates = (*self._candidates, *readable_candidate, *here_candidate)
        sizes = [(each.size(connection, given), each) for each in candidates]
        small = [(size, each) for size, each in sizes if size <= each.candidate.max_rows]
        if small:
            size, driving = min(small, key=itemgetter(0))
            if size > MAX_INLINE_ROWS:
                require_thread(connection)
            return (driving,)
        if len(candidates) > 1:  # each of them is large, but their intersection may be small
            if candidates not in self._intersections:
                self._intersections[candidates] = _CountedCandidate(Candidate(self._driven_by(candidates)))
            if self._intersections[candidates].size(connection, given) <= MAX_DRIVING_ROWS:
                return candidates
        return ()

    def _driven_by(self, driving: "Driving") -> Select[Any]:
        is_readable = here(registered_models)
        if driving != (self._readable,):
            is_readable = readable(self._row[0], registered_models)
        found = self._found.where(is_readable)
        if self._in_workspace_order and not driving:
            found = found.where(here(registered_models, drives=True))
        implied: set[ColumnElement[bool]] = set()
        for candidate in (counted.candidate for counted in driving):
            if candidate.implied and implied.issuperset(candidate.implied):
                continue  # it would add no condition
            rows = candidate.rows if candidate.refined is None else candidate.refined()
            columns = self._row[: len(rows.selected_columns)]
            found = found.where((tuple_(*columns) if len(columns) > 1 else columns[0]).in_(rows))
            implied.update(candidate.implied)
        return found.where(*(each for each in self._conditions if each not in implied))


class _CountedCandidate:
    """A candidate, and the statement that counts its rows, up to ``max_rows`` plus one. ``cached_by``: the only
    parameter of its rows, if their number is to be cached until the database changes."""

    def __init__(self, candidate: Candidate, *, cached_by: str = "") -> None:
        self.candidate = candidate
        self._cached_by = cached_by
        rows = candidate.rows.limit(candidate.max_rows + 1).subquery()
        self._count = Statement(select(func.count()).select_from(rows))

    def size(self, connection: Connection, given: dict[str, Any]) -> int:
        def read() -> int:
            count: int = self._count.scalar(connection, **given)
            return count

        if not self._cached_by:
            return read()
        return cached_read(connection, ("candidates", self._cached_by, given[self._cached_by]), read)


Driving = tuple[_CountedCandidate, ...]
