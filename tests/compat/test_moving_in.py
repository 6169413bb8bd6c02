"""Importing all models of MLflow's own server, whose importer is killed half way, and comparing by MLflow's client.

The long form, against MLflow's server as its own process:
``TUI_REGISTRY_IMPORT_MODELS=2000 python -m pytest -n0 -s tests/compat/test_moving_in.py``.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from werkzeug.serving import make_server

from tests.compat.mlflow_client import THEIR_WARNINGS, MlflowClient, SqlAlchemyStore, with_empty_texts
from tests.live_registry import LiveRegistry
from tests.mlflow_server import DATABASE, serving_mlflow
from tests.server.audit_log import verify
from tui_registry.cli import main
from tui_registry.transfer.importer import AT_ONCE

pytestmark = THEIR_WARNINGS

COUNT_VARIABLE = "TUI_REGISTRY_IMPORT_MODELS"
COUNT = int(os.environ.get(COUNT_VARIABLE, "12"))
IS_LONG = COUNT_VARIABLE in os.environ
VERSIONS = 5
PROMPT = "a prompt"
STRANGE = ("it's", 'a "quoted" name', "ümlaut @home", " % _")


@pytest.fixture(scope="module")
def filled(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of MLflow's database, with models of five versions."""
    folder = tmp_path_factory.mktemp("mlflow")
    shutil.copy(empty_store, folder / DATABASE)
    store = SqlAlchemyStore(f"sqlite:///{folder / DATABASE}")
    of_the_store = min(COUNT - len(STRANGE), 24)
    for number in range(of_the_store):
        fill(store, f"model-{number:05}", number)
    for number in range(of_the_store, COUNT - len(STRANGE)):
        copy(folder / DATABASE, f"model-{number % of_the_store:05}", f"model-{number:05}", later=number)
    for number, name in enumerate(STRANGE):
        fill(store, name, number)
    tag = {"mlflow.prompt.is_prompt": "true", "mlflow.prompt.text": "Hello {{name}}"}
    store.create_registered_model(PROMPT, tags=tags(tag, of_version=False))
    create_version = with_empty_texts(store.create_model_version)
    create_version(PROMPT, "prompt-template", tags=tags(tag, of_version=True))
    store.engine.dispose()
    return folder


def copy(database: Path, name: str, new_name: str, *, later: int) -> None:
    """A model like another one, by SQL, as MLflow's own code takes minutes for thousands."""
    with closing(sqlite3.connect(database)) as connection, connection:
        for table in (*("registered_models", "registered_model_tags", "registered_model_aliases"), *VERSION_TABLES):
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            changed = {"name": "?", "creation_time": f"creation_time + {later}"}
            selected = ", ".join(changed.get(column, f'"{column}"') for column in columns)
            sql = f"INSERT INTO {table} SELECT {selected} FROM {table} WHERE name = ?"
            connection.execute(sql, (new_name, name))


VERSION_TABLES = ("model_versions", "model_version_tags")


def tags(given: dict[str, str], *, of_version: bool) -> list[Any]:
    from mlflow.entities.model_registry import ModelVersionTag, RegisteredModelTag

    kind: Any = ModelVersionTag if of_version else RegisteredModelTag
    return [kind(key, value) for key, value in given.items()]


def fill(store: Any, name: str, number: int) -> None:
    """A model with what MLflow has: gaps, stages, aliases, tags, descriptions that are missing, empty or cleared."""
    store.create_registered_model(name, tags=tags({"team": "risk", "number": str(number)}, of_version=False))
    if number % 2:
        store.update_registered_model(name, f"described {number}")
    for version in range(1, VERSIONS + 2):
        store.create_model_version(
            name,
            f"s3://bucket/{number}/{version}",
            run_id=f"{number:016x}{version:016x}" if version % 2 else "",
            run_link="https://runs.example.com" if version == 3 else "",
            tags=tags({"n": str(version), "empty": ""}, of_version=True),
            description=("", "words", "\x1b[31mred")[version % 3],
        )
    store.delete_model_version(name, str(1 + number % (VERSIONS + 1)))
    left = [each for each in range(1, VERSIONS + 2) if each != 1 + number % (VERSIONS + 1)]
    for version, stage in zip(left, ("Archived", "Production", "Staging", "Staging"), strict=False):
        store.transition_model_version_stage(name, str(version), stage, archive_existing_versions=False)
    store.set_registered_model_alias(name, "champion", str(left[1]))
    store.set_registered_model_alias(name, "challenger", str(left[-1]))
    store.update_model_version(name, str(left[0]), None)


@contextmanager
def mlflow_server(folder: Path) -> Iterator[str]:
    """MLflow's server: as a process of its own in the long form, else its application in a thread of this one."""
    if IS_LONG:
        with serving_mlflow(folder) as url:
            yield url
        return
    from mlflow.server import app, handlers

    with pytest.MonkeyPatch.context() as patch:
        for variable in ("_MLFLOW_SERVER_FILE_STORE", "_MLFLOW_SERVER_REGISTRY_STORE"):
            patch.setenv(variable, f"sqlite:///{folder / DATABASE}")
        for store in ("_tracking_store", "_model_registry_store"):
            patch.setattr(handlers, store, None)
        # The application sets these for the whole process.
        patch.setattr("mlflow.tracking._model_registry.utils._registry_uri", None)
        patch.setenv("MLFLOW_REGISTRY_URI", f"sqlite:///{folder / DATABASE}")
        patch.setenv("MLFLOW_TRACKING_TOKEN", "")
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable))


def environment(registry: LiveRegistry) -> dict[str, str]:
    return {"TUI_REGISTRY_URL": registry.url, "TUI_REGISTRY_TOKEN": registry.admin_token}


def tui_registry(registry: LiveRegistry, *arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, env=environment(registry))


@pytest.mark.timeout(3600 if IS_LONG else 300)
@pytest.mark.usefixtures("home")
def test_killed_half_way_and_resumed(filled: Path, fresh_registry: LiveRegistry) -> None:
    with mlflow_server(filled) as url:
        started = time.monotonic()
        importer = subprocess.Popen(
            [sys.executable, "-m", "tui_registry", "import", url, "--yes"],
            env=os.environ | environment(fresh_registry),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        with fresh_registry.client() as client:
            while importer.poll() is None and counted(client) < (COUNT // 2 if IS_LONG else 3):
                time.sleep(0.2 if IS_LONG else 0.01)
            importer.kill()
            importer.wait()
            half = counted(client)
        print(f"killed after {time.monotonic() - started:.1f} s, with {half} of {COUNT + 1} models")
        started = time.monotonic()
        done = tui_registry(fresh_registry, "import", url, "--yes", "--json")
        assert done.exit_code == 0, done.output
        report = json.loads(done.stdout)
        assert 0 < half < COUNT
        print(f"resumed and verified in {time.monotonic() - started:.1f} s: {report}")
        assert (report["models"], report["verified"], report["failed"]) == (COUNT + 1, COUNT + 1, [])
        assert 0 <= COUNT + 1 - half - report["counts"]["created_models"] <= AT_ONCE, "some were still on their way"
        started = time.monotonic()
        compared = compare(MlflowClient(tracking_uri=url, registry_uri=url), client_of(fresh_registry))
        print(f"{compared} models compared by MLflow's client in {time.monotonic() - started:.1f} s")
        assert compared == COUNT + 1
        again = json.loads(tui_registry(fresh_registry, "import", url, "--follow", "--json").stdout)
        assert not any(again["counts"].values())
    assert verify(fresh_registry.database).exit_code == 0


def counted(client: Any) -> int:
    """Models that only administrators manage, which all of these are."""
    found: int = client.get("/mlflow/registry/overview").json()["models_without_owner"]["count"]
    return found


def client_of(registry: LiveRegistry) -> MlflowClient:
    os.environ["MLFLOW_TRACKING_TOKEN"] = registry.admin_token
    return MlflowClient(tracking_uri=registry.url, registry_uri=registry.url)


def compare(theirs: MlflowClient, ours: MlflowClient) -> int:
    """Every field of every model and version, as MLflow's client gives it."""
    prompt = "tags.`mlflow.prompt.is_prompt` = 'true'"
    names = [each.name for text in (None, prompt) for each in pages(theirs, text)]
    assert sorted(names) == sorted(each.name for text in (None, prompt) for each in pages(ours, text))
    for name in names:
        assert list(differing(shown(theirs, name), shown(ours, name))) == [], name
    return len(names)


def differing(one: Any, other: Any, at: str = "") -> Iterator[str]:
    """Where two answers differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in one.keys() | other.keys():
            yield from differing(one.get(key), other.get(key), f"{at}.{key}")
    elif isinstance(one, list | tuple) and isinstance(other, list | tuple) and len(one) == len(other):
        for number, (a, b) in enumerate(zip(one, other, strict=True)):
            yield from differing(a, b, f"{at}[{number}]")
    elif one != other:
        yield f"{at}: {one!r} != {other!r}"


def pages(client: MlflowClient, text: str | None) -> list[Any]:
    found: list[Any] = []
    token = None
    while True:
        page = client.search_registered_models(filter_string=text, max_results=1000, page_token=token)
        found += page
        if not (token := page.token):
            return found


def without_aliases(versions: list[Any]) -> list[dict[str, Any]]:
    """By number; only here do listed versions have their aliases, which the model has, too."""
    return sorted(({**dict(each), "aliases": []} for each in versions), key=lambda each: int(each["version"]))


def shown(client: MlflowClient, name: str) -> Any:
    registry: Any = client._get_registry_client()  # MlflowClient's own methods hide prompts
    model = registry.get_registered_model(name)
    quote = '"' if "'" in name else "'"
    text = f"name = {quote}{name}{quote}" + (" AND tags.`mlflow.prompt.is_prompt` = 'true'" if name == PROMPT else "")
    versions = client.search_model_versions(text, max_results=1000)
    fields = {key: value for key, value in dict(model).items() if key != "latest_versions"}
    return (
        {**fields, "latest_versions": without_aliases(model.latest_versions)},
        without_aliases(versions),
        sorted(registry.get_model_version(name, versions[0].version).aliases),
    )


@pytest.mark.usefixtures("home")
def test_the_database_itself(filled: Path, fresh_registry: LiveRegistry) -> None:
    url = f"sqlite:///{filled / DATABASE}"
    done = tui_registry(fresh_registry, "import", url, "--models", "model-0000*", "--models", PROMPT, "--yes")
    assert done.exit_code == 0, done.output
    assert done.stderr.endswith("9 of 9 models are the same on both sides.\n")
    missing = tui_registry(fresh_registry, "import", "sqlite:////nowhere/mlflow.db", "--yes")
    assert (missing.exit_code, "There is no database /nowhere/mlflow.db" in missing.output) == (1, True)
