"""Specific to PostgreSQL: lost connections, a restarted server, secrets in its URL."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from click.testing import CliRunner

from tests.live_registry import TIMEOUT, LiveRegistry, Server, command, fresh_database, serving
from tests.postgresql import Bundled, bundled_server
from tests.server.api import Answer, Api
from tests.server.streams import stream
from tests.waiting import until
from tui_registry_server.commands import main

CONNECTIONS = 3


@pytest.fixture(scope="module")
def postgresql() -> Iterator[Bundled]:
    """A server for this module only, as it is stopped here."""
    with bundled_server() as server:
        yield server


@pytest.fixture
def live(postgresql: Bundled, tmp_path: Path) -> Iterator[LiveRegistry]:
    with serving(tmp_path, "--connections", str(CONNECTIONS), maintenance=postgresql.url) as registry:
        yield registry


@pytest.fixture
def api(live: LiveRegistry) -> Iterator[Api]:
    with Api(live.url, live.admin_token) as caller:
        yield caller


def until_served(api: Api) -> None:
    """The registry recovers by itself when the database is back."""
    until(lambda: _list(api).status == 200, "an answer")


def _list(api: Api) -> Answer:
    return api.get("/mlflow/registered-models/list")


def test_while_postgresql_is_down_the_answer_is_503_and_then_all_is_well(
    postgresql: Bundled, api: Api, live: LiveRegistry
) -> None:
    api.post("/mlflow/registered-models/create", name="before").ok()
    with stream(api) as events:
        postgresql.stop()
        try:
            for refused in (_list(api), api.post("/mlflow/registered-models/create", name="meanwhile")):
                message = refused.refused(503, "TEMPORARILY_UNAVAILABLE")
                assert "postgres" not in message  # no details of the database
        finally:
            postgresql.start()
        until_served(api)
        api.post("/mlflow/registered-models/create", name="after").ok()
        assert [model["name"] for model in _list(api).ok()["registered_models"]] == ["after", "before"]
        assert events.next()["name"] == "after"  # the stream has survived it
    assert "the database refused" in live.log.read_text()


def test_where_nothing_may_be_written_reading_goes_on(postgresql: Bundled, api: Api, live: LiveRegistry) -> None:
    """As on a standby that has not been promoted, or at a provider that locks a full database."""
    api.post("/mlflow/registered-models/create", name="before").ok()
    name = urlsplit(live.database).path.removeprefix("/")

    def lock(setting: str) -> None:
        with psycopg.connect(postgresql.url, autocommit=True) as connection:
            connection.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {setting}'.encode())
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tui-registry'"
            )

    lock("on")
    try:
        until_served(api)
        refused = api.post("/mlflow/registered-models/create", name="meanwhile")
        assert "Nothing was changed" in refused.refused(503, "TEMPORARILY_UNAVAILABLE")
        assert len(_list(api).ok()["registered_models"]) == 1
    finally:
        lock("off")
    until_served(api)
    api.post("/mlflow/registered-models/create", name="after").ok()
    assert len(_list(api).ok()["registered_models"]) == 2


def test_connections_that_were_cut_are_made_anew_unnoticed(postgresql: Bundled, api: Api) -> None:
    for number in range(3):
        api.post("/mlflow/registered-models/create", name=f"model-{number}").ok()
        with psycopg.connect(postgresql.url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tui-registry'"
            )
        assert len(_list(api).ok()["registered_models"]) == number + 1


def test_no_more_connections_than_were_asked_for(postgresql: Bundled, live: LiveRegistry) -> None:
    with ExitStack() as stack:
        many = [stack.enter_context(Api(live.url, live.admin_token)) for _ in range(20)]
        streams = [stack.enter_context(stream(each)) for each in many]
        many[0].post("/mlflow/registered-models/create", name="model").ok()
        assert all(each.next()["name"] == "model" for each in streams)
        with psycopg.connect(postgresql.url, autocommit=True) as connection:
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tui-registry'"
            ).fetchone()
        assert row is not None
        assert CONNECTIONS <= row[0] <= CONNECTIONS + 2


SECRET = "tell-nobody"
HIDDEN = {
    "a password": f"postgresql://ada:{SECRET}@127.0.0.1:1/registry",
    "a password in the query": f"postgresql://127.0.0.1:1/registry?user=ada&password={SECRET}",
    "a password that was not escaped": f"postgresql://ada:x@y:{SECRET}@127.0.0.1:1/registry",
    "a password with a slash": f"postgresql://ada:1/{SECRET}@127.0.0.1:1/registry",
    "two hosts": f"postgresql://ada:{SECRET}@127.0.0.1:1,127.0.0.1:2/registry?target_session_attrs=read-write",
    "more ports than hosts": f"postgresql://ada:{SECRET}@127.0.0.1:1/registry?port=1,2",
    "no such service": f"postgresql://ada:{SECRET}@/registry?service=nowhere",
    "a parameter that is unknown": f"postgresql://ada:{SECRET}@127.0.0.1:1/registry?sslMode=require",
    "a parameter with a bad value": f"postgresql://ada:{SECRET}@127.0.0.1:1/registry?target_session_attrs=writable",
    "a number that is none": f"postgresql://ada:{SECRET}@127.0.0.1:1/registry?connect_timeout=soon",
}


@pytest.mark.parametrize("url", HIDDEN.values(), ids=HIDDEN)
@pytest.mark.parametrize("words", [("users", "create", "x"), ("serve", "--port", "0")])
def test_a_password_is_not_shown(words: tuple[str, ...], url: str) -> None:
    result = CliRunner().invoke(main, [*words, "--database", url])
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert SECRET not in result.output


def test_the_database_is_named_by_the_environment(live: LiveRegistry, tmp_path: Path) -> None:
    """The URL of a service, whose file has the rest: no details on the command line."""
    url = psycopg.conninfo.conninfo_to_dict(live.database)
    services = tmp_path / "services"
    services.write_text("\n".join(["[registry]", *(f"{name}={value}" for name, value in url.items())]))
    environment = {"TUI_REGISTRY_DATABASE": "postgresql:///?service=registry", "PGSERVICEFILE": str(services)}
    result = CliRunner(env=environment).invoke(main, ["tokens", "create", "admin"])
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("tr_")


def test_an_ordinary_user_may_own_the_registry(postgresql: Bundled, tmp_path: Path) -> None:
    """Without a superuser or extensions: a role that owns the database is enough."""
    with fresh_database(tmp_path, postgresql.url) as database:
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("CREATE ROLE plain LOGIN")
            connection.execute(f'ALTER DATABASE "{connection.info.dbname}" OWNER TO plain'.encode())
        own = database.replace("postgres@", "plain@")
        command(own, "users", "create", "ada", "--admin")
        token = command(own, "tokens", "create", "ada").strip()
        with Server(tmp_path, own) as server, Api(server.start(), token) as api:
            api.post("/mlflow/registered-models/create", name="model").ok()


def test_whoever_listens_is_told_of_what_was_committed_and_only_then(api: Api, live: LiveRegistry) -> None:
    with psycopg.connect(live.database, autocommit=True) as listener:
        api.get("/mlflow/registered-models/list").ok()  # the last use of the token is recorded
        time.sleep(1)
        listener.execute("LISTEN tui_registry")
        api.post("/mlflow/registered-models/create", name="model").ok()
        assert len(list(listener.notifies(timeout=TIMEOUT, stop_after=1))) == 1
        api.post("/mlflow/registered-models/create", name="model").refused(400, "RESOURCE_ALREADY_EXISTS")
        assert list(listener.notifies(timeout=1)) == []


def test_a_password_is_not_told_by_a_server_that_runs(live: LiveRegistry, tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    with Server(tmp_path / "again", live.database.replace("postgres@", f"postgres:{SECRET}@")) as server:
        server.start()
    logged = server.log.read_text()
    assert "Serving the registry postgresql://postgres:***@" in logged
    assert SECRET not in logged
