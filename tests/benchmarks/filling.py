"""A registry of any size, deterministic, inserted directly into its tables and cached in a folder."""

import json
import random
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, insert

from tests.live_registry import ADMIN, command
from tui_registry_server.rules.permissions import Level
from tui_registry_server.store.engine import database_url, make_engine
from tui_registry_server.store.tables import (
    activities,
    grants,
    memberships,
    model_tags,
    model_versions,
    principals,
    registered_models,
    transition_requests,
    version_tags,
)

VERSIONS = 10  # of each model
HUGE, HUGE_VERSIONS = "huge-model", 60_000
REQUESTS = 500
READER = "reader@example.com"
"""May read one model in a hundred: half of them by name, half by a group."""

TEAMS = ("risk", "fraud", "search", "pricing", "logistics", "marketing", "support", "platform")
TOPICS = ("churn", "demand", "ranking", "scoring", "routing", "forecast", "segments", "anomalies", "intent", "uplift")
REGIONS = ("eu", "us", "apac", "latam", "dach", "nordics", "uk")
FRAMEWORKS = ("sklearn", "lightgbm", "xgboost", "pytorch", "tensorflow")
PEOPLE = tuple(f"person-{number:02}@example.com" for number in range(50))
DAY = 86_400_000
BEGINNING = 1_700_000_000_000
ROWS = 20_000  # inserted at once


@dataclass(frozen=True)
class Filled:
    """A database with ``models`` models, and tokens of its users."""

    database: str
    models: int
    admin_token: str
    reader_token: str


def filled(folder: Path, models: int) -> Filled:
    """The registry of that size in a subfolder; created if it does not exist."""
    home = folder / f"{models}-models"
    facts = home / "facts.json"
    if not facts.exists():
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        database = str(home / "registry.db")
        command(database, "users", "create", ADMIN, "--admin")
        command(database, "users", "create", READER)
        made = Filled(
            database, models, *(command(database, "tokens", "create", user).strip() for user in (ADMIN, READER))
        )
        fill(database, models)
        facts.write_text(json.dumps(asdict(made)))
    return Filled(**json.loads(facts.read_text()))


def fill(database: str, models: int) -> None:
    """Insert models with versions, tags, grants, requests and activities into a new database."""
    chance = random.Random(models)
    with writing(database) as connection:
        reader = connection.exec_driver_sql(f"SELECT id FROM principals WHERE name = '{READER}'").scalar()
        put(connection, principals, [_group(number, team) for number, team in enumerate((*TEAMS, "readers"))])
        put(connection, memberships, [{"group_id": group_id(len(TEAMS)), "member_id": reader}])
        rows = [_model(number, chance) for number in range(models - 1)]
        rows.append(_model(models - 1, chance) | {"name": HUGE, "last_version": HUGE_VERSIONS})
        put(connection, registered_models, rows)
        put(connection, model_tags, (tag for number in range(models) for tag in _model_tags(number)))
        put(connection, grants, _grants(models, str(reader)))
        put(connection, model_versions, (version for row in rows for version in _versions(row, chance)))
        put(connection, version_tags, (tag for row in rows for tag in _version_tags(row, chance)))
        last = connection.exec_driver_sql("SELECT coalesce(max(sequence), 0) FROM activities").scalar_one()
        numbered = ({"sequence": last + number} | each for number, each in enumerate(_activities(rows), 1))
        put(connection, activities, numbered)
        put(connection, transition_requests, (_request(number, rows) for number in range(min(REQUESTS, models - 1))))


@contextmanager
def writing(database: str) -> Iterator[Connection]:
    """A single transaction."""
    engine = make_engine(database_url(database), write=True, durable=False)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def put(connection: Connection, table: Table, rows: Iterable[dict[str, Any]]) -> None:
    left = iter(rows)
    while some := list(islice(left, ROWS)):
        connection.execute(insert(table), some)


def model_id(number: int) -> str:
    return f"{number:032x}"


def group_id(number: int) -> str:
    return f"{number + 1:016}"


def model_name(number: int) -> str:
    team, topic, region = TEAMS[number % 8], TOPICS[number // 8 % 10], REGIONS[number // 80 % 7]
    return f"{team}-{topic}-{region}-{number:06}"


def _group(number: int, team: str) -> dict[str, Any]:
    return {
        "id": group_id(number),
        "kind": "group",
        "name": f"team-{team}",
        "name_key": f"team-{team}",
        "active": True,
        "creation_timestamp": BEGINNING,
    }


def _model(number: int, chance: random.Random) -> dict[str, Any]:
    made = BEGINNING + number * 1000
    return {
        "id": model_id(number),
        "name": model_name(number),
        "description": f"What {model_name(number)} is for, and how it is looked after.",
        "user_id": PEOPLE[number % len(PEOPLE)],
        "creation_timestamp": made,
        "last_updated_timestamp": made + chance.randrange(300) * DAY,
        "last_version": VERSIONS,
    }


def _model_tags(number: int) -> Iterator[dict[str, Any]]:
    values = {"team": TEAMS[number % 8], "framework": FRAMEWORKS[number % 5], "ticket": f"ML-{number}"}
    return ({"model_id": model_id(number), "key": key, "value": value} for key, value in values.items())


def _grants(models: int, reader: str) -> Iterator[dict[str, Any]]:
    for number in range(models):
        team = {"principal_id": group_id(number % 8), "level": int(Level.MANAGE_STAGING)}
        yield {"object_id": model_id(number)} | team
        if number % 100 == 0:
            by_group = number % 200 == 0
            who = group_id(len(TEAMS)) if by_group else reader
            yield {"object_id": model_id(number), "principal_id": who, "level": int(Level.READ)}


def _versions(row: dict[str, Any], chance: random.Random) -> Iterator[dict[str, Any]]:
    last = row["last_version"]
    for number in range(1, last + 1):
        left = last - number
        stage = "Production" if left == 1 else "Staging" if left == 0 and chance.random() < 0.5 else "None"
        yield {
            "model_id": row["id"],
            "version": number,
            "stage": "Archived" if left > 4 else stage,
            "description": f"Attempt {number}",
            "source": f"s3://models/{row['id'][-8:]}/{number}/artifacts/model",
            "storage_location": f"s3://models/{row['id'][-8:]}/{number}/artifacts/model",
            "run_id": f"{row['id'][-12:]}{number:020x}",
            "run_link": "",
            "user_id": PEOPLE[(number * 7) % len(PEOPLE)],
            "creation_timestamp": row["creation_timestamp"] + number * 100,
            "last_updated_timestamp": row["creation_timestamp"] + number * 100 + chance.randrange(300) * DAY,
        }


def _version_tags(row: dict[str, Any], chance: random.Random) -> Iterator[dict[str, Any]]:
    for number in range(1, row["last_version"] + 1):
        value = f"{chance.randrange(1_000_000):06}"
        yield {"model_id": row["id"], "version": number, "key": "commit", "value": value}


def _activities(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for number in range(1, HUGE_VERSIONS + 1):
        for row in rows if number <= VERSIONS else rows[-1:]:
            person = PEOPLE[(number * 7) % len(PEOPLE)]
            yield {
                "id": f"{int(row['id'], 16):016x}{number:016x}",
                "activity_type": "NEW_VERSION" if number % 5 else "APPLIED_TRANSITION",
                "creation_timestamp": BEGINNING + number * DAY,
                "principal_id": person,
                "user_id": person,
                "model_id": row["id"],
                "model_name": row["name"],
                "version": number,
            }


def _request(number: int, rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": f"{number:032x}",
        "model_id": rows[number * (len(rows) - 1) // REQUESTS if len(rows) > REQUESTS else number]["id"],
        "version": VERSIONS,
        "to_stage": "Production",
        "principal_id": PEOPLE[number % 50],
        "user_id": PEOPLE[number % 50],
        "comment": "Please have a look.",
        "creation_timestamp": BEGINNING + number * 1000,
    }
