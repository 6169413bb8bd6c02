"""The fixtures themselves."""

import subprocess

from tests.live_registry import PROGRAM, ROOT, LiveRegistry


def test_a_shared_registry_knows_its_users(registry: LiveRegistry) -> None:
    with registry.client(registry.token("fixture-user")) as client:
        assert client.get("/mlflow/registered-models/get", params={"name": "none"}).status_code == 404


def test_a_fresh_registry_is_empty(fresh_registry: LiveRegistry) -> None:
    with fresh_registry.client() as client:
        assert client.get("/mlflow/registered-models/search").json() == {}


def test_commands_work_on_the_database_of_a_running_server(registry: LiveRegistry) -> None:
    for words in (("users", "create", "command-user"), ("tokens", "create", "command-user")):
        command = [*PROGRAM, *words, "--database", registry.database]
        printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    with registry.client(printed.removesuffix("\n")) as client:
        assert client.get("/mlflow/registered-models/search").status_code == 200
