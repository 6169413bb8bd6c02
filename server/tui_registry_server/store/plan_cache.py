"""A cache of query plans of searches, one for each shape: building one costs more than running it on few rows."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from tui_registry_server.rules.principals import Principal
from tui_registry_server.rules.search import Search
from tui_registry_server.store.deadlines import INLINE_SECONDS, InlineBudgetExceededError, require_thread
from tui_registry_server.store.query_planner import QueryPlan
from tui_registry_server.store.search_shape import Shape, parameters_of, shape_of
from tui_registry_server.store.statements import Rows

MAX_CACHED_TERMS = 1024  # of all cached plans: clients repeat the same few shapes. A plan is hundreds of objects, and
# Python's garbage collection of those of 4,096 terms blocked the event loop for 80 ms.
MAX_INLINE_ROWS = 200  # the documents of more rows are read in a thread
MAX_INLINE_TERMS = 2  # plans of more terms, which take some milliseconds to build, are built in a thread


class PlanCache:
    """The plans of searches for models, or for versions. Searches whose plan took long before, or has to be built from
    many terms, are run in a thread at once."""

    def __init__(self, make: Callable[[Shape], QueryPlan]) -> None:
        self._make = make
        self._cache: OrderedDict[Shape, QueryPlan] = OrderedDict()
        self._terms = 0
        self._slow: set[Shape] = set()
        """Cached shapes that took long when they were last run."""
        self._lock = threading.Lock()

    def rows(self, connection: Connection, principal: Principal, search: Search, limit: int) -> Rows:
        """The rows that match and that the caller may read, at most ``limit``."""
        shape = shape_of(search)
        if (
            shape.compares_texts
            or shape in self._slow
            or (shape not in self._cache and len(shape.terms) > MAX_INLINE_TERMS)
        ):
            require_thread(connection)
        plan = self._plan(shape)
        began = time.perf_counter()
        try:
            rows = plan.page(connection, principal, parameters_of(search), limit)
            if len(rows) > MAX_INLINE_ROWS:
                require_thread(connection)
        except (InlineBudgetExceededError, DBAPIError):
            self._slow.add(shape)
            raise
        if time.perf_counter() - began < INLINE_SECONDS:
            self._slow.discard(shape)
        return rows

    def count(self, connection: Connection, principal: Principal, search: Search, limit: int) -> int:
        """How many rows match that the caller may read, on all pages, counted up to ``limit``. To be called in a
        thread."""
        require_thread(connection)
        return self._plan(shape_of(search)).count(connection, principal, parameters_of(search), limit)

    def _plan(self, shape: Shape) -> QueryPlan:
        with self._lock:
            if (cached := self._cache.get(shape)) is not None:
                self._cache.move_to_end(shape)
                return cached
        plan = self._make(shape)
        with self._lock:
            if self._cache.setdefault(shape, plan) is plan:
                self._terms += _weight(shape)
            while self._terms > MAX_CACHED_TERMS and len(self._cache) > 1:
                evicted, _ = self._cache.popitem(last=False)
                self._slow.discard(evicted)
                self._terms -= _weight(evicted)
        return plan


def _weight(shape: Shape) -> int:
    return 1 + len(shape.terms)
