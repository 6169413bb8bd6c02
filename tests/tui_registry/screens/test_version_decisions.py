"""Requests decided on the page of the version that they are about."""

from tests.tui_registry.console import SIZES, Console, console
from tests.tui_registry.samples import ASKER, SECOND_ASKER, Samples
from tui_registry.screens.dialogs.confirm import Confirm


async def open_version(shown: Console, model: str) -> None:
    """The page of its version 1."""
    await shown.press("colon")
    await shown.type(f"{model}/1")
    await shown.shows(f"version  {model}/1")
    await shown.press("enter")
    await shown.shows(f"Models › {model} › 1", "description")


@SIZES
async def test_on_the_page_of_a_version_from_any_row(samples: Samples, size: tuple[int, int]) -> None:
    """Whichever row the cursor is on: one request, made by two."""
    model = samples.pending("churn")
    samples.ask(model, "1", by=SECOND_ASKER)
    holder = samples.version(model, "Staging")
    async with console(samples.url, samples.token, size) as shown:
        await open_version(shown, model)
        await shown.shows("a approve 2", "r reject 2", f"→ Staging by {ASKER}", f"→ Staging by {SECOND_ASKER}")
        await shown.press("j", "j", "j")
        await shown.shows(f"displaces version {holder}, now in Staging", "a approve")
        await shown.press("k", "k", "k", "a")
        await shown.shows("Approve 2 requests?", f"{model} version 1, None → Staging", SECOND_ASKER, "also approves")
        await shown.press("y")
        await shown.notifies("Approved 2 requests; version 1 is now in Staging.")
        await shown.until(lambda: "approve" not in shown.bar, "nothing is left to approve")
    assert [samples.stage(model, each) for each in ("1", holder)] == ["Staging", "Archived"]


async def test_several_on_the_page_of_a_version_are_chosen_by_their_rows(samples: Samples) -> None:
    model = samples.pending("churn")
    samples.ask(model, "1", "Production")
    async with console(samples.url, samples.token) as shown:
        await open_version(shown, model)
        await shown.press("r")
        await shown.notifies("several requests are open: choose one.")
        assert not isinstance(shown.app.screen, Confirm)
        first, second = (each["to_stage"] for each in samples.requests())
        await shown.shows(f"None → {first}", "r reject")
        await shown.press("j", "r")
        await shown.shows("Reject this request?", f"{model} version 1, None → {second}")
        await shown.press("y")
        await shown.notifies("Rejected; version 1 stays in None.")
        await shown.hides(f"→ {second} by")
        await shown.press("g", "r")
        await shown.shows("Reject this request?", f"{model} version 1, None → {first}")
    assert [each["to_stage"] for each in samples.requests()] == [first]


@SIZES
async def test_lists_name_each_stage_that_is_requested(samples: Samples, size: tuple[int, int]) -> None:
    """And decide the newest request that the user may decide so."""
    model = samples.pending("churn")
    samples.ask(model, "1", "Production", by=SECOND_ASKER)
    async with console(samples.url, samples.registry.token(ASKER), size) as shown:
        await shown.shows("Inbox (2)")
        await shown.press("enter")
        await shown.shows("None → Production, Staging?", "x cancel request")
        await shown.press("x")
        await shown.shows("Cancel this request?", f"{model} version 1, None → Staging", f"requested by {ASKER}")
        await shown.press("n", "3")
        await shown.shows("None 1")
        await shown.press("left")
        await shown.shows("→ Production, Staging?")


async def test_ones_own_on_the_page_of_a_version(samples: Samples) -> None:
    """The other one is another user's, who alone can cancel it."""
    model = samples.pending("churn")
    samples.ask(model, "1", by=SECOND_ASKER)
    async with console(samples.url, samples.registry.token(ASKER)) as shown:
        await open_version(shown, model)
        await shown.shows("x cancel")
        assert "approve" not in shown.bar
        await shown.press("x")
        await shown.shows("Cancel this request?", f"requested by {ASKER}, ", "s ago")
        await shown.press("y")
        await shown.notifies("Cancelled; version 1 stays in None.")
        await shown.until(lambda: "x cancel" not in shown.bar, "nothing is left to cancel")
    assert [each["user_id"] for each in samples.requests()] == [SECOND_ASKER]
