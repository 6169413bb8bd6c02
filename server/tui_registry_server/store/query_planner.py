"""The query planner of searches: which candidate index, if any, should drive a query.

Whether a candidate is few is not guessed from statistics but tried, up to a bound; so an answer takes about as long on
a registry of any size, whatever its database knows of itself.
"""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Integer, Select, bindparam, func, select, tuple_

from tui_registry_server.rules.permissions import Level
from tui_registry_server.rules.principals import Principal
from tui_registry_server.store.access import caller, readable, readable_objects
from tui_registry_server.store.deadlines import require_thread
from tui_registry_server.store.statements import Rows, Statement

MAX_DRIVING_ROWS = 15_000
"""Rows that are collected and sorted in some 30 ms. Where more match, walking along the order soon meets a page of
them, unless all of them are at its end."""
MAX_INLINE_ROWS = 3_000
"""Rows whose collecting takes so long that it is not begun on the event loop."""
MAX_CANDIDATES = 10
"""Candidates that are tried; what few searches compare besides only decides which of the rows found are shown."""
MAX_NAME_MATCHES = 2_000
"""The same of models found by the trigrams of their names: each of these costs more, and walking along names less."""

Columns = tuple[ColumnElement[Any], ...]


class Candidate(NamedTuple):
    """A query that an index answers, and how many of its rows are few. Whatever is found is among its rows: the ids of
    models or, where it has two columns, models' ids and version numbers.

    narrowed: makes what selects its rows that meet some of the conditions, too, so that less has to be looked up.
    says: those conditions, which need not be asked for.
    """

    rows: Select[Any]
    max_rows: int = MAX_DRIVING_ROWS
    refined: Callable[[], Select[Any]] | None = None
    implied: Sequence[ColumnElement[bool]] = ()


class Clauses(NamedTuple):
    """What a page is selected by, sorted by, and gives besides, so that the next can go on after it. ``candidates`` is
    None where the conditions themselves lead to few: all that is found has the same name."""

    conditions: Sequence[ColumnElement[bool]]
    order: Sequence[ColumnElement[Any]]
    position: Sequence[ColumnElement[Any]]
    candidates: Sequence[Candidate] | None


class QueryPlan:
    """The statements that may lead to a page of what is found. Each is put together when it is first needed."""

    def __init__(
        self,
        found: Select[Any],
        clauses: Clauses,
        *,
        row: Columns,
    ) -> None:
        """``found``: what a row gives besides its position. ``row``: the columns of what is found that a candidate's
        columns are compared with, as many as it has; the first is the model's id."""
        self._found = found.add_columns(*clauses.position)
        self._conditions = clauses.conditions
        self._order = clauses.order
        self._row = row
        self._candidates = (
            None
            if clauses.candidates is None
            else [_CountedCandidate(each) for each in clauses.candidates[:MAX_CANDIDATES]]
        )
        self._readable = _CountedCandidate(Candidate(readable_objects()))  # what the caller may read
        self._intersections: dict[Driving, _CountedCandidate] = {}
        self._pages: dict[Driving, Statement] = {}

    def page(self, connection: Connection, principal: Principal, given: dict[str, Any], limit: int) -> Rows:
        """What is found and the caller may read, ``limit`` rows at the most. ``given``: the query's parameters."""
        given = given | caller(principal)
        driving = self._choose_driving(connection, principal, given)
        if driving not in self._pages:
            found = self._driven_by(driving).order_by(*self._order)
            self._pages[driving] = Statement(found.limit(bindparam("limit", type_=Integer())))
        return self._pages[driving].run(connection, limit=limit, **given)

    def _choose_driving(self, connection: Connection, principal: Principal, given: dict[str, Any]) -> "Driving":
        """The smallest of the candidates if that one is few, or all of them if what they have in common is; or none."""
        if self._candidates is None:
            return ()
        readable_candidate = (self._readable,) if principal.root_level < Level.READ else ()
        candidates = (*self._candidates, *readable_candidate)
        sizes = [(each.size(connection, given), each) for each in candidates]
        small = [(size, each) for size, each in sizes if size <= each.candidate.max_rows]
        if small:
            size, driving = min(small, key=itemgetter(0))
            if size > MAX_INLINE_ROWS:
                require_thread(connection)
            return (driving,)
        if len(candidates) > 1:  # each of them is many, but what they have in common may be few
            if candidates not in self._intersections:
                self._intersections[candidates] = _CountedCandidate(Candidate(self._driven_by(candidates)))
            if self._intersections[candidates].size(connection, given) <= MAX_DRIVING_ROWS:
                return candidates
        return ()

    def _driven_by(self, driving: "Driving") -> Select[Any]:
        found = self._found if driving == (self._readable,) else self._found.where(readable(self._row[0]))
        implied: set[ColumnElement[bool]] = set()
        for candidate in (counted.candidate for counted in driving):
            if candidate.implied and implied.issuperset(candidate.implied):
                continue  # it would say nothing new
            rows = candidate.rows if candidate.refined is None else candidate.refined()
            columns = self._row[: len(rows.selected_columns)]
            found = found.where((tuple_(*columns) if len(columns) > 1 else columns[0]).in_(rows))
            implied.update(candidate.implied)
        return found.where(*(each for each in self._conditions if each not in implied))


class _CountedCandidate:
    """A candidate, and what counts its rows no further than one more than few."""

    def __init__(self, candidate: Candidate) -> None:
        self.candidate = candidate
        rows = candidate.rows.limit(candidate.max_rows + 1).subquery()
        self._count = Statement(select(func.count()).select_from(rows))

    def size(self, connection: Connection, given: dict[str, Any]) -> int:
        count: int = self._count.scalar(connection, **given)
        return count


Driving = tuple[_CountedCandidate, ...]
