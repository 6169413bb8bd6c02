"""Lengthy reads and writes of an SQLite file, and concurrent writes by another program."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from tui_registry_server.rules.errors import InvalidState
from tui_registry_server.store import writer
from tui_registry_server.store.database import Database
from tui_registry_server.store.engine import database_url
from tui_registry_server.store.read_cache import MAX_ENTRIES, cached_read

COUNTED = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) SELECT i FROM n"
A_MILLION = COUNTED.format(1_000_000)
TURNS = 20
"""Minimum iterations of the event loop: thousands if the work runs in a thread, otherwise two or three."""


@contextlib.asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Database]:
    with contextlib.closing(sqlite3.connect(folder / "registry.db")) as connection:
        connection.execute("CREATE TABLE made (number INTEGER)")
    database = Database(database_url(str(folder / "registry.db")))
    try:
        yield database
    finally:
        database.close()


def made(folder: Path) -> list[int]:
    with contextlib.closing(sqlite3.connect(folder / "registry.db")) as connection:
        return [number for (number,) in connection.execute("SELECT number FROM made ORDER BY rowid")]


def adding(number: int, fault: Exception | None = None) -> Callable[[Connection], int]:
    def work(connection: Connection) -> int:
        connection.execute(text("INSERT INTO made VALUES (:number)"), {"number": number})
        if fault is not None:
            raise fault
        return number

    return work


def adding_a_million(connection: Connection) -> int:
    return connection.exec_driver_sql(f"INSERT INTO made SELECT -1 FROM ({A_MILLION})").rowcount


def summing(connection: Connection) -> int:
    total: int = connection.exec_driver_sql(f"SELECT sum(i) FROM ({A_MILLION})").scalar_one()
    return total


async def turns(until: asyncio.Future[int]) -> int:
    """Counts the iterations of the event loop."""
    count = 0
    while not until.done():
        await asyncio.sleep(0)
        count += 1
    return count


async def test_a_long_read_holds_up_nobody(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        reading = asyncio.ensure_future(database.read(summing))
        assert await turns(reading) > TURNS
        assert reading.result() == 500_000_500_000


async def test_a_long_write_holds_up_nobody_and_is_made_once(tmp_path: Path) -> None:
    """Nor are concurrent writes."""
    async with opened(tmp_path) as database:
        before = [asyncio.ensure_future(database.write(adding(number))) for number in range(3)]
        writing = asyncio.ensure_future(database.write(adding_a_million))
        after = [asyncio.ensure_future(database.write(adding(number))) for number in range(3, 6)]
        assert await turns(writing) > TURNS
        assert await asyncio.gather(*before, *after) == [0, 1, 2, 3, 4, 5]
        assert writing.result() == 1_000_000
    numbers = made(tmp_path)
    assert numbers[:3] + numbers[-3:] == [0, 1, 2, 3, 4, 5]
    assert numbers[3:-3] == [-1] * 1_000_000


async def test_a_view_has_another_number_after_every_commit_and_only_then(tmp_path: Path) -> None:
    """Whoever made it. Within an iteration of the event loop nothing changes."""
    async with opened(tmp_path) as database:

        async def view() -> tuple[int | None, int]:
            await asyncio.sleep(0)  # the next iteration
            before = database.view()
            count = await database.read(
                lambda connection: connection.execute(text("SELECT count(*) FROM made")).scalar_one()
            )
            assert database.view() == before
            return before, count

        first, _ = await view()
        assert await view() == (first, 0)
        await database.write(adding(1))
        second, count = await view()
        assert (second != first, count) == (True, 1)
        database.view()
        with contextlib.closing(sqlite3.connect(tmp_path / "registry.db", isolation_level=None)) as other:
            other.execute("INSERT INTO made VALUES (2)")
        assert database.view() == second
        third, count = await view()
        assert (third not in (first, second), count) == (True, 2)
        with pytest.raises(InvalidState):
            await database.write(adding(3, InvalidState("no")))
        assert await view() == (third, 2)


async def test_what_was_seen_is_read_anew_after_a_commit(tmp_path: Path) -> None:
    """And cached until then, up to the maximum size."""
    read = 0

    def counted(connection: Connection) -> int:
        nonlocal read
        read += 1
        count: int = connection.execute(text("SELECT count(*) FROM made")).scalar_one()
        return count

    def looking(number: int) -> Callable[[Connection], int]:
        return lambda connection: cached_read(connection, number, lambda: counted(connection))

    async with opened(tmp_path) as database:
        for made_so_far in range(3):
            for number in (0, 1, 0, 1):
                await asyncio.sleep(0)
                assert await database.read(looking(number)) == made_so_far
            assert read == 2 * (made_so_far + 1)
            await database.write(adding(made_so_far))
        read = 0
        for number in (*range(MAX_ENTRIES), *range(MAX_ENTRIES)):
            await database.read(looking(number))
        assert read == MAX_ENTRIES
        await database.read(looking(MAX_ENTRIES))
        await database.read(looking(0))
        assert read == MAX_ENTRIES + 2
        assert await database.write(looking(0)) == 3, "where something is changed, nothing is kept"
        assert read == MAX_ENTRIES + 3


async def test_a_write_that_fails_undoes_itself_alone(tmp_path: Path) -> None:
    notified: list[bool] = []
    async with opened(tmp_path) as database:
        database.commit_listeners.append(lambda: notified.append(True))
        outcomes = await asyncio.gather(
            *(database.write(adding(number, InvalidState("no") if number % 3 == 1 else None)) for number in range(9)),
            return_exceptions=True,
        )
        assert [isinstance(each, InvalidState) for each in outcomes] == [number % 3 == 1 for number in range(9)]
        commits = len(notified)
        assert commits >= 1
        with pytest.raises(InvalidState):
            await database.write(adding(9, InvalidState("no")))
        assert len(notified) == commits, "nothing was committed"
        assert await database.write(adding(10)) == 10
    assert made(tmp_path) == [0, 2, 3, 5, 6, 8, 10]


async def test_while_another_program_writes(tmp_path: Path) -> None:
    """Writes wait for it, reads do not."""
    async with opened(tmp_path) as database:
        with contextlib.closing(sqlite3.connect(tmp_path / "registry.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            writing = [asyncio.ensure_future(database.write(adding(number))) for number in range(5)]
            for _ in range(TURNS):
                assert await database.read(lambda connection: connection.exec_driver_sql("SELECT 1").scalar_one()) == 1
                await asyncio.sleep(0.01)
            assert not any(each.done() for each in writing)
            other.execute("INSERT INTO made VALUES (100)")
            other.execute("COMMIT")
            assert await asyncio.gather(*writing) == [0, 1, 2, 3, 4]
        assert await database.write(adding(5)) == 5
    assert made(tmp_path) == [100, 0, 1, 2, 3, 4, 5]


async def test_what_is_queued_is_finished_at_the_end(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        writing = [asyncio.ensure_future(database.write(adding(number))) for number in range(200)]
        await asyncio.sleep(0)
    assert made(tmp_path) == list(range(200))
    assert await asyncio.gather(*writing) == list(range(200))


async def test_however_long_it_takes_to_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At least one write is made in each iteration."""
    monkeypatch.setattr(writer, "MAX_INLINE_SECONDS", 0.0)
    async with opened(tmp_path) as database:
        assert await asyncio.gather(*(database.write(adding(number)) for number in range(20))) == list(range(20))
    assert made(tmp_path) == list(range(20))


async def test_a_read_that_nobody_waits_for_is_given_up(tmp_path: Path) -> None:
    """Otherwise the end of the loop would wait for it."""
    async with opened(tmp_path) as database:
        reading = asyncio.ensure_future(
            database.read(lambda connection: connection.exec_driver_sql(COUNTED.format(10**9)).fetchall(), lengthy=True)
        )
        await asyncio.sleep(0.05)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert await database.read(summing) == 500_000_500_000


@pytest.mark.parametrize("begun", ["on the loop", "in the thread"])
async def test_writing_goes_on_after_whatever_went_wrong(tmp_path: Path, begun: str) -> None:
    def stops(connection: Connection) -> int:
        if begun == "in the thread":
            adding(-1)(connection)  # so that it is restarted in a thread
        raise StopIteration

    def telling() -> None:
        raise InvalidState("nobody listens")

    def is_undone(connection: Connection) -> int:
        """As SQLite does if the disk is full."""
        adding(-1)(connection)
        connection.exec_driver_sql("ROLLBACK")
        raise InvalidState("the disk is full")

    async with opened(tmp_path) as database:
        database.commit_listeners.append(telling)
        assert await database.write(adding(0)) == 0
        with pytest.raises(RuntimeError):
            await database.write(stops)
        with pytest.raises(InvalidState, match="disk"):
            await database.write(is_undone)
        assert await database.write(adding(1)) == 1
    assert made(tmp_path) == [0, 1]
