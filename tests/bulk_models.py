"""Many models or versions, inserted directly into a registry's database: over HTTP 100,000 would take minutes."""

from typing import Any

from sqlalchemy import insert, select

from tests.live_registry import ADMIN, LiveRegistry
from tui_registry_server.rules.audit import GENESIS_DIGEST
from tui_registry_server.store.engine import database_url, make_engine
from tui_registry_server.store.tables import activities, model_versions, registered_models

MODEL_ID = "a" * 32


def insert_models(registry: LiveRegistry, models: int, *wanted: str) -> None:
    """Insert models with a version each: those in ``wanted``, and model-000000 and so on, ``models`` in total."""
    names = [*(f"model-{number:06}" for number in range(models - len(wanted))), *wanted]
    rows = [
        {
            "id": f"{number:032x}",
            "name": name,
            "user_id": ADMIN,
            "creation_timestamp": number,
            "last_updated_timestamp": number,
            "last_version": 1,
        }
        for number, name in enumerate(names)
    ]
    versions = [
        {
            "model_id": row["id"],
            "version": 1,
            "stage": "Production" if number % 2 else "None",
            "source": "s3://models/1",
            "storage_location": "s3://models/1",
            "user_id": ADMIN,
            "creation_timestamp": number,
            "last_updated_timestamp": number,
        }
        for number, row in enumerate(rows)
    ]
    engine = make_engine(database_url(registry.database), write=True)
    with engine.begin() as connection:
        connection.execute(insert(registered_models), rows)
        connection.execute(insert(model_versions), versions)
    engine.dispose()


def insert_history(registry: LiveRegistry, versions: int) -> None:
    """Insert the model ``m``, each of whose versions was in Production until the next one came. The activities have no
    digests of a chain."""
    engine = make_engine(database_url(registry.database), write=True)
    stamps = {"user_id": "admin", "creation_timestamp": 1, "last_updated_timestamp": 1}
    with engine.begin() as connection:
        last = connection.execute(select(activities.c.sequence).order_by(activities.c.sequence.desc())).scalar() or 0
        connection.execute(insert(registered_models).values(id=MODEL_ID, name="m", last_version=versions, **stamps))
        rows = [
            {"model_id": MODEL_ID, "version": each, "stage": "Archived" if each < versions else "Production"}
            | {"source": "s3://m", "storage_location": "s3://m"}
            | stamps
            for each in range(1, versions + 1)
        ]
        connection.execute(insert(model_versions), rows)
        moves: list[dict[str, Any]] = []
        for number in range(1, versions + 1):
            moves.append({"version": number, "activity_type": "CREATED_VERSION"})
            if number > 1:
                stages = {"from_stage": "Production", "to_stage": "Archived"}
                moves.append({"version": number - 1, "activity_type": "SYSTEM_TRANSITION"} | stages)
            stages = {"from_stage": "None", "to_stage": "Production"}
            moves.append({"version": number, "activity_type": "APPLIED_TRANSITION"} | stages)
        common: dict[str, Any] = {
            "model_id": MODEL_ID,
            "model_name": "m",
            "principal_id": "1",
            "user_id": "ada",
            "digest": GENESIS_DIGEST,
        }
        common |= {"from_stage": None, "to_stage": None}
        rows = [
            common | each | {"sequence": last + number, "id": f"{number:032x}", "creation_timestamp": 1_000 + number}
            for number, each in enumerate(moves, 1)
        ]
        connection.execute(insert(activities), rows)
    engine.dispose()
