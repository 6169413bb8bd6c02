"""The help: what can be done is found by its words, and done from there."""

import pytest

from tests.tui_registry.console import console
from tests.tui_registry.samples import Samples
from tui_registry.screens.dialogs.confirm import Confirm
from tui_registry.screens.dialogs.help import Help
from tui_registry.screens.inbox import Inbox


async def test_the_help_lists_what_is_live_and_does_it(samples: Samples) -> None:
    model = samples.pending("churn")
    async with console(samples.url, samples.token) as shown:
        await shown.shows(model)
        await shown.press("question_mark")
        await shown.shows("Keyboard shortcuts", "Approve the request", "Reject the request")
        await shown.type("rej")
        await shown.hides("Approve the request")
        await shown.press("enter")
        await shown.until(lambda: isinstance(shown.app.screen, Confirm), "the question")
        await shown.shows("Reject this request?")


async def test_the_help_is_left(samples: Samples) -> None:
    async with console(samples.url, samples.token) as shown:
        await shown.shows("No open requests")
        await shown.press("question_mark")
        await shown.type("zzz")
        await shown.shows("No matching actions.")
        await shown.press("enter")
        assert isinstance(shown.app.screen, Help)
        await shown.press("escape")
        await shown.until(lambda: isinstance(shown.app.screen, Inbox), "the inbox")


async def test_the_help_goes_to_places(samples: Samples) -> None:
    async with console(samples.url, samples.token) as shown:
        await shown.shows("No open requests")
        await shown.press("question_mark")
        await shown.type("to the models")
        await shown.press("enter")
        await shown.shows("No models that you can read")


async def test_the_arrows_choose_in_the_help(samples: Samples) -> None:
    async with console(samples.url, samples.token) as shown:
        await shown.shows("No open requests")
        await shown.press("question_mark")
        await shown.type("go to")
        await shown.press("down", "enter")
        await shown.shows("Board", "Staging 0")


@pytest.mark.parametrize("opened", [(), ("question_mark",), ("slash",), ("a",), ("a", "tab"), ("colon",)])
async def test_ctrl_q_leaves_from_everywhere(samples: Samples, opened: tuple[str, ...]) -> None:
    model = samples.pending("churn")
    async with console(samples.url, samples.token) as shown:
        await shown.shows(model)
        await shown.press(*opened, "ctrl+q")
        await shown.ends()
    assert samples.stage(model) == "None"
