"""Commands whose answer is lost, or which are interrupted: nothing is written twice, and what they say is true."""

import asyncio
import json
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable

import pytest
from click.testing import Result

from tests.live_registry import ADMIN
from tests.tui_registry.command_line import levels, process, run
from tests.tui_registry.proxy import Proxy, proxied
from tests.tui_registry.samples import ASKER, Samples
from tests.tui_registry.terminal_process import TIMEOUT
from tui_registry.commands.exit_codes import Exit
from tui_registry.mutations import lost_answer

pytestmark = pytest.mark.usefixtures("command_home")


async def lost(
    samples: Samples,
    line: str,
    arguments: tuple[str, ...],
    fault: Callable[[Proxy], Awaitable[None]],
    has_happened: Callable[[], object],
) -> Result:
    """A command over a network that loses the answer to what is asked by this line, and what fault it then."""
    async with proxied(samples.url) as proxy:
        proxy.hold(line)
        running = asyncio.create_task(asyncio.to_thread(run, samples, *arguments, url=proxy.url))
        await until(has_happened, "the server has done it")
        await proxy.cut()
        proxy.release()
        await fault(proxy)
        return await running


async def until(seen: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not seen():
        assert time.monotonic() < deadline, f"not seen: {what}"
        await asyncio.sleep(0.05)


async def comes_back(proxy: Proxy) -> None:
    await proxy.open()


async def stays_away(_proxy: Proxy) -> None:
    """For as long as anybody asks."""


APPROVE = "POST /api/2.0/mlflow/transition-requests/approve"
ACTIVITIES = "GET /api/2.0/mlflow/activities/list"


async def test_an_approval_whose_answer_is_lost_is_found_out(samples: Samples) -> None:
    model = samples.pending("found-out")
    done = await lost(
        samples, APPROVE, ("requests", "approve", model, "1", "Staging"), comes_back, lambda: not samples.requests()
    )
    assert done.exit_code == 0, done.output
    assert "The answer was lost, but it is done. Approved by" in done.stdout
    assert len(samples.activities(model, "APPROVED_REQUEST")) == 1


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the reads after a lost answer."""
    monkeypatch.setattr(lost_answer, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(lost_answer, "LAST_PAUSE", 0.01)


@pytest.mark.usefixtures("short_pauses")
async def test_an_approval_that_nobody_can_tell_of_is_unknown(samples: Samples) -> None:
    model = samples.pending("unknown")
    done = await lost(
        samples, APPROVE, ("requests", "approve", model, "1", "Staging"), stays_away, lambda: not samples.requests()
    )
    assert done.exit_code == Exit.UNKNOWN, done.output
    assert done.stdout == ""
    assert "before you repeat it" in done.stderr


async def test_a_revocation_whose_answer_is_lost_is_found_out(samples: Samples) -> None:
    model = samples.model("revoked")

    def changes() -> int:
        return len(samples.activities(model, "CHANGED_PERMISSIONS"))

    before = changes()
    put, arguments = "PUT /api/2.0/permissions/registered-models/", ("permissions", "revoke", model, "--user", ASKER)
    done = await lost(samples, put, arguments, comes_back, lambda: changes() > before)
    assert done.exit_code == 0, done.output
    assert "The answer was lost, but it is done." in done.stdout
    assert await asyncio.to_thread(levels, samples, model, ASKER) == []
    assert changes() == before + 1


async def test_a_transition_whose_answer_is_lost_is_found_out(samples: Samples) -> None:
    model = samples.model("moved")
    samples.version(model)
    line, arguments = "transition-stage", ("versions", "transition", model, "1", "Staging")
    done = await lost(samples, line, arguments, comes_back, lambda: samples.stage(model) == "Staging")
    assert done.exit_code == 0, done.output
    assert f"{model} version 1: The answer was lost, but it is done. Moved from None to Staging." in done.stdout
    assert len(samples.activities(model, "APPLIED_TRANSITION")) == 1


async def test_a_token_is_printed_though_it_cannot_be_read_back(samples: Samples) -> None:
    async with proxied(samples.url) as proxy:
        proxy.hold("token/create")
        running = asyncio.create_task(asyncio.to_thread(run, samples, "tokens", "create", "--json", url=proxy.url))
        await until(lambda: "token/create" in "".join(proxy.asked), "it is created")
        proxy.release()
        proxy.hold("token/list")
        await until(lambda: "token/list" in "".join(proxy.asked).partition("token/create")[2], "it is read back")
        await proxy.cut()
        done = await running
    assert done.exit_code == 0, done.output
    assert "could not be read back" in done.stderr
    value = json.loads(done.stdout)["token_value"]
    with samples.registry.client(value) as client:
        assert client.get("/token/list").is_success


@pytest.mark.parametrize("more", [(), ("--json",)])
async def test_a_token_whose_value_is_lost_is_not_reported_as_done(samples: Samples, more: tuple[str, ...]) -> None:
    def made() -> list[str]:
        listed = samples.call("GET", "/token/list").get("token_infos", [])
        return [each["token_id"] for each in listed if each.get("comment") == "lost"]

    arguments = ("tokens", "create", "--comment", "lost", *more)
    done = await lost(samples, "POST /api/2.0/token/create", arguments, comes_back, made)
    assert done.exit_code == Exit.UNKNOWN, done.output
    assert done.stdout == ""
    assert "its value was lost with the answer" in done.stderr
    (token_id,) = made()
    samples.call("POST", "/token/delete", token_id=token_id)


@pytest.mark.parametrize(
    ("line", "arguments", "code", "notes"),
    [
        (APPROVE, ("requests", "approve", "{model}", "1", "Staging"), Exit.UNKNOWN, ["may have been made"]),
        (ACTIVITIES, ("activity",), Exit.INTERRUPTED, []),
        (
            ACTIVITIES,
            ("requests", "approve", "{model}", "1", "Staging", "--json"),
            Exit.INTERRUPTED,
            ["Approved; version 1 is now in Staging.", "it is done, but was not read back"],
        ),
        (
            "PATCH /api/2.0/preview/scim/v2/Groups",
            ("users", "create", "{model}", "--admin", "--json"),
            Exit.UNKNOWN,
            ["user {model}: Created.", "may have been made"],
        ),
    ],
)
async def test_an_interruption_says_whether_anything_may_have_happened(
    samples: Samples, line: str, arguments: tuple[str, ...], code: Exit, notes: list[str]
) -> None:
    model = samples.pending("interrupted")
    async with proxied(samples.url) as proxy:
        proxy.hold(line)
        token = samples.registry.token(ADMIN)
        given = process(
            samples,
            *(each.format(model=model) for each in arguments),
            TUI_REGISTRY_URL=proxy.url,
            TUI_REGISTRY_TOKEN=token,
        )
        program, *rest = given.pop("args")
        running = await asyncio.create_subprocess_exec(
            program, *rest, **given, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        await until(lambda: any(line in asked for asked in proxy.asked), "it was asked")
        running.send_signal(signal.SIGINT)
        written, errors = await asyncio.wait_for(running.communicate(), TIMEOUT)
    output = errors.decode()
    assert running.returncode == code, output
    assert written == b""
    assert "Interrupted" in output
    assert "Traceback" not in output
    for each in notes:
        assert each.format(model=model) in output
    await asyncio.to_thread(run, samples, "users", "delete", model, "--yes", by=ADMIN)
