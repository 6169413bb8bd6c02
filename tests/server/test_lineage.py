"""The runs of versions that were registered by logged models, from a tracking server that may be down, slow or hostile.

With MLflow's own as the tracking server: tests/compat/test_mlflow_logged_models.py.
"""

import gzip
import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.certificates import issue
from tests.live_registry import LiveRegistry, Server, command, fresh_database, serving
from tests.server.api import Api
from tests.server.audit_log import exported, verify
from tests.server.permission_case import MODELS, VERSIONS
from tests.server.scripted_tracking_server import (
    LOGGED,
    RUN,
    Reply,
    ScriptedTrackingServer,
    answer,
    free_port,
    logged_model,
    serving_script,
    wait_for_lineage,
)
from tui_registry_server.commands import main
from tui_registry_server.store import lineages
from tui_registry_server.store.engine import database_url, make_engine
from tui_registry_server.tracking.answers import LoggedModelAnswer
from tui_registry_server.tracking.client import TrackingClient, TrackingError
from tui_registry_server.tracking.server import tracking_server

PASSWORD = "the-password-of-the-tracking-server"
PROMPT = 1.5  # seconds within which an answer does not wait for the tracking server


def register(api: Api, name: str = "m", **fields: Any) -> tuple[Any, float]:
    """A new version, and how long it took in seconds."""
    began = time.monotonic()
    made = api.post(f"{VERSIONS}/create", name=name, source=LOGGED, **fields).ok()["model_version"]
    return made, time.monotonic() - began


def lineage_of(api: Api, version: str) -> Any:
    return api.get(f"{VERSIONS}/lineage", name="m", version=version).ok()["lineage"]


def by_run(api: Api) -> list[str]:
    found = api.get(f"{VERSIONS}/search", filter=f"run_id = '{RUN}'").ok()
    return [version["version"] for version in found.get("model_versions", [])]


@pytest.fixture(scope="module")
def tracking() -> Iterator[ScriptedTrackingServer]:
    with serving_script() as server:
        yield server


@pytest.fixture(scope="module")
def registry_beside(tracking: ScriptedTrackingServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The administrator of a registry that asks it; with a model ``m``."""
    uri = f"http://127.0.0.1:{tracking.server_port}"
    folder = tmp_path_factory.mktemp("beside")
    with serving(folder, "--tracking-uri", uri) as live, Api(live.url, live.admin_token) as api:
        api.post(f"{MODELS}/create", name="m").ok()
        yield api


def test_a_tracking_server_that_is_down_at_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The version is made at once, and its run is found later: although the server is killed meanwhile."""
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "registry")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD)
    certificate = issue(tmp_path, "tracking")
    monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", certificate.authority)
    port = free_port()
    with fresh_database(tmp_path) as database:
        command(database, "users", "create", "ada", "--admin")
        token = command(database, "tokens", "create", "ada").strip()
        with Server(tmp_path, database, "--tracking-uri", f"https://127.0.0.1:{port}") as server:
            with Api(server.start(), token) as api:
                api.post(f"{MODELS}/create", name="m").ok()
                made, seconds = register(api)
                assert (made["run_id"], made["source"], seconds < PROMPT) == ("", LOGGED, True)
                deadline = time.monotonic() + 20
                while "cannot be reached: Connection refused" not in lineage_of(api, "1").get("problem", ""):
                    assert time.monotonic() < deadline
                    time.sleep(0.05)
                assert lineage_of(api, "1")["status"] == "PENDING"
                assert by_run(api) == []
                server.kill()
            with serving_script(port, certificate) as tracking, Api(server.start(), token) as api:
                lineage = wait_for_lineage(api, "m", "1", bool)
                assert (lineage["run_id"], lineage["run_name"], lineage["experiment_name"]) == (RUN, "first", "traced")
                assert lineage["artifact_uri"] == "s3://bucket/models"
                assert by_run(api) == ["1"]
                filled = api.get(f"{VERSIONS}/get", name="m", version="1").ok()["model_version"]
                assert filled == made | {"run_id": RUN}, "nothing else has changed"
                assert tracking.authorizations == {"Basic cmVnaXN0cnk6dGhlLXBhc3N3b3JkLW9mLXRoZS10cmFja2luZy1zZXJ2ZXI="}
                assert any(path.startswith("/api/2.0/mlflow/runs/get") for path in tracking.paths)
        last = exported(database)[-1]
        assert (last["user_id"], last["detail"]) == ("tui-registry (server)", {"run_id": ["", RUN]})
        assert verify(database).exit_code == 0
        log = server.log.read_text()
        assert "the tracking server was asked for a run, but it cannot be reached" in log
        assert PASSWORD not in log + json.dumps(exported(database))
        assert "cmVnaXN0" not in log


async def test_an_impostor_gets_no_credentials(tmp_path: Path) -> None:
    """A certificate of another authority, or a redirect to elsewhere."""
    variables = {"MLFLOW_TRACKING_TOKEN": PASSWORD}
    with serving_script(certificate=issue(tmp_path, "impostor")) as impostor, serving_script() as redirecting:
        client = TrackingClient(tracking_server(f"https://127.0.0.1:{impostor.server_port}", variables))
        with pytest.raises(TrackingError, match="certificate verify failed"):
            await client.get(LoggedModelAnswer, "logged-models", "m-1")
        redirecting.reply = lambda handler: answer(
            handler, 307, b"", Location=f"https://127.0.0.1:{impostor.server_port}/"
        )
        client = TrackingClient(tracking_server(f"http://127.0.0.1:{redirecting.server_port}/base/", variables))
        with pytest.raises(TrackingError, match="redirect"):
            await client.get(LoggedModelAnswer, "logged-models", "m-1")
        assert redirecting.authorizations == {f"Bearer {PASSWORD}"}
        assert redirecting.paths == ["/base/api/2.0/mlflow/logged-models/m-1"]
        assert impostor.authorizations == set()


def test_two_servers_do_not_ask_for_the_same(registry: LiveRegistry, admin: Api) -> None:
    """What one has leased the other does not get, until the lease has ended."""
    admin.post(f"{MODELS}/create", name="leased").ok()
    for _ in range(3):
        made, _ = register(admin, "leased")
        admin.post(f"{VERSIONS}/retrieve-lineage", name="leased", version=made["version"]).ok()
    engine = make_engine(database_url(registry.database), write=True)
    try:
        with engine.connect() as connection, connection.begin() as transaction:
            now = time.time_ns() // 1_000_000 + 1000
            one = lineages.lease(connection, now, now + 5000, limit=2)
            other = lineages.lease(connection, now, now + 5000, limit=1000)
            assert len(one) == 2
            assert {each[:3] for each in one}.isdisjoint({each[:3] for each in other})
            assert lineages.lease(connection, now, now + 5000, limit=1000) == []
            again = lineages.lease(connection, now + 5001, now + 10_000, limit=1000)
            assert {each[:3] for each in again} == {each[:3] for each in [*one, *other]}
            transaction.rollback()
    finally:
        engine.dispose()


def test_a_slow_tracking_server_holds_up_no_registration(
    tracking: ScriptedTrackingServer, registry_beside: Api
) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        for _ in range(300):
            handler.wfile.write(b"x")
            time.sleep(0.1)

    tracking.reply = drip
    made, seconds = register(registry_beside)
    assert (made["run_id"], seconds < 4) == ("", True), seconds
    for _ in range(3):
        _, seconds = register(registry_beside)
        assert seconds < PROMPT, "while it does not answer, others do not wait in their turn"
    tracking.reply = None
    assert wait_for_lineage(registry_beside, "m", made["version"], bool)["run_id"] == RUN


def no_http(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"220 mail\r\n")
    handler.close_connection = True


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        handler.wfile.write(b"1000\r\n%s\r\n" % bytes(4096))


HOSTILE: dict[str, Reply] = {
    "redirect": lambda handler: answer(handler, 302, b"", Location=f"http://{handler.headers['Host']}/elsewhere"),
    "no JSON": lambda handler: answer(handler, 200, b"<html>sign in</html>"),
    "deep": lambda handler: answer(handler, 200, b"[" * 500_000),
    "other JSON": lambda handler: answer(handler, 200, {"model": [1]}),
    "compressed": lambda handler: answer(handler, 200, gzip.compress(bytes(50_000_000)), Content_Encoding="gzip"),
    "run that is none": lambda handler: answer(handler, 200, logged_model(source_run_id="' OR 1=1 --\x1b[31m")),
    "half a character": lambda handler: answer(handler, 200, b'{"model": {"info": {"source_run_id": "\\ud800"}}}'),
    "not there": lambda handler: answer(handler, 404, {"error_code": "RESOURCE_DOES_NOT_EXIST"}),
    "no HTTP": no_http,
    "endless": endless,
}


def test_hostile_answers(tracking: ScriptedTrackingServer, registry_beside: Api) -> None:
    api = registry_beside
    for about, reply in HOSTILE.items():
        tracking.reply = reply
        made, seconds = register(api)
        assert (made["run_id"], seconds < PROMPT) == ("", True), f"{about}: {seconds}"
        assert "/elsewhere" not in tracking.paths, "no redirect is followed"
        asked = api.post(f"{VERSIONS}/retrieve-lineage", name="m", version=made["version"]).ok()["lineage"]
        assert "The tracking server was asked, but it" in asked["problem"], about
    tracking.reply = None
    asked = api.post(f"{VERSIONS}/retrieve-lineage", name="m", version=made["version"]).ok()["lineage"]
    assert asked["run_id"] == RUN
    assert "problem" not in asked
    assert made["version"] in by_run(api)


def test_what_is_asked_for(tracking: ScriptedTrackingServer, registry_beside: Api) -> None:
    """The document is cut to a size, and only who may read the model gets it."""
    api = registry_beside
    many = [{"key": f"{number:05}" * 50, "value": "x" * 5000} for number in range(150)]

    def large(handler: BaseHTTPRequestHandler) -> None:
        model = logged_model(artifact_uri="s3://\x00" + "a" * 9000)
        model["model"]["data"] = {"params": many, "metrics": [{"key": "loss", "value": "Infinity"}]}
        missing = "/logged-models/" not in handler.path
        answer(handler, 404 if missing else 200, {} if missing else model)

    tracking.reply = large
    made, _ = register(api)
    assert made["run_id"] == RUN
    lineage = wait_for_lineage(api, "m", made["version"], bool)
    tracking.reply = None
    assert lineage["truncated"]
    assert lineage["metrics"] == [{"key": "loss", "value": "Infinity"}]
    assert len(json.dumps(lineage)) < 64 * 1024
    assert register(api, run_id="mine")[0]["run_id"] == "mine", "what the caller gives"
    plain = api.post(f"{VERSIONS}/create", name="m", source="s3://x").ok()["model_version"]["version"]
    assert lineage_of(api, plain) == {"status": "UNKNOWN"}
    refused = api.post(f"{VERSIONS}/retrieve-lineage", name="m", version=plain)
    assert "nothing to ask a tracking server for" in refused.refused(400, "INVALID_STATE")


def test_a_workspace_has_the_runs_of_its_namesake(tracking: ScriptedTrackingServer, registry_beside: Api) -> None:
    """Not those of the tracking server's default one, whichever of them has the id."""
    registry_beside.post("/api/3.0/mlflow/workspaces", name="risk").ok()
    with Api(registry_beside.url, registry_beside.token, "risk") as api:
        api.post(f"{MODELS}/create", name="m").ok()
        logged = "m-" + "7" * 32
        made = api.post(f"{VERSIONS}/create", name="m", source=f"models:/{logged}").ok()["model_version"]
        assert made["run_id"] == RUN
        wait_for_lineage(api, "m", made["version"], bool)
    asked = [workspace for path, workspace in tracking.workspaces if logged in path]
    assert (set(asked), len(asked) > 1) == ({"risk"}, True)


def test_without_a_tracking_server(admin: Api) -> None:
    """What somebody asks for is kept, for a server that has one."""
    admin.post(f"{MODELS}/create", name="untraced").ok()
    made, _ = register(admin, "untraced")
    assert made["run_id"] == ""
    lineage = admin.post(f"{VERSIONS}/retrieve-lineage", name="untraced", version="1").ok()["lineage"]
    assert lineage["status"] == "PENDING"
    assert "start one with --tracking-uri" in lineage["problem"]


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("mlflow.example.com", "Give the URL of an MLflow tracking server"),
        ("sqlite:///mlflow.db", "Give the URL of an MLflow tracking server"),
        ("https://ada:secret@mlflow.example.com", "not in the URL"),
        ("http://host:port", "is not a URL"),
        ("http://ho st", "has a blank"),
    ],
)
def test_what_is_no_tracking_server(uri: str, said: str) -> None:
    result = CliRunner().invoke(main, ["serve", "--tracking-uri", uri])
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())
    assert "secret" not in result.stderr
