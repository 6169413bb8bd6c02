"""Requests decided by keys: asked before, written once, reported afterwards."""

import asyncio

import pytest

from tests.tui_registry.console import LARGE, SIZES, Console, console
from tests.tui_registry.proxy import proxied
from tests.tui_registry.samples import ASKER, OWNER, SECOND_ASKER, Samples
from tui_registry.screens.dialogs.confirm import Confirm


def asks(shown: Console) -> bool:
    return isinstance(shown.app.screen, Confirm)


@SIZES
async def test_approving_takes_two_keys(samples: Samples, size: tuple[int, int]) -> None:
    model = samples.pending("churn")
    async with console(samples.url, samples.token, size) as shown:
        await shown.shows(model)
        await shown.press("a")
        await shown.shows("Approve this request?", f"{model} version 1, None → Staging", ASKER, "y yes", "n no")
        await shown.press("y")
        await shown.notifies("Approved; version 1 is now in Staging.")
        await shown.shows("No open requests")
    assert samples.stage(model) == "Staging"


async def test_a_request_is_rejected_with_a_comment(samples: Samples) -> None:
    model = samples.pending("churn")
    async with console(samples.url, samples.token) as shown:
        await shown.shows(model)
        await shown.press("r", "tab")
        await shown.until(lambda: shown.app.screen.focused is not None and shown.app.screen.focused.id == "comment")
        await shown.type("Not by me: y n o")
        await shown.press("enter")
        assert asks(shown)
        await shown.press("y")
        await shown.notifies("Rejected; version 1 stays in None.")
    (activity,) = samples.activities(model, "REJECTED_REQUEST")
    assert activity["comment"] == "Not by me: y n o"
    assert samples.stage(model) == "None"


@pytest.mark.parametrize("leave", ["n", "escape", "enter", "space"])
async def test_the_focus_is_not_on_the_deed(samples: Samples, leave: str) -> None:
    """Whatever is pressed next, but for ``y``, does nothing."""
    model = samples.pending("churn")
    async with console(samples.url, samples.token) as shown:
        await shown.shows(model)
        await shown.press("a", leave, "n")
        await shown.until(lambda: not asks(shown))
        await shown.press("f5")
        await shown.shows("Inbox (1)")
    assert samples.stage(model) == "None"


async def test_the_key_that_asks_does_not_confirm(samples: Samples) -> None:
    model = samples.pending("churn")
    async with console(samples.url, samples.token) as shown:
        await shown.shows(model)
        await shown.press("a", "a", "a", "x", "r", "q", "1", "2")
        assert asks(shown)
    assert samples.stage(model) == "None"


async def test_ones_own_request_is_cancelled(samples: Samples) -> None:
    model = samples.pending("churn")
    async with console(samples.url, samples.registry.token(ASKER)) as shown:
        await shown.shows(model, "x cancel")
        assert "approve" not in shown.bar
        await shown.press("x")
        await shown.shows("Cancel this request?")
        await shown.press("y")
        await shown.notifies("Cancelled; version 1 stays in None.")
        await shown.shows("No open requests")
    assert samples.requests() == []


async def test_what_is_not_allowed_is_not_live(samples: Samples) -> None:
    model = samples.pending("churn")
    async with console(samples.url, samples.registry.token(SECOND_ASKER)) as shown:
        await shown.shows(model, "You cannot decide this request")
        for word in ("approve", "reject", "cancel"):
            assert word not in shown.bar
        await shown.press("a", "y", "escape", "r", "y", "escape", "x", "y", "escape")
        assert not asks(shown)
        await shown.press("question_mark")
        await shown.shows("Keyboard shortcuts")
        await shown.hides("Approve the request")
    assert len(samples.requests()) == 1


@SIZES
async def test_leaving_production_empty_is_said_before(samples: Samples, size: tuple[int, int]) -> None:
    model = samples.model("alone")
    version = samples.version(model, "Production")
    samples.ask(model, version, "Archived")
    async with console(samples.url, samples.token, size) as shown:
        await shown.shows(model, "Production is left EMPTY")
        assert " EMPTY" in shown.row(model), "what it displaces"
        assert "AGE" in shown.text
        assert shown.style("EMPTY").startswith("bold #f4005f"), "red, not as faint as the archived"
        await shown.press("a")
        await shown.shows("Approve this request?", "Production is left EMPTY", f"Type {model}")
        await shown.press("escape", "r")
        await shown.shows("Reject this request?")
        question = shown.app.screen.query_one("#question")
        assert all("EMPTY" not in str(part.render()) for part in question.query("Static"))
        await shown.press("escape")
        samples.version(model, "Production")
        await shown.hides("EMPTY")


def question_text(shown: Console) -> str:
    """All that the dialog says, whether there is room for it or not."""
    return "\n".join(str(part.render()) for part in shown.app.screen.query("#targets Static"))


@SIZES
async def test_only_approving_displaces(samples: Samples, size: tuple[int, int]) -> None:
    model = samples.pending("churn", "Production")
    holder = samples.version(model, "Production")
    async with console(samples.url, samples.token, size) as shown:
        await shown.shows(model, f"displaces version {holder}")
        for key, displaces in (("a", True), ("r", False)):
            await shown.press(key)
            await shown.shows("this request?")
            parts = [str(part.render()) for part in shown.app.screen.query_one("#targets").query("Static")]
            assert any(f"displaces version {holder}, now in Production" in part for part in parts) is displaces
            await shown.press("escape")
            await shown.hides("this request?")


@SIZES
async def test_no_choice_about_nothing(samples: Samples, size: tuple[int, int]) -> None:
    """Who has come to an empty stage in the meantime is not left there beside the new version unseen."""
    model = samples.pending("churn", "Staging")
    async with console(samples.url, samples.token, size) as shown:
        await shown.shows(model)
        await shown.press("a")
        await shown.shows("Approve this request?")
        assert not shown.app.screen.query("#archive")
        incoming = samples.version(model, "Staging")
        await shown.press("y")
        await shown.notifies(f"Staging now holds version {incoming}. Review it again.")
    assert samples.stage(model, "1") == "None"


async def test_one_approval_takes_five_calls(samples: Samples) -> None:
    """Check, write, read back; then the inbox, and what is needed to decide the next request."""
    first, second = samples.pending("first", "Production"), samples.pending("second", "Production")
    async with console(samples.url, samples.token, LARGE) as shown:
        await shown.shows(first, second, "Inbox (2)")
        before = len(await _all_calls(shown))
        await shown.press("a", "tab", "tab")
        await shown.type(second)
        await shown.press("enter")
        await shown.notifies("Approved; version")
        await shown.shows("Inbox (1)")
        assert (await _all_calls(shown))[before:] == [
            "GET /mlflow/transition-requests/list",
            "POST /mlflow/transition-requests/approve",
            "GET /mlflow/model-versions/get",
            "GET /mlflow/transition-requests/list",
            "GET /mlflow/transition-requests/review",
        ]


async def _all_calls(shown: Console) -> list[str]:
    """What was asked of the server, but for the event stream, once nothing more has been asked for a second."""
    calls: list[str] = []
    while True:
        entries = shown.app.client.journal.entries
        now = [f"{each.method} {each.path}" for each in entries if each.path != "/mlflow/events"]
        if now == calls and now:
            return now
        calls = now
        await asyncio.sleep(1.0)


async def test_a_warning_is_seen_before_all_else_that_is_asked(samples: Samples) -> None:
    """Also if it is about the last of many, and below it the word to type."""
    model = samples.model("alone")
    samples.ask(model, samples.version(model, "Production"), "Archived", comment="Retired. " * 40)
    for number in range(12):
        samples.pending(f"model-{number}")
    async with console(samples.url, samples.token) as shown:
        await shown.shows("Inbox (13)")
        await shown.press("asterisk", "a")
        await shown.shows(
            f"! Production of {model} is left EMPTY", "Type production to confirm", "more lines", "y  Approve"
        )
        assert f"• {model}" not in shown.text
        await shown.press("n", "escape", "G", "a")
        await shown.shows(
            "! Production is left EMPTY", f"Type {model} to confirm", "  │ “Retired. Retired.", "y  Approve"
        )
        lines = [line.strip(" │") for line in shown.text.split("\n")]
        wrapped = [line for line in shown.text.split("\n") if line.strip(" │").startswith("Retired.")]
        assert wrapped, lines
        assert all("  │  Retired." in line for line in wrapped[:2])


async def test_production_is_approved_by_its_name(samples: Samples) -> None:
    model = samples.pending("churn", "Production")
    async with console(samples.url, samples.token) as shown:
        await shown.shows(model)
        await shown.press("a", "y")
        assert asks(shown)
        await shown.type("chur")
        await shown.press("enter")
        await shown.shows(f"This does not match {model}.")
        assert samples.stage(model) == "None"
        await shown.type(model.removeprefix("chur"))
        await shown.press("enter")
        await shown.notifies("Approved; version")
    assert samples.stage(model) == "Production"


async def test_production_is_rejected_without_its_name(samples: Samples) -> None:
    model = samples.pending("churn", "Production")
    async with console(samples.url, samples.token) as shown:
        await shown.shows(model)
        await shown.press("r", "y")
        await shown.notifies("Rejected; version 1 stays in None.")


@pytest.mark.parametrize(
    "name", ["=需要予測 [x]", "=  two  spaces ", "=tab\tand\x1bescape", "=" + "long" * 60], ids=lambda name: name[1:5]
)
async def test_production_of_a_name_that_is_hard_to_type(samples: Samples, name: str) -> None:
    model = samples.pending(name, "Production")
    async with console(samples.url, samples.token) as shown:
        await shown.shows("Inbox (1)")
        await shown.press("a", "y")
        await shown.shows("Type production to confirm")
        await shown.type("production")
        await shown.press("enter")
        await shown.notifies("Approved; version")
    assert samples.stage(model) == "Production"


@pytest.mark.parametrize(("keys", "left"), [((), "Archived"), (("o",), "Staging"), (("o", "o"), "Archived")])
async def test_what_is_displaced_is_archived_or_not(samples: Samples, keys: tuple[str, ...], left: str) -> None:
    model = samples.pending("churn")
    holder = samples.version(model, "Staging")
    async with console(samples.url, samples.token) as shown:
        await shown.shows(model)
        await shown.press("a")
        await shown.shows(
            f"displaces version {holder}, now in Staging", f"Archive version {holder}", "o do not archive"
        )
        await shown.press(*keys)
        said = [f"displaces version {holder}, now in Staging", f"version {holder} stays in Staging, too"]
        await shown.until(
            lambda: [text in question_text(shown) for text in said] == [left == "Archived", left != "Archived"]
        )
        await shown.press("y")
        await shown.notifies("Approved; version")
    assert samples.stage(model) == "Staging"
    assert samples.stage(model, holder) == left


@SIZES
async def test_a_comment_is_read_to_its_end_before_it_is_decided(samples: Samples, size: tuple[int, int]) -> None:
    """Its beginning in whole lines, how many lines more there are, and these below, after what is said about others."""
    comment = "\n".join(
        ["Two weeks are over.", *(f"metric_{number} rose" for number in range(4)), "Rollback: version 8."]
    )
    comment = f"{comment}\n[the report](".ljust(1_999, "x") + ")\nLast line."  # short without the address
    model = samples.pending("churn", comment=comment)
    samples.ask(model, "1", by=SECOND_ASKER, comment="One line.")
    async with console(samples.url, samples.token, size) as shown:
        await shown.shows("Inbox (2)")
        await shown.press("down")
        await shown.shows("… 3 more lines: more of the comment is below, J scrolls down")
        await shown.press("a")
        await shown.shows("“Two weeks are over.", "metric_1 rose", "… 4 more lines at the end: ↓", "│ “One line.”")
        await shown.shows(f"also approves the request by {SECOND_ASKER}, ")
        await shown.press(*["down"] * 12)
        await shown.shows(f"the rest of the comment by {ASKER}:", "│ metric_3 rose", "│ Rollback: version 8.")
        await shown.shows("there is more: see the version's details")
        assert "Last line" not in question_text(shown)
        assert question_text(shown).count("metric_0 rose") == 1
        await shown.press("n", "r")
        await shown.shows(f"also rejects the request by {SECOND_ASKER}, ")


async def test_a_request_that_is_gone_when_confirmed_is_reported(samples: Samples) -> None:
    model = samples.pending("churn")
    async with console(samples.url, samples.token) as shown:
        await shown.shows(model)
        await shown.press("a")
        path = "/mlflow/transition-requests/delete"
        samples.call("DELETE", path, name=model, version="1", stage="Staging", creator=ASKER)
        await shown.shows("Approve this request?")
        await shown.press("y")
        await shown.notifies("Nothing was sent", "already decided or cancelled")
    assert samples.stage(model) == "None"


async def test_a_decision_goes_on_while_one_looks_elsewhere(samples: Samples) -> None:
    model = samples.pending("churn")
    async with proxied(samples.url) as proxy, console(proxy.url, samples.token) as shown:
        await shown.shows(model, "● live")
        proxy.hold("/approve")
        await shown.press("a", "y")
        await shown.until(lambda: any("/approve" in line for line in proxy.asked), "it is sent")
        await shown.press("2")
        await shown.shows("Models (1)")
        proxy.release()
        await shown.notifies("Approved; version")
    assert sum("/approve" in line for line in proxy.asked) == 1


async def test_leaving_waits_for_what_is_being_written(samples: Samples) -> None:
    model = samples.pending("churn")
    async with proxied(samples.url) as proxy, console(proxy.url, samples.token) as shown:
        await shown.shows(model, "● live")
        proxy.hold("/approve")
        await shown.press("a", "y")
        await shown.until(lambda: any("/approve" in line for line in proxy.asked), "it is sent")
        await shown.press("q")
        await shown.shows("waiting for the server to answer")
        proxy.release()
        await shown.ends()
    assert samples.stage(model) == "Staging"


async def test_a_lost_answer_is_found_out(samples: Samples) -> None:
    model = samples.pending("churn")
    async with proxied(samples.url) as proxy, console(proxy.url, samples.token) as shown:
        await shown.shows(model, "● live")
        proxy.hold("/approve")
        await shown.press("a", "y")
        await shown.until(lambda: samples.stage(model) == "Staging", "the server has done it")
        await proxy.cut()
        await proxy.open()
        await shown.notifies("The answer was lost", f"Approved by {OWNER}")
    assert sum("/approve" in line for line in proxy.asked) == 1


async def test_requests_are_decided_on_the_models_page_too(samples: Samples) -> None:
    model = samples.pending("churn")
    async with console(samples.url, samples.token) as shown:
        await shown.shows(model)
        await shown.press("enter")
        await shown.shows("→ Staging?", "a approve")
        await shown.press("a", "y")
        await shown.notifies("Approved; version")
        await shown.shows("0 open requests")


async def test_a_question_is_answered_before_anything_else_is_done(samples: Samples) -> None:
    samples.pending("churn")
    async with console(samples.url, samples.token) as shown:
        await shown.shows("Inbox (1)")
        await shown.press("a", "q", "2", "4", "question_mark", "colon")
        await shown.shows("Approve this request?")
        assert shown.app.is_running
        await shown.press("n")
        await shown.shows("Inbox (1)")
    assert len(samples.requests()) == 1


async def test_escape_does_not_lose_a_comment(samples: Samples) -> None:
    model = samples.pending("churn")
    async with console(samples.url, samples.token) as shown:
        await shown.shows(model)
        await shown.press("r", "tab")
        await shown.type("too early")
        await shown.press("escape")
        await shown.shows("Reject this request?", "too early", "Press esc again")
        await shown.press("escape")
        await shown.hides("Reject this request?")
    assert samples.stage(model) == "None"
