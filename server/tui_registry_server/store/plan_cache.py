"""The plans of searches: one for each shape, as putting one together costs more than to run it on few rows."""

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
from tui_registry_server.store.search import Shape, parameters_of, shape_of
from tui_registry_server.store.statements import Rows

MAX_CACHED_TERMS = 1024  # of all plans that are kept: clients ask the same few shapes over and over. A plan is hundreds
# of objects, which Python looks through for garbage while everybody waits: those of 4,096 terms took 80 ms.
MAX_INLINE_ROWS = 200  # whose documents take too long to read on the event loop
MAX_INLINE_TERMS = 2  # of which a plan is put together on the event loop: in some milliseconds


class PlanCache:
    """The plans of the searches of one kind. What takes long is not begun on the event loop a second time, and what
    must be put together from many parts not at all."""

    def __init__(self, make: Callable[[Shape], QueryPlan]) -> None:
        self._make = make
        self._cache: OrderedDict[Shape, QueryPlan] = OrderedDict()
        self._terms = 0
        self._slow: set[Shape] = set()
        """Those kept that took long when they were last run."""
        self._lock = threading.Lock()

    def rows(self, connection: Connection, principal: Principal, search: Search, limit: int) -> Rows:
        """What is found and the caller may read, ``limit`` rows at the most."""
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

    def _plan(self, shape: Shape) -> QueryPlan:
        with self._lock:
            if (known := self._cache.get(shape)) is not None:
                self._cache.move_to_end(shape)
                return known
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
