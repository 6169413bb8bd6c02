"""Where confirmations stand: in the middle of what the details leave free, at every size."""

import asyncio

import pytest

from tests.tui_registry.console import Console, console
from tests.tui_registry.samples import Samples
from tests.variants import variant

SIZES = [(80, 24), (120, 40), variant((160, 40)), (200, 50)]


def gaps(shown: Console, title: str, end: int) -> tuple[int, int]:
    """The cells left and right of the dialog, up to the column ``end``."""
    line = next(line for line in shown.text.split("\n") if title in line)
    return line.index("╭"), end - 1 - line.index("╮")


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_a_confirmation_is_centred_beside_what_is_decided(samples: Samples, size: tuple[int, int]) -> None:
    model = samples.pending("churn", "Production", comment="Better in every region.")
    samples.version(model, "Production")
    async with console(samples.url, samples.token, size) as shown:
        await shown.shows("now in Production", "Better in every region.")
        details = shown.app.screen.query_one("#details").region
        await shown.press("a")
        await shown.shows("Approve this request?", f"Type {model}")
        left, right = gaps(shown, "Approve this request?", details.x or size[0])
        assert abs(left - right) <= 1
        assert not shown.app.screen.query_one("#question").region.overlaps(details)
        # The place below is busy, and moves its details later than the dialog is drawn in the new size.
        shown.app.screen_stack[-2].call_next(asyncio.sleep, 0.2)
        await shown.pilot.resize_terminal(120, 40)
        await shown.until(lambda: gaps(shown, "Approve this request?", 120) == (22, 22), "it is centred again")


@pytest.mark.parametrize("size", [(80, 24), (200, 50)], ids=str)
async def test_where_there_are_no_details_it_is_in_the_middle(samples: Samples, size: tuple[int, int]) -> None:
    model = samples.model("churn")
    async with console(samples.url, samples.token, size) as shown:
        await shown.press("2", "slash")
        await shown.type(model)
        await shown.press("enter")
        await shown.until(lambda: shown.row(model), "the model")
        await shown.press("D")
        await shown.shows("Permanently delete")
        lines = shown.text.split("\n")
        above = next(number for number, line in enumerate(lines) if "Permanently delete" in line)
        below = size[1] - 1 - next(number for number, line in enumerate(lines) if "╰" in line)
        assert abs(above - below) <= 1
