"""The help: what can be done is found by its words, and done from there."""

import pytest

from tests.tui_registry.console import SIZES, Console, console
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


async def test_whoever_only_reads_the_help_runs_nothing(samples: Samples) -> None:
    """Enter is for what was typed or chosen, and not for approving what happens to be the first action."""
    model = samples.pending("churn")
    async with console(samples.url, samples.token) as shown:
        await shown.shows(model)
        await shown.press("question_mark")
        await shown.shows("Approve the request", "type or ↓ to choose")
        assert not [line for line in shown.text.split("\n") if line.count("│") == 2 and "▎" in line]
        await shown.press("enter", "enter")
        assert isinstance(shown.app.screen, Help)
        await shown.type("rej")
        await shown.press("backspace", "backspace", "backspace", "enter")
        assert isinstance(shown.app.screen, Help), "nothing is typed any more"
        await shown.press("down", "enter")
        await shown.shows("Approve this request?")
    assert samples.stage(model) == "None"


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
        await shown.type("places")
        await shown.press("down", "enter")
        await shown.shows("Board", "Staging 0")


def lines_of(shown: Console) -> list[str]:
    """The lines of the dialog."""
    return [line.split("│")[1].strip("▎ ▅▁▂▃▄▆▇█") for line in shown.text.split("\n") if line.count("│") == 2]


@SIZES
async def test_the_help_has_sections(samples: Samples, size: tuple[int, int]) -> None:
    """What works here comes first, then marks, lists and moving, and at last what works everywhere."""
    model = samples.pending("churn")
    async with console(samples.url, samples.token, size) as shown:
        await shown.shows(model)
        await shown.press("question_mark")
        await shown.shows("Keyboard shortcuts", "Inbox", "Approve the request")
        seen = lines_of(shown)
        for _ in range(6):
            await shown.press("pagedown")
            seen += [line for line in lines_of(shown) if line not in seen]
        titles = ["Inbox", "Marks", "List", "Moving", "Places", "Everywhere"]
        assert [line for line in seen if line in titles] == titles
        between = seen[seen.index("Marks") + 1 : seen.index("List")]
        assert [line.split()[0] for line in between] == ["␣", "v", "*", "I"]
        rows = [line.split(maxsplit=1) for line in seen]
        assert ["↓/j", "Go to the next row"] in rows
        assert ["q", "Quit"] in rows
        await shown.press(*["pageup"] * 6)
        await shown.shows("Inbox", "▎ a", "Approve the request")
        await shown.press(*["down"] * 60)
        assert "▎" in shown.text, "the cursor is on the last row"


async def test_moving_is_done_from_the_help_too(samples: Samples) -> None:
    first, second = samples.pending("churn"), samples.pending("fraud")
    async with console(samples.url, samples.token) as shown:
        await shown.shows(first, second)
        assert shown.row(second).startswith("▎")
        await shown.press("question_mark")
        await shown.type("last row")
        await shown.press("enter")
        await shown.until(lambda: shown.row(first).startswith("▎"), "the last row")


@pytest.mark.parametrize("opened", [(), ("question_mark",), ("slash",), ("a",), ("a", "tab"), ("colon",)])
async def test_ctrl_q_leaves_from_everywhere(samples: Samples, opened: tuple[str, ...]) -> None:
    model = samples.pending("churn")
    async with console(samples.url, samples.token) as shown:
        await shown.shows(model)
        await shown.press(*opened, "ctrl+q")
        await shown.ends()
    assert samples.stage(model) == "None"
