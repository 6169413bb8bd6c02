"""Names that differ only by a blank, or by what is drawn as nothing, can be distinguished wherever they are shown."""

import json

import pytest

from tests.tui_registry.command_line import lines, run
from tests.tui_registry.console import console
from tests.tui_registry.samples import Samples


@pytest.fixture
def alike(samples: Samples) -> list[str]:
    """A name, and three that look like it: with a blank at the end, with one of another kind, and with a joiner."""
    names = [samples.model(f"=trail{samples.id}{end}") for end in ("", " ", "\u00a0", "\u200d")]
    for name in names:
        samples.ask(name, samples.version(name))
    return names


@pytest.mark.usefixtures("command_home")
def test_commands(samples: Samples, alike: list[str]) -> None:
    plain, trailing, *_ = alike
    seen = f"{plain}␣"
    first_cells = [line.split("  ")[0] for line in lines(run(samples, "models", "list", plain))]
    assert sorted(first_cells[1:]) == sorted([plain, seen, seen, seen])
    assert lines(run(samples, "models", "show", trailing))[0].endswith(seen)
    assert seen in run(samples, "requests", "list").stdout
    assert seen in run(samples, "activity", "--model", trailing).stdout
    found = json.loads(run(samples, "models", "list", plain, "--json").stdout)
    assert [model["name"] for model in found["registered_models"]] == sorted(alike), "as they are"


async def test_the_console(samples: Samples, alike: list[str]) -> None:
    plain = alike[0]
    seen = f"{plain}␣"
    async with console(samples.url, samples.token, (120, 40)) as shown:
        await shown.shows("Inbox (4)", f"{plain} ", seen)
        await shown.press("2")
        await shown.shows("Models (4)", f"{plain} ", seen)
        await shown.press("g", "j", "enter")
        await shown.shows(f"Models › {seen}", f"{seen} version 1")
        await shown.press("D")
        await shown.shows("Permanently delete this version?", f"{seen} version 1", "Type delete to confirm")
        await shown.press("escape")
        await shown.hides("Permanently delete this version?")
        await shown.press("colon")
        await shown.type(plain)
        await shown.shows(f"model    {plain} ", f"model    {seen} ")
