"""A server that is killed while it is written to, and comes back: nothing is done twice, reports are true."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.live_registry import ADMIN, LiveRegistry, Server, command, fresh_database
from tests.tui_registry.console import LARGE, Console, console
from tests.tui_registry.proxy import Proxy, proxied
from tests.tui_registry.samples import OWNER, Samples
from tests.variants import variant
from tui_registry.mutations import lost_answer
from tui_registry.session import live_connection

LATE = pytest.mark.parametrize("late", [variant(False), True], ids=["before-it-arrives", "before-its-answer"])


@pytest.fixture(autouse=True)
def _short_retry_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts to come back, and readings of what happened, follow each other quickly."""
    monkeypatch.setattr(live_connection, "MAX_RETRY_DELAY", 0.5)
    monkeypatch.setattr(lost_answer, "LAST_PAUSE", 0.5)


@dataclass
class Mortal:
    """A registry whose server can be killed, and what is in it."""

    server: Server
    samples: Samples


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Mortal]:
    with fresh_database(tmp_path) as database:
        command(database, "users", "create", ADMIN, "--admin")
        token = command(database, "tokens", "create", ADMIN).strip()
        with Server(tmp_path, database) as server:
            registry = LiveRegistry(server.start(), database, token, server.pid, server.log, {ADMIN: token})
            samples = Samples(registry)
            yield Mortal(server, samples)
            samples.close()


@asynccontextmanager
async def killed_at(mortal: Mortal, path: str, *, late: bool) -> AsyncIterator[tuple[Console, Proxy]]:
    """A console, whose server will be killed when a request for a path comes."""
    async with proxied(mortal.samples.url) as proxy, console(proxy.url, mortal.samples.token, LARGE) as shown:
        await shown.until(lambda: "● live" in shown.header, "it is live")
        proxy.strike(path, mortal.server.kill, late=late)
        yield shown, proxy
        await shown.until(lambda: "● live" in shown.header, "the server is back")
        assert sum(path in line for line in proxy.asked) == 1, "it was written more than once"


async def dies_and_comes_back(mortal: Mortal, shown: Console) -> None:
    """While the server is gone, keys answer, and nothing is claimed."""
    await shown.until(lambda: "● live" not in shown.header, "the server is gone")
    await shown.press("2")
    await shown.shows("Models")
    await shown.press("1", "question_mark")
    await shown.shows("Keyboard shortcuts")
    await shown.press("escape")
    assert "Approved" not in shown.messages
    assert "Moved from" not in shown.messages
    mortal.server.start()


@pytest.mark.parametrize("late", [False, variant(True)], ids=["before-it-arrives", "before-its-answer"])
async def test_an_approval(mortal: Mortal, late: bool) -> None:
    samples = mortal.samples
    model, other = samples.pending("churn"), samples.pending("other")
    async with killed_at(mortal, "/approve", late=late) as (shown, _):
        await shown.shows(model, other)
        await shown.press("colon")
        await shown.type(model)
        await shown.press("enter")
        await shown.shows("Models › ", "a approve")
        await shown.press("a")
        await shown.shows("Approve this request?", model)
        await shown.press("y")
        await dies_and_comes_back(mortal, shown)
        if late:
            await shown.notifies("The answer was lost", f"Approved by {OWNER}")
        else:
            await shown.notifies("The answer was lost, and nothing has changed so far: refresh before you repeat it.")
    assert samples.stage(model) == ("Staging" if late else "None")
    assert len(samples.activities(model, "APPROVED_REQUEST")) == (1 if late else 0)
    assert {each["name"] for each in samples.requests()} == ({other} if late else {model, other})
    assert samples.stage(other) == "None"


@LATE
async def test_a_transition_that_archives(mortal: Mortal, late: bool) -> None:
    """The model's page; the stages of both versions change together or not at all."""
    samples = mortal.samples
    model = samples.model("moved")
    samples.version(model, "Staging")
    samples.version(model)
    async with killed_at(mortal, "/transition-stage", late=late) as (shown, _):
        await shown.press("2")
        await shown.shows(model)
        await shown.press("enter")
        await shown.shows("2 versions", "Staging")
        await shown.press("t")
        await shown.shows(f"Move {model} version 2 from None to")
        await shown.press("s")
        await shown.shows("Move this version?", "displaces version 1")
        await shown.press("y")
        await dies_and_comes_back(mortal, shown)
        if late:
            await shown.notifies("The answer was lost, but it is done. Moved from None to Staging. Archived version 1.")
        else:
            await shown.notifies("The answer was lost, and nothing has changed so far: refresh before you repeat it.")
    assert [samples.stage(model, version) for version in "12"] == (
        ["Archived", "Staging"] if late else ["Staging", "None"]
    )
    assert len(samples.activities(model, "APPLIED_TRANSITION")) == (2 if late else 1)  # the first made the samples


@LATE
async def test_a_level_that_is_granted(mortal: Mortal, late: bool) -> None:
    samples = mortal.samples
    model = samples.model("governed")
    async with killed_at(mortal, "PATCH /api/2.0/permissions", late=late) as (shown, _):
        await shown.press("2")
        await shown.shows(model)
        await shown.press("enter")
        await shown.shows(f"Models › {model}", "0 versions")
        await shown.press("p")
        await shown.shows("Your level: CAN_MANAGE")
        await shown.press("n")
        await shown.shows(f"Grant a permission level on {model}")
        await shown.type(ADMIN)
        await shown.shows(f"user:{ADMIN}")
        await shown.press("enter", "enter")
        await shown.shows("Grant CAN_READ to")
        await shown.press("y")
        await dies_and_comes_back(mortal, shown)
        if late:
            await shown.notifies("The answer was lost, but it is done.")
        else:
            await shown.notifies("The answer was lost, and nothing has changed so far: refresh before you repeat it.")
