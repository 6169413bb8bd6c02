"""Many models, inserted directly into a registry's database: over HTTP 100,000 would take minutes."""

from sqlalchemy import insert

from tests.live_registry import ADMIN, LiveRegistry
from tui_registry_server.store.engine import database_url, make_engine
from tui_registry_server.store.tables import model_versions, registered_models


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
