"""The window changes while a place or a question is open, from very small to very large and back: everything that
matters stays where it can be seen."""

from collections.abc import Iterable

import pytest
from _pytest.mark import ParameterSet
from textual.screen import ModalScreen
from textual.widgets import Input

from tests.tui_registry.console import Console, console
from tests.tui_registry.samples import Samples
from tests.variants import variant
from tui_registry.screens.base.place import Place
from tui_registry.widgets.header import Header
from tui_registry.widgets.table import Table

SMALLEST = (60, 20)
SIZES = [SMALLEST, (80, 24), (120, 40), (200, 60), (100, 30), SMALLEST]
TINY = [(40, 10), (120, 10), (40, 30), (20, 5)]

PLACES = {
    "inbox": (),
    "models": ("2",),
    "model": ("enter",),
    "model details": ("2", "i"),
    "version": ("enter", "enter"),
    "board": ("3",),
    "activity": ("4",),
    "timeline": ("4", "v"),
    "access": ("5",),
    "overview": ("6",),
    "prompts": ("7",),
    "users": ("5", "tab"),
    "groups": ("5", "tab", "tab"),
    "service principals": ("5", "tab", "tab", "tab"),
    "tokens": ("5", "tab", "tab", "tab", "tab"),
    "journal": ("at",),
    "filtered": ("slash", *"churn"),
}
"""What to press to get to each."""

FURTHER = {
    *("groups", "service principals", "tokens", "users", "model details", "timeline", "prompts"),
    *("models", "activity", "journal"),  # tables as the inbox
    *("themes", "profiles", "copy", "move", "comment"),
}
"""Drawn as others are."""

QUESTIONS = {
    "approve": ("a",),
    "comment": ("enter", "c"),
    "new model": ("2", "n"),
    "move": ("enter", "t"),
    "copy": ("enter", "y"),
    "help": ("question_mark",),
    "finder": ("colon",),
    "themes": ("f9",),
    "profiles": ("P",),
}


def without_further(names: Iterable[str]) -> list[str | ParameterSet]:
    return [variant(each) if each in FURTHER else each for each in names]


@pytest.fixture
def model(samples: Samples) -> str:
    """A model with so many versions and requests that no window shows all."""
    name = samples.model("churn-of-the-customers-of-every-region-and-channel")
    for number in range(70):
        version = samples.version(name, description=f"Trained with the data of week {number}.")
        samples.ask(name, version, comment="Better in every region but one.")
    return name


async def go(shown: Console, keys: tuple[str, ...]) -> None:
    for key in keys:
        before = shown.app.screen
        await shown.press(key)
        if key not in "churn":
            await settle(shown, leaving=before if key in {"2", "3", "4", "5", "enter", "at", "i"} else None)


async def settle(shown: Console, leaving: object) -> None:
    """Wait until the next screen is there, with what it asked for."""
    await shown.until(lambda: shown.app.screen is not leaving and shown.app.screen.is_mounted, "the next screen")
    screen = shown.app.screen
    if isinstance(screen, Place):
        await shown.until(lambda: not screen.is_unread, "what it asked for")


async def resized(shown: Console, size: tuple[int, int]) -> None:
    """Wait until the screen is laid out again."""
    screen = shown.app.screen
    await shown.until(lambda: shown.app.size == screen.size == size, "the new size")
    await shown.until(lambda: len(screen._compositor.render_strips()) == size[1], "all of its lines")
    if isinstance(screen, Place):
        await shown.until(lambda: screen.query_one(Header).region.width == size[0], "all of its columns")


def cells_are_whole(shown: Console, size: tuple[int, int]) -> None:
    assert shown.app.size == size
    strips = shown.app.screen._compositor.render_strips()
    assert len(strips) == size[1]
    assert all(strip.cell_length <= size[0] for strip in strips)


def place_is_whole(shown: Console) -> None:
    """The header says how fresh things are, the bar ends in ``?``, and every list shows its cursor."""
    screen = shown.app.screen
    width, height = shown.app.size
    if not isinstance(screen.focused, Input):
        assert shown.bar.endswith("? help"), shown.text
    header = screen.query_one(Header)
    assert (header.region.y, header.region.height, header.region.width) == (0, 1, width)
    for table in screen.query(Table):
        if table.row_count and table.region.height and table.parent is not None and table.is_on_screen:
            first, last = table.window
            assert first <= table._cursor <= last, f"{table} shows {first} to {last}, but not {table._cursor}"
            assert table.region.bottom <= height
    focused = screen.focused
    if isinstance(focused, Table) and focused.row_count:
        line = shown.text.split("\n")[focused.region.y + focused._top + focused._cursor - focused.scroll_offset.y]
        row = focused._rows[focused._cursor]
        seen = line[focused.region.x : focused.region.right]
        assert seen.startswith("▎"), f"the cursor is not seen at {width}x{height}:\n{shown.text}"
        assert height < 10 or any(text[:6] in seen for text, _ in row.cells if text), (
            f"its row is not seen:\n{shown.text}"
        )


@pytest.mark.parametrize("name", without_further(PLACES))
async def test_a_place_is_whole_at_every_size(samples: Samples, model: str, name: str) -> None:
    async with console(samples.url, samples.token, SMALLEST) as shown:
        await shown.shows("Inbox (70)", "● live")
        await go(shown, PLACES[name])
        for moves, sizes in ((("end",), [*SIZES[:3], *TINY]), (("up", "up"), [*SIZES[3:], TINY[0]])):
            await shown.press(*moves)
            for size in sizes:
                await shown.pilot.resize_terminal(*size)
                await resized(shown, size)
                await shown.pilot.pause()
                await shown.until(lambda: shown.header.rstrip().endswith("● live"), "how fresh it is")
                cells_are_whole(shown, size)
                place_is_whole(shown)


@pytest.mark.parametrize("name", without_further(QUESTIONS))
async def test_a_question_is_whole_at_every_size(samples: Samples, model: str, name: str) -> None:
    """What is asked and how to leave it are seen; the place below is whole when it is left."""
    async with console(samples.url, samples.token, SMALLEST) as shown:
        await shown.shows("Inbox (70)", "● live")
        await go(shown, QUESTIONS[name])
        await shown.until(lambda: isinstance(shown.app.screen, ModalScreen), "the question")
        for size in [TINY[-1], *TINY, *SIZES]:
            await shown.pilot.resize_terminal(*size)
            await resized(shown, size)
            await shown.pilot.pause()
            cells_are_whole(shown, size)
            screen = shown.app.screen
            assert screen.focused is not None
            if size == TINY[-1]:
                continue  # that it is drawn at all is enough
            for part in [screen.focused, *(each for each in screen.query("#title, #hint") if each.display)]:
                assert part.region.area, f"{part} is not seen at {size}:\n{shown.text}"
                assert screen.region.contains_region(part.region), f"{part} is cut at {size}:\n{shown.text}"
        await shown.press("escape")
        await shown.until(lambda: isinstance(shown.app.screen, Place), "the place below")
        await shown.pilot.pause()
        place_is_whole(shown)


async def test_nothing_that_matters_is_cut_at_40x10(samples: Samples, model: str) -> None:
    """Tabs, the keys of a dialog and what it is about are whole, or left out whole."""
    async with console(samples.url, samples.token, (40, 10)) as shown:
        await shown.shows("Inbox (70)", "● live")
        await go(shown, ("a",))
        await shown.shows("Approve this request?", "y yes   n no   tab comment")
        await shown.press("escape", "5")
        await shown.shows("… › Permissions", " Permissions   Users ")
        await shown.press("shift+tab")
        await shown.shows("… › Webhooks", "…  Tokens   Webhooks")
        await shown.press("shift+tab")
        await shown.shows("… › Tokens", " Tokens ")
        await shown.press("shift+tab")
        await shown.shows("…  Groups   Service principals  …")
        await shown.press("3")
        await shown.shows("Board", " None 70   Staging 0  …")
        await go(shown, ("2", "enter", "enter"))
        await shown.until(lambda: "… › churn" in shown.header and "… › 70 " in shown.header, "the way here")
        await shown.press("T")
        await shown.shows("Set a tag on", "churn-of-the-customers-of", "tab next  ctrl+s save  esc close")
