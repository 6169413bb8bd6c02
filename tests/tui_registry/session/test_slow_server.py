"""A server whose every answer takes 300 ms: keys answer at once, targets stay what they were, nothing is done twice.

That keys do not wait is shown by what is on the screen while the answer is still on its way, not by a clock.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.widgets import Input

from tests.tui_registry.access_fixture import AccessFixture
from tests.tui_registry.console import Console, console
from tests.tui_registry.proxy import Proxy, proxied
from tests.tui_registry.samples import Samples

DELAY = 0.3  # seconds a call


@asynccontextmanager
async def slow(samples: Samples) -> AsyncIterator[tuple[Console, Proxy]]:
    async with proxied(samples.url) as proxy:
        proxy.delay = DELAY
        async with console(proxy.url, samples.token) as shown:
            await shown.until(lambda: "● live" in shown.header, "it is live")
            yield shown, proxy


def written(proxy: Proxy, path: str) -> int:
    return sum(path in line for line in proxy.asked)


async def test_keys_do_not_wait_for_answers(samples: Samples) -> None:
    """Whatever is asked for here is not answered before it is released."""
    models = [samples.pending(name) for name in ("one", "two", "three")]
    async with slow(samples) as (shown, proxy):
        await shown.shows(*models)
        proxy.hold("HTTP/1.1")
        await shown.press("j", "j", "space")
        assert shown.row(models[0]).lstrip("▎").startswith("●"), "the cursor went to the third row, which is marked"
        await shown.press("slash")
        await shown.type("tw")
        assert "tw" in shown.text
        assert " (1)" in shown.header, "what is there is narrowed without asking"
        await shown.press("escape", "question_mark")
        assert "Keyboard shortcuts" in shown.text
        await shown.press("escape", "2")
        assert "Models" in shown.header
        await shown.press("slash")
        await shown.type("three")
        assert "three" in shown.text, "letters are seen as they are typed"
        await shown.press("escape", "4", "1", "escape", "a")
        assert "Approve this request?" in shown.text
        await shown.press("n")
        proxy.release()
        await shown.until(lambda: "● live" in shown.header, "it is live")
    assert written(proxy, "POST") == 0


async def test_rows_appear_with_the_keys_that_change_them(access_data: AccessFixture) -> None:
    """However late it is known who reads them: keys for rows that are on the screen are not lost."""
    async with proxied(access_data.url) as proxy, console(proxy.url, access_data.registry.admin_token) as shown:
        await shown.press("5")
        await shown.shows("Access › Permissions")
        proxy.hold("/Me")
        await shown.press("tab")
        asyncio.get_running_loop().call_later(DELAY, proxy.release)
        await shown.shows("Access › Users (")
        assert "n new" in shown.bar
        await shown.press("n")
        await shown.shows("New user")


async def test_the_target_is_what_was_on_the_screen(samples: Samples) -> None:
    """Another request comes in above it while the question is asked, and the list moves under it."""
    model = samples.pending("meant")
    async with slow(samples) as (shown, proxy):
        await shown.shows(f"▎ {model}", "a approve")
        others = [samples.pending(name) for name in ("sudden", "newer")]
        await shown.press("a", "y")  # before they are shown
        await shown.notifies("Approved; version")
        await shown.shows(*others)
    assert samples.stage(model) == "Staging"
    assert [samples.stage(other) for other in others] == ["None", "None"]
    assert written(proxy, "/approve") == 1


async def test_keys_pressed_again_do_not_write_again(samples: Samples) -> None:
    """a and y, over and over, while the first answer is awaited. Each approves what it named."""
    models = [samples.pending(name) for name in ("one", "two")]
    async with slow(samples) as (shown, proxy):
        await shown.shows(*models)
        await shown.press("a")
        await shown.shows("Approve this request?")
        named = next(model for model in models if model in shown.text.partition("Approve this request?")[2])
        await shown.press("y", "y", "y", "f5", "f5")
        await shown.notifies("Approved; version")
        await shown.hides("Approve this request?")
        assert written(proxy, "/approve") == 1
        (left,) = set(models) - {named}
        await shown.shows(f"▎ {left}", "Inbox (1)")
    assert (samples.stage(named), samples.stage(left)) == ("Staging", "None")
    assert len(samples.activities(named, "APPROVED_REQUEST")) == 1


async def test_late_answers_do_not_overtake(samples: Samples) -> None:
    """Letters typed faster than the server answers: at no moment does a list stand under words it does not match."""
    names = [samples.model(name) for name in ("alpha", "alabama", "beta")]
    async with slow(samples) as (shown, proxy):
        await shown.press("2")
        await shown.shows(*names)
        await shown.press("slash")
        for typed in ("b", "be", "bet", "beta"):  # at once
            shown.app.screen.query_one("#filter", Input).value = typed
            await shown.pilot.pause()
        await shown.shows("“beta” (1)", names[2])
        assert {"beta" in line for line in proxy.asked if "be" in line} == {True}, "only for all that was typed"
        await shown.press("escape", "slash")
        await shown.shows("(3)")
        for letters in ("al", "alp", "alph"):
            await shown.type(letters[-1] if letters != "al" else letters)
            for _ in range(4):
                await shown.pilot.pause(DELAY / 10)
                assert matches_what_it_says(shown.text), shown.text
        await shown.shows("“alph” (1)", names[0])
        assert names[1] not in shown.text
        await shown.press("enter", "enter")
        await shown.shows(f"Models › {names[0]}")


async def test_enter_in_the_finder_means_all_that_was_typed(samples: Samples) -> None:
    """Not the best match for the letters before, which is on the screen until the server has answered to all; nor is
    anything below the finder done by the keys that follow."""
    waiting = samples.pending("churn-early")
    samples.model("churn")
    meant = samples.model("churn-late")
    async with slow(samples) as (shown, proxy):
        await shown.shows(waiting)
        await shown.press("colon")
        await shown.type("churn-")
        await shown.shows(f"model    {waiting}")
        proxy.hold("late")
        await shown.type("late")
        await shown.hides(waiting)
        await shown.press("enter")
        await shown.shows("Waiting for the server")
        await shown.press("a", "y")
        proxy.release()
        await shown.shows(f"Models › {meant}", "0 versions")
    assert samples.stage(waiting) == "None"


async def test_the_finder_does_not_wait_for_ever(samples: Samples) -> None:
    """What it knows itself is there with the first letter, and done after a deadline, or at once where no answer could
    be better."""
    samples.pending("one")
    async with slow(samples) as (shown, proxy):
        await shown.shows("Inbox (1)")
        proxy.hold("HTTP/1.1")
        await shown.press("colon", "b")
        assert "place    board" in shown.text
        await shown.press("enter")
        await shown.shows("Waiting for the server")
        await shown.shows("Board")
        await shown.press("colon")
        await shown.type("inbox ")
        await shown.press("enter")
        await shown.shows("Inbox (1)")
        assert "Waiting" not in shown.text
        proxy.release()


def matches_what_it_says(text: str) -> bool:
    """Whether every model listed matches what the heading says they match."""
    heading, _, rest = text.partition("\n")
    if "matching “" not in heading:
        return True
    typed = heading.partition("matching “")[2].partition("”")[0]
    listed = [line for line in rest.split("\n") if any(name in line for name in ("alpha-", "alabama-", "beta-"))]
    return all(typed in line for line in listed)


async def test_what_is_typed_while_a_dialog_is_on_its_way_does_nothing_else(samples: Samples) -> None:
    """``by`` in a hurry rolls back nothing that was not shown, and opens no Copy."""
    model = samples.model("churn")
    for _ in range(2):
        samples.version(model, "Production", archive=True)
    async with slow(samples) as (shown, proxy):
        await shown.press("colon")
        await shown.type(model)
        await shown.press("enter")
        await shown.shows(f"Models › {model}", "b roll back")
        proxy.hold("HTTP/1.1")
        await shown.press("b")
        await shown.press("y")
        assert f"Models › {model}" in shown.header
        assert "Copy" not in shown.text
        proxy.release()
        await shown.shows("Roll back Production of")
    assert [samples.stage(model, each) for each in "12"] == ["Archived", "Production"]
