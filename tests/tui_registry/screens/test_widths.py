"""A wider terminal shows what a narrower one does, and more: in no list does a column go while the window grows."""

import pytest

from tests.tui_registry.console import LARGE, SMALL, Console, console
from tests.tui_registry.samples import SECOND_ASKER, Samples
from tests.tui_registry.screens.test_resizing import go, resized
from tests.variants import variant
from tui_registry.screens.models.stages import StagePlace
from tui_registry.widgets.table import Table

WIDTHS = (60, 70, 80, 90, 99, 100, 110, 119, 120, 140, 159, 160, 170, 187, 188, 200, 240)
HEIGHTS = (24, 40)
DECIDING = {"model", "ver", "transition", "requested by", "displaces"}
"""The columns of the inbox that one decides by."""

PLACES = {
    "inbox": (),
    "model": ("enter",),
    "board": ("3",),
    "models": ("2",),
    "activity": ("4",),
    "version": ("enter", "enter"),
    "model details": ("2", "i"),
    "compare": ("enter", "equals_sign"),
    "access": ("5",),
    "users": ("5", "tab"),
    "groups": ("5", "tab", "tab"),
    "tokens": ("5", "tab", "tab", "tab", "tab"),
    "journal": ("at",),
}
"""What to press to get to each."""

WITH_LAYOUTS = {"inbox", "model", "board", "version"}
"""Those that have another layout where there is room."""


@pytest.fixture
def model(samples: Samples) -> str:
    name = samples.model("churn-of-the-customers-of-every-region-and-channel", tags=[{"key": "team", "value": "risk"}])
    samples.version(name, "Production", description="The first one, trained with the data of a year.")
    for number in range(3):
        version = samples.version(name, "Staging", description=f"Trained with the data of week {number}, once more.")
        samples.ask(name, version, "Production", by=SECOND_ASKER, comment="Better in every region but one, see there.")
    return name


def columns(shown: Console) -> dict[str, set[str]]:
    """What each list shows; of the board the list of the current stage, which every width has."""
    place = shown.app.screen
    tables = [place.table] if isinstance(place, StagePlace) else place.query(Table)
    return {table.id or "": set(table.drawn_columns) for table in tables if table.region.area}


@pytest.mark.parametrize("name", [each if each in WITH_LAYOUTS else variant(each) for each in PLACES])
@pytest.mark.parametrize("height", HEIGHTS)
async def test_no_column_goes_while_the_window_grows(samples: Samples, model: str, name: str, height: int) -> None:
    async with console(samples.url, samples.token, (WIDTHS[0], height)) as shown:
        await shown.shows("Inbox (3)", "● live")
        await go(shown, PLACES[name])
        before: dict[str, set[str]] = {}
        for width in WIDTHS:
            await shown.pilot.resize_terminal(width, height)
            await resized(shown, (width, height))
            await shown.pilot.pause()
            now = columns(shown)
            assert now, f"no list at {width}"
            for table, those in before.items():
                assert those <= now.get(table, set()), f"{those - now.get(table, set())} of {table} at {width}"
            before = now
            if name == "inbox":
                assert now["requests"] >= DECIDING, f"{DECIDING - now['requests']} at {width}"


@pytest.mark.parametrize("size", [SMALL, LARGE, (200, 50)], ids=["80x24", "120x40", "200x50"])
async def test_what_one_decides_by_is_whole(samples: Samples, model: str, size: tuple[int, int]) -> None:
    """Who asked for what, what would be displaced, and on the board where to a version would be moved."""
    async with console(samples.url, samples.token, size) as shown:
        await shown.shows("Inbox (3)", "● live", "TRANSITION", "AGE ▲")
        table = shown.app.screen.query_one("#requests")
        lines = [line[: table.region.right] for line in shown.text.split("\n") if "Staging → Production" in line]
        assert sum("churn-" in line and "console-" in line and "sker  " in line for line in lines) >= 3, shown.text
        assert "REQUE…" not in shown.text
        await shown.press("3")
        await shown.shows("Staging 3", "→ Production?")
        assert shown.text.count("→ Production?") >= 3


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
async def test_sources_that_differ_at_their_end_look_different(samples: Samples, size: tuple[int, int]) -> None:
    """In a comparison and in what is compared with the version that a request would displace."""
    folder = "s3://registry-of-every-region/experiments/338/artifacts/models-of-2026/customers-of-every-channel"
    name = samples.model("churn")
    for number in (1, 2):
        samples.call("POST", "/mlflow/model-versions/create", name=name, source=f"{folder}/weekly-run-{number}/model")
    samples.move(name, "1", "Production")
    samples.ask(name, "2", "Production")
    async with console(samples.url, samples.token, size) as shown:
        await shown.shows("source …weekly-run-1… → …weekly-run-2…")
        await shown.press("enter", "equals_sign")
        await shown.shows("Compare ›", "~ source")
        line = next(line for line in shown.text.split("\n") if "~ source" in line)
        assert "weekly-run-1" in line
        assert "weekly-run-2" in line
        await shown.pilot.resize_terminal(48, 24)
        await resized(shown, (48, 24))
        await shown.until(lambda: "… 1 with 2 " in shown.header, "what is compared, though the name is cut")
        assert shown.text.split("\n")[1].split()[-1] == "2", "the version above its column"
