"""The fair thread pool: callers with many jobs leave threads to others."""

import asyncio
import threading
from collections import Counter

import pytest

from tui_registry_server.store.fair_thread_pool import FairThreadPool


def nothing() -> None:
    pass


async def test_who_has_much_to_be_done_does_not_hold_up_others() -> None:
    pool = FairThreadPool(4, "test")
    go_on = threading.Event()
    running: Counter[str] = Counter()

    def wait() -> bool:
        running["much"] += 1
        return go_on.wait(30)

    try:
        much = [pool.run("much", wait, nothing) for _ in range(20)]
        assert [await pool.run("other", lambda: "done", nothing) for _ in range(5)] == ["done"] * 5
        assert running["much"] == 3
        assert not any(each.done() for each in much)
    finally:
        go_on.set()
    assert all(await asyncio.gather(*much))
    pool.close()


async def test_the_servers_own_work_has_all_threads() -> None:
    pool = FairThreadPool(2, "test")
    together = threading.Barrier(2, timeout=30)
    await asyncio.gather(pool.run(None, together.wait, nothing), pool.run(None, together.wait, nothing))
    pool.close()


async def test_those_who_wait_take_turns() -> None:
    pool = FairThreadPool(1, "test")
    go_on = threading.Event()
    order: list[str] = []
    first = pool.run("a", lambda: go_on.wait(30), nothing)
    others = [pool.run(by, lambda by=by: order.append(by), nothing) for by in "aaabbc"]  # type: ignore[misc]  # bound now
    go_on.set()
    await asyncio.gather(first, *others)
    assert order == ["a", "b", "c", "a", "b", "a"]
    pool.close()


async def test_what_nobody_waits_for_any_more_is_not_begun() -> None:
    pool = FairThreadPool(1, "test")
    go_on = threading.Event()
    ended: list[str] = []
    first = pool.run("a", lambda: go_on.wait(30), lambda: ended.append("first"))
    never = pool.run("a", lambda: ended.append("ran"), lambda: ended.append("never"))
    never.cancel()
    go_on.set()
    await first
    await pool.run("a", nothing, nothing)
    assert ended == ["first", "never"]
    pool.close()


async def test_a_failure_is_reported_to_who_asked() -> None:
    pool = FairThreadPool(1, "test")

    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await pool.run("a", fail, nothing)
    assert await pool.run("a", lambda: 1, nothing) == 1
    pool.close()
