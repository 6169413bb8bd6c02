"""A server that is killed while models are imported into it, and started again: the importer waits, and continues."""

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.live_registry import Server, command, fresh_database
from tests.server.api import Api
from tests.server.audit_log import verify
from tui_registry.transfer.archive import FORMAT, VERSION, ArchiveWriter, Manifest
from tui_registry_server.wire.model_import import ImportedActivity, ImportedVersion, ModelDocument

MODELS = 60
OVERVIEW = "/mlflow/registry/overview"


def archive(file: Path) -> None:
    writer = ArchiveWriter(file)
    for number in range(MODELS):
        times = {"creation_timestamp": number, "last_updated_timestamp": number}
        versions = [ImportedVersion(version=str(each), source="s3://b", **times) for each in (1, 3, 9)]
        activities = [ImportedActivity(id=str(each), activity_type="OLD", creation_timestamp=each) for each in range(5)]
        writer.add(ModelDocument(name=f"m{number:04}", versions=versions, activities=activities, **times))
    writer.commit(
        Manifest(
            format=FORMAT,
            version=VERSION,
            created="",
            program="test",
            source="elsewhere",
            parts=[],
            activities=True,
            models=MODELS,
        )
    )


def test_the_importer_goes_on(tmp_path: Path) -> None:
    archive(tmp_path / "models.zip")
    with fresh_database(tmp_path) as database, Server(tmp_path, database) as server:
        url = server.start()
        command(database, "users", "create", "root@example.com", "--admin")
        token = command(database, "tokens", "create", "root@example.com").strip()
        importer = subprocess.Popen(
            [sys.executable, "-m", "tui_registry", "import", str(tmp_path / "models.zip"), "--yes"],
            env=os.environ | {"TUI_REGISTRY_URL": url, "TUI_REGISTRY_TOKEN": token},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with importer:
            with Api(url, token) as api:
                while importer.poll() is None and api.get(OVERVIEW).ok()["models_without_owner"]["count"] < 5:
                    time.sleep(0.01)
            server.kill()
            server.start()
            with Api(url, token) as api:
                half = api.get(OVERVIEW).ok()["models_without_owner"]["count"]
            _, said = importer.communicate(timeout=200)
        with Api(url, token) as api:
            records = api.get("/mlflow/activities/list", activity_type="IMPORTED_ACTIVITY", max_results=1000).ok()
        assert 5 <= half < MODELS
        assert importer.returncode == 0, said
        assert f"{MODELS} of {MODELS} models are the same on both sides." in said
        assert len(records["activities"]) == 5 * MODELS, "each once"
        assert verify(database).exit_code == 0
