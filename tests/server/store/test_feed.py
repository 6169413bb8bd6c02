"""All queries of the feed, compared with a list in Python: with any order of times and of numbers, and with all
ways of granting levels."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from tests.live_registry import fresh_database
from tui_registry_server.rules.permissions import Level
from tui_registry_server.rules.principals import Principal
from tui_registry_server.store import feed, schema, tables
from tui_registry_server.store.engine import database_url, make_engine
from tui_registry_server.store.feed import FeedPosition, Filter
from tui_registry_server.wire.principal import PrincipalKind

ACTIVITIES, MODELS, TIMES = 300, 12, 40
OWN = ("m1", "m5", "m6")
ADMIN = Principal("1", "ada", PrincipalKind.USER, "", ("1",), Level.MANAGE, admin=True)
READER = Principal("2", "bob", PrincipalKind.USER, "", ("2", "3"), Level.NONE, admin=False)
UNPRIVILEGED = Principal("4", "eve", PrincipalKind.USER, "", ("4",), Level.NONE, admin=False)
MAY_READ = {ADMIN: {f"m{number}" for number in range(MODELS)}, READER: set(OWN), UNPRIVILEGED: set()}
WAYS = {"own": (100, 10_000), "among own": (100, 10), "any": (1, 10)}
"""Small limits of objects and activities."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Connection, list[dict[str, Any]]]]:
    """Numbers are not in the order of time, and many activities have the same time."""
    chance = random.Random(1)
    rows = [
        {
            "sequence": sequence,
            "id": f"{sequence:032}",
            "activity_type": chance.choice(("SET_TAG", "NEW_COMMENT", "CREATED_VERSION")),
            "creation_timestamp": chance.randrange(TIMES),
            "principal_id": "1",
            "user_id": chance.choice(("ada", "bob")),
            "model_id": chance.choice((None, *(f"m{number}" for number in range(MODELS)))),
            "model_name": "of then",
            "version": chance.choice((None, 1, 2)),
        }
        for sequence in range(1, ACTIVITIES + 1)
    ]
    folder = tmp_path_factory.mktemp("feed")
    with fresh_database(folder) as database:
        url = database_url(database)
        schema.upgrade(url, now=0)
        engine = make_engine(url, write=True)
        with engine.begin() as connection:
            principals = {"kind": "user", "active": True, "creation_timestamp": 0}
            connection.execute(
                insert(tables.principals),
                [{"id": each, "name": each, "name_key": each, **principals} for each in ("2", "3")],
            )
            granted = [(OWN[0], "2"), (OWN[1], "3"), (OWN[2], "2"), (OWN[2], "3")]
            connection.execute(
                insert(tables.grants),
                [{"object_id": a, "principal_id": b, "level": int(Level.READ)} for a, b in granted],
            )
            connection.execute(insert(tables.activities), rows)
        engine.dispose()
        engine = make_engine(url, write=False)
        with engine.connect() as connection:
            yield connection, rows
        engine.dispose()


def expected(rows: list[dict[str, Any]], who: Principal, narrowed: Filter) -> list[int]:
    """Numbers."""
    found = [
        row
        for row in rows
        if row["model_id"] in MAY_READ[who]
        and narrowed.model_id in (None, row["model_id"])
        and narrowed.version in (None, row["version"])
        and narrowed.user in (None, row["user_id"])
        and (not narrowed.types or row["activity_type"] in narrowed.types)
        and (narrowed.since is None or row["creation_timestamp"] >= narrowed.since)
        and (narrowed.until is None or row["creation_timestamp"] < narrowed.until)
    ]
    return [row["sequence"] for row in sorted(found, key=lambda row: (-row["creation_timestamp"], -row["sequence"]))]


def paged(connection: Connection, who: Principal, narrowed: Filter, size: int) -> Iterator[int]:
    before: FeedPosition | None = None
    while True:
        page, more = feed.feed(connection, who, narrowed, before=before, limit=size)
        yield from (row.sequence for row in page)
        if not more:
            return
        before = FeedPosition(page[-1].creation_timestamp, page[-1].sequence)


NARROWED = (
    Filter(),
    Filter(model_id="m5"),
    Filter(model_id="m5", version=2),
    Filter(model_id="m2"),
    Filter(user="bob"),
    Filter(types=("NEW_COMMENT",)),
    Filter(types=("NEW_COMMENT", "SET_TAG")),
    Filter(since=10),
    Filter(until=10),
    Filter(since=10, until=11),
    Filter(since=30, until=10),
    Filter(since=5, until=35, user="ada", types=("SET_TAG",)),
    Filter(model_id="m6", since=5, until=35),
    Filter(since=2**62, until=2**63 - 1),
)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("who", MAY_READ, ids=lambda who: who.name)
def test_pages_are_the_feed(
    who: Principal,
    way: str,
    written: tuple[Connection, list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connection, rows = written
    few_objects, few = WAYS[way]
    monkeypatch.setattr(feed, "MAX_COLLECTED_OBJECTS", few_objects)
    monkeypatch.setattr(feed, "MAX_SORTED_ACTIVITIES", few)
    for narrowed in NARROWED:
        wanted = expected(rows, who, narrowed)
        for size in (1, 7, 1000):
            assert list(paged(connection, who, narrowed, size)) == wanted, narrowed
    assert [row.sequence for row in feed.after(connection, who, 100).rows] == [
        row["sequence"] for row in rows if row["sequence"] > 100 and row["model_id"] in MAY_READ[who]
    ]
