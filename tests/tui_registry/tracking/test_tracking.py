"""The tracking server's calls, as they fail; who it is asked as; and what registering comes to when it fails midway."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.tui_registry.console import SMALL, Console, console
from tests.tui_registry.faulty_transport import (
    Fault,
    FaultyTransport,
    answer_is_garbled,
    answer_is_half,
    answer_is_html,
    answer_is_lost,
    answer_takes_too_long,
    lost_on_the_way,
    nobody_listens,
    passes,
    proxy_has_no_server,
    server_fails_afterwards,
)
from tests.tui_registry.samples import Samples
from tui_registry.app import ConsoleApp
from tui_registry.client.errors import CallError, LostAnswer, Misunderstood, Refused, Unreachable
from tui_registry.client.registry import RegistryClient
from tui_registry.mutations.mutation import run
from tui_registry.mutations.registration import Registration, registration
from tui_registry.mutations.result import Result, Verdict
from tui_registry.session.connection import Connection
from tui_registry.session.embedded import EmbeddedRegistry
from tui_registry.tracking.candidate import Candidate
from tui_registry.tracking.client import TrackingClient
from tui_registry.tracking.filters import experiments_filter, runs_filter
from tui_registry.tracking.run import Run, RunInfo

SECRET = "not-to-be-shown"
RUN = Run(info=RunInfo(run_id="a" * 32, experiment_id="1", run_name="first"))
MODEL = Candidate(name="line", source=f"models:/m-{'b' * 32}", model_id=f"m-{'b' * 32}")


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (answer_is_html, Misunderstood),
        (answer_is_half, Misunderstood),
        (answer_is_garbled, LostAnswer),
        (answer_is_lost, LostAnswer),
        (answer_takes_too_long, LostAnswer),
        (lost_on_the_way, LostAnswer),
        (nobody_listens, Unreachable),
        (proxy_has_no_server, Refused),
        (server_fails_afterwards, Refused),
    ],
)
async def test_bad_answers_are_told_apart(samples: Samples, fault: Fault, kind: type[CallError]) -> None:
    async with FaultyTransport(fault) as transport, TrackingClient(samples.url, transport=transport) as client:
        with pytest.raises(kind) as caught:
            await client.experiments()
        assert str(caught.value)
        with pytest.raises(kind):
            await client.runs("1")


async def test_what_is_no_tracking_server_is_said_to_be_none(samples: Samples) -> None:
    async with FaultyTransport(answer_is_html) as transport, TrackingClient(samples.url, transport=transport) as client:
        with pytest.raises(Misunderstood, match="Not an answer of an MLflow tracking server"):
            await client.experiments()
    async with TrackingClient(samples.url) as client:
        with pytest.raises(Refused) as caught:
            await client.run("1")
        assert caught.value.status == 404
        assert await client.logged_models(RUN) == []  # as of a server before MLflow 3


@pytest.mark.parametrize("uri", ["http://[::1", "http://host:port", "http://" + "a" * 70_000])
async def test_an_address_that_is_none(uri: str) -> None:
    with pytest.raises(Unreachable, match="is not a URL"):
        TrackingClient(uri)


@pytest.mark.parametrize(
    ("environment", "sent"),
    [
        ({}, None),
        ({"MLFLOW_TRACKING_TOKEN": "its-own"}, "Bearer its-own"),
        ({"MLFLOW_TRACKING_USERNAME": "ada", "MLFLOW_TRACKING_PASSWORD": "secret"}, "Basic ada:secret"),
        ({"MLFLOW_TRACKING_USERNAME": "ada", "MLFLOW_TRACKING_TOKEN": "its-own"}, "Bearer its-own"),
        ({"MLFLOW_TRACKING_TOKEN": SECRET}, None),
        ({"MLFLOW_TRACKING_USERNAME": "token", "MLFLOW_TRACKING_PASSWORD": SECRET}, None),
    ],
)
async def test_it_is_asked_by_its_own_credentials(environment: dict[str, str], sent: str | None) -> None:
    async with listening() as (url, heard):
        address = url.replace("http://", f"http://ada:{SECRET}@")
        async with TrackingClient(address, registry_token=SECRET, environment=environment) as client:
            with pytest.raises(Misunderstood):
                await client.experiments()
            assert SECRET not in client.run_link(RUN)
    headers = dict(line.split(": ", 1) for line in heard[0].split("\r\n")[1:] if ": " in line)
    given = headers.get("Authorization")
    if given is not None and given.startswith("Basic "):
        given = "Basic " + base64.b64decode(given[6:]).decode()
    assert given == sent
    assert SECRET not in heard[0]


async def test_a_console_never_sends_the_registrys_token_there(
    samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", samples.token)
    async with (
        listening() as (url, heard),
        console(samples.url, samples.token, (60, 20), tracking_uri=url) as shown,
    ):
        await shown.press("2", "N")
        await shown.shows(
            "Cannot load from the tracking server.", "Not an answer of an MLflow tracking server", "✗ load failed"
        )
    assert heard
    assert not any(samples.token in each for each in heard)


async def test_without_a_tracking_server_it_is_said_how_to_name_one(samples: Samples) -> None:
    model = samples.model()
    samples.version(model, run_id="a" * 32)
    async with console(samples.url, samples.token, SMALL) as shown:
        await shown.press("2")
        await shown.shows(model)
        await shown.press("N")
        await shown.notifies(
            "No tracking server configured", f"tui-registry login {samples.url} --tracking-uri https://"
        )
        await shown.press("enter")
        await shown.shows(f"Models › {model}")
        await shown.press("o", "N")
        await shown.until(lambda: shown.messages.count("TUI_REGISTRY_TRACKING_URI") == 3, "said three times")


async def test_the_demo_says_that_its_runs_are_invented(samples: Samples, tmp_path: Path) -> None:
    model = samples.model()
    samples.version(model, run_id="a" * 32)
    embedded = EmbeddedRegistry(tmp_path / "demo.db", throwaway=True)  # not opened: the samples stand for it
    app = ConsoleApp(Connection(samples.url, samples.token, "demo", embedded))
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        shown = Console(app, pilot)
        await shown.until(lambda: app.screen_stack and app.screen.is_mounted, "the first screen")
        await shown.press("colon")
        await shown.type(model)
        await shown.press("enter")
        await shown.shows(f"Models › {model}", "a" * 32)
        await shown.press("o")
        await shown.notifies("The demo's runs are invented", "their links do not work")
        app.exit()


async def test_a_second_call_that_fails_is_told_truly(samples: Samples) -> None:
    name = f"new-{samples.id}"
    results = await registered(samples, name, no_version)
    assert [result.verdict for result in results] == [Verdict.DONE, Verdict.REFUSED]
    assert f"no room. The model {name} was created and stays, without a version." in results[1].message
    assert samples.call("GET", "/mlflow/registered-models/get", name=name)["registered_model"]["name"] == name


async def test_lost_answers_are_looked_for(samples: Samples) -> None:
    name = f"new-{samples.id}"
    results = await registered(samples, name, answer_is_lost)
    assert [result.verdict for result in results] == [Verdict.DONE, Verdict.DONE]
    assert all("The answer was lost, but it is done." in result.message for result in results)
    found = samples.call("GET", "/mlflow/model-versions/search", filter=f"name = '{name}'")["model_versions"]
    assert [(version["version"], version["source"]) for version in found] == [("1", MODEL.source)]


async def test_a_name_taken_meanwhile_is_left_alone(samples: Samples) -> None:
    async with RegistryClient(samples.url, samples.token) as client:
        meant = await asked(client, f"taken-{samples.id}")
        samples.model("taken")
        result = await run(meant.mutations(client)[0])
    assert result.verdict is Verdict.REFUSED
    assert "there is already a model of this name" in result.message


async def test_a_model_gone_meanwhile_is_not_made_again(samples: Samples) -> None:
    name = samples.model("gone")
    async with RegistryClient(samples.url, samples.token) as client:
        meant = await asked(client, name)
        assert not meant.is_new
        samples.delete(name)
        result = await run(meant.mutations(client)[0])
    assert result.verdict is Verdict.REFUSED
    assert "no longer exists" in result.message


def test_what_is_typed_becomes_mlflows_filter() -> None:
    assert experiments_filter("  Slo pes ") == "name ILIKE '%Slo%' AND name ILIKE '%pes%'"
    assert experiments_filter("= tags.k = 'v'") == "tags.k = 'v'"
    assert runs_filter("") == ""
    assert runs_filter("lr") == "attributes.run_name ILIKE '%lr%'"
    assert (
        runs_filter("user:ada status:fail") == "attributes.user_id ILIKE '%ada%' AND attributes.status ILIKE '%fail%'"
    )
    assert runs_filter("tag:team=risk tag:x") == "tags.`team` = 'risk' AND tags.`x` ILIKE '%'"
    assert runs_filter("val/loss<=1e-3") == "metrics.`val/loss` <= 1e-3"
    assert runs_filter("=metrics.a > 1 ") == "metrics.a > 1"
    assert runs_filter("it's") == "attributes.run_name ILIKE '%it_s%'"


async def asked(client: RegistryClient, name: str) -> Registration:
    link = "https://mlflow.example.com/#/experiments/1/runs/a"
    return await registration(client, model=name, description="", candidate=MODEL, run=RUN, run_link=link)


async def registered(samples: Samples, name: str, fault: Fault) -> list[Result]:
    """What came of registering, with a fault on the way of what is written."""
    async with (
        FaultyTransport(fault) as transport,
        RegistryClient(samples.url, samples.token, transport=transport) as client,
    ):
        meant = await asked(client, name)
        results = [await run(write) for write in meant.mutations(client)]
        assert meant.made == ("1" if results[-1].verdict is Verdict.DONE else "")
    return results


async def no_version(transport: FaultyTransport, request: httpx.Request) -> httpx.Response:
    if request.url.path.endswith("/model-versions/create"):
        return httpx.Response(403, json={"error_code": "PERMISSION_DENIED", "message": "no room"})
    return await passes(transport, request)


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[str, list[str]]]:
    """The URL of a server that answers everything with a page for people, and the requests that it heard."""
    heard: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append((await reader.readuntil(b"\r\n\r\n")).decode())
        page = b"<html>Please log in to the hotel's network</html>"
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(page) + page)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", heard
