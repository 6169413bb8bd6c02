"""Dialogs are as high as their text, up to the terminal. Lines are hidden only where no room is left, and announced."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from textual.content import Content
from textual.screen import ModalScreen

from tests.tui_registry.console import LARGE, SMALL, Console, console
from tests.tui_registry.samples import Samples
from tests.variants import variant
from tui_registry.screens.dialogs.confirm import Confirm, Question
from tui_registry.screens.dialogs.problem import Problem
from tui_registry.screens.dialogs.row_text import RowText
from tui_registry.widgets.fitting import Fitting, Scrolled

SHORT, LONG = (60, 12), (200, 60)
COUNTS = (1, 8, 9, 10, 11, 12, 16, 17, 18, 19, 60)
"""Of paragraphs; those around which a dialog fills one of the terminals."""


def paragraphs(count: int) -> list[str]:
    """Some of them fill a line exactly in one terminal or the other: with a cell less they would need two."""
    return [f"<{number}> ".ljust((20, 66, 70, 150)[number % 4] - 4, "=") + f" [{number}]" for number in range(count)]


def confirmation(count: int) -> ModalScreen[Any]:
    return _question(count, "")


def word(count: int) -> ModalScreen[Any]:
    return _question(count, "churn")


def _question(count: int, word: str) -> ModalScreen[Any]:
    return Confirm(
        Question(
            "Really?",
            [Content(each) for each in paragraphs(count)],
            "Do it",
            archive="Archive version 1",
            asks_comment=True,
            word=word,
            why_word="it matters",
        )
    )


def problem(count: int) -> ModalScreen[Any]:
    message = "\n".join(paragraphs(count))
    return Problem("It cannot be opened", message, token_helps=True)


def row(count: int) -> ModalScreen[Any]:
    return RowText([("NAME", "\n".join(paragraphs(count)))], lambda _text: None)


def is_honest(shown: Console, count: int) -> bool:
    """Whether everything is displayed, or the terminal is full and the number of hidden lines is said."""
    text = shown.text
    ends = [f"{kind[0]}{number}{kind[1]}" for number in range(count) for kind in ("<>", "[]")]
    displayed = [end in text for end in ends]
    if all(displayed):
        return "more line" not in text and "above" not in text
    told = [int(found) for found in re.findall(r"[↓↑] (\d+) (?:more )?lines?", text)]
    part, frame = shown.app.screen.query_one(Scrolled), shown.app.screen.query_one(Fitting).region
    hidden = part.virtual_size.height - part.region.height
    below, above = not displayed[-1], not displayed[0]
    return (
        sum(told) == hidden > 0
        and (not below or "more line" in text)
        and (not above or "above" in text)
        and frame.bottom == shown.app.size.height
    )


@pytest.mark.parametrize("dialog", [confirmation, word, variant(problem), variant(row)])
@pytest.mark.parametrize("size", [SMALL, LARGE, variant(SHORT), variant(LONG)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_nothing_is_hidden_unannounced_or_while_there_is_room(
    samples: Samples, size: tuple[int, int], dialog: Callable[[int], ModalScreen[Any]]
) -> None:
    async with console(samples.url, samples.token, size) as shown:
        await shown.shows("● live")
        for count in COUNTS:
            shown.app.push_screen(dialog(count))
            await shown.until(lambda: isinstance(shown.app.screen, ModalScreen), "the dialog")
            await shown.until(lambda: shown.app.key_queue.is_screen_drawn, "the screen, on the terminal")
            assert is_honest(shown, count), f"{count}\n{shown.text}"
            await shown.press("down")
            assert is_honest(shown, count), f"{count}, scrolled\n{shown.text}"
            if count == COUNTS[-1]:
                await shown.pilot.resize_terminal(size[0], size[1] + 5)
                await shown.until(lambda: is_honest(shown, COUNTS[-1]), "in a higher terminal")
                await shown.pilot.resize_terminal(*size)
                await shown.until(lambda: is_honest(shown, COUNTS[-1]), "in a lower one")
            shown.app.pop_screen()
            await shown.until(lambda: not isinstance(shown.app.screen, ModalScreen), "it is closed")
