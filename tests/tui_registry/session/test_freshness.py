"""The console and a server that changes, goes, comes back, is slow, or does not let one in any more."""

import pytest

from tests.tui_registry.console import Console, console
from tests.tui_registry.proxy import proxied
from tests.tui_registry.samples import ASKER, Samples
from tui_registry.screens.base.place import Place
from tui_registry.screens.dialogs.problem import Problem
from tui_registry.session import live_connection


@pytest.fixture(autouse=True)
def _short_retry_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts to come back follow each other quickly."""
    monkeypatch.setattr(live_connection, "MAX_RETRY_DELAY", 0.5)


async def test_what_others_do_is_seen_without_a_key(samples: Samples) -> None:
    async with console(samples.url, samples.token) as shown:
        await shown.shows("No open requests", "● live")
        model = samples.pending("churn")
        await shown.shows(f"▎ {model}", "Inbox (1)", "a approve")
        samples.call(
            "POST", "/mlflow/comments/create", by=ASKER, name=model, version="1", comment="Have a look, please."
        )
        await shown.shows("Have a look, please.")
        path = "/mlflow/transition-requests/approve"
        samples.call("POST", path, name=model, version="1", stage="Staging", archive_existing_versions=False)
        await shown.shows("No open requests")
        assert "approve" not in shown.bar


async def test_what_others_do_is_seen_on_other_places_too(samples: Samples) -> None:
    churn = samples.model("churn")
    async with console(samples.url, samples.token) as shown:
        await shown.press("2")
        await shown.shows(churn, "● live")
        fraud = samples.model("fraud")
        await shown.shows(fraud)
        await shown.press("enter")
        await shown.shows(f"Models › {churn}", "0 versions")
        samples.version(churn, "Staging")
        await shown.shows("1 version ", "Staging")
        samples.ask(churn, "1", "Production")
        await shown.shows("Staging → Production?")
        await shown.press("1")
        await shown.shows("Inbox (1)", churn)


async def lives(shown: Console) -> None:
    await shown.until(lambda: "● live" in shown.header, "it is live")


async def test_a_server_that_goes_and_comes_back(samples: Samples) -> None:
    model = samples.pending("churn")
    async with proxied(samples.url) as proxy, console(proxy.url, samples.token) as shown:
        await shown.shows(model)
        await lives(shown)
        await proxy.cut()
        await shown.until(lambda: "✗ no connection · as of" in shown.header, "it says that the server is gone")
        assert model in shown.text
        await shown.press("f5", "2")
        await shown.shows("cannot be reached")
        await shown.press("1", "a", "y")
        await shown.notifies("Nothing was sent")
        newer = samples.pending("newer")
        await proxy.open()
        await lives(shown)
        await shown.shows(model, newer)
    assert samples.stage(model) == "None"


async def test_a_server_that_was_not_there_yet(samples: Samples) -> None:
    model = samples.pending("churn")
    async with proxied(samples.url) as proxy:
        await proxy.cut()
        async with console(proxy.url, samples.token) as shown:
            await shown.shows("no connection", "cannot be reached", "Retrying automatically.")
            await shown.press("a", "enter", "2", "1", "question_mark", "escape")
            await proxy.open()
            await shown.shows(model, "● live")


async def test_a_slow_server_is_waited_for(samples: Samples) -> None:
    model = samples.pending("churn")
    async with proxied(samples.url) as proxy:
        proxy.hold("transition-requests/list")
        async with console(proxy.url, samples.token) as shown:
            await shown.until(lambda: "waiting" in shown.header, "it is reported")
            await shown.press("2")
            await shown.shows("Models (1)", model)
            proxy.release()
            await shown.press("1")
            await shown.shows("Inbox (1)", model)
            await lives(shown)


async def test_what_is_old_is_told_so_while_the_server_is_slow(samples: Samples) -> None:
    model = samples.pending("churn")
    async with proxied(samples.url) as proxy, console(proxy.url, samples.token) as shown:
        await shown.shows(model)
        await lives(shown)
        proxy.hold("transition-requests/list")
        await shown.press("f5")
        await shown.until(lambda: "waiting · as of" in shown.header, "it is reported")
        assert model in shown.text
        await shown.press("question_mark", "escape")
        await shown.shows("a approve")
        assert "waiting · as of" in shown.header, "after a dialog, too"
        proxy.release()
        await lives(shown)


async def test_slowness_is_not_told_after_the_answer(samples: Samples) -> None:
    """Its timer may go off just before the answer comes, and be heard just after it."""
    async with console(samples.url, samples.token) as shown:
        await lives(shown)
        place = shown.app.screen
        assert isinstance(place, Place)
        place._show_slow(place._load_number)
        await shown.pilot.pause()
        assert "● live" in shown.header


async def test_a_token_that_is_revoked_is_told_and_another_can_be_given(samples: Samples) -> None:
    model = samples.pending("churn")
    made = samples.call("POST", "/token/create", comment="for the console")
    async with console(samples.url, made["token_value"]) as shown:
        await shown.shows(model)
        await lives(shown)
        samples.call("POST", "/token/delete", token_id=made["token_info"]["token_id"])
        await shown.shows("The token was refused", "enter a token for this session")
        assert isinstance(shown.app.screen, Problem)
        await shown.press("r")
        await shown.until(lambda: isinstance(shown.app.screen, Problem), "it is still refused")
        await shown.shows("The token was refused")
        await shown.press("t", "w", "r", "o", "n", "g", "enter")
        await shown.shows("The token was refused")
        await shown.until(lambda: isinstance(shown.app.screen, Problem) and not token_line(shown), "it asks again")
        await shown.press("t")
        await shown.until(lambda: token_line(shown), "the line for the token")
        shown.app.screen.query_one("#token").insert_text_at_cursor(samples.token)  # type: ignore[attr-defined]  # an Input
        await shown.hides(samples.token)
        await shown.press("enter")
        await shown.shows(model)
        await lives(shown)


def token_line(shown: Console) -> bool:
    return any(line.has_focus for line in shown.app.screen.query("#token"))


async def test_what_is_no_registry_is_reported(samples: Samples) -> None:
    """Here: a path of one that answers with an error for all that is asked."""
    async with console(f"{samples.url}/health/", samples.token) as shown:
        await shown.shows("✗ no connection")
        await shown.press("2", "1", "f5")
        await shown.shows("Retrying automatically.")


@pytest.mark.parametrize("token", ["", "two codes", "ünïcodes", "codes\n", "codes" * 20_000])
async def test_tokens_that_cannot_be_ones(samples: Samples, token: str) -> None:
    async with console(samples.url, token) as shown:
        await shown.until(lambda: "refused" in shown.text or "✗" in shown.header, "it is reported")
        assert "codes" not in shown.text
