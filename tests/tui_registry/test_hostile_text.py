"""Names, descriptions and comments of people who mean no good, on every screen: nothing happens, and all lines fit."""

import unicodedata

import pytest

from tests.tui_registry.console import Console, console
from tests.tui_registry.scene import OWNER, Scene

NAMES = {
    "markup": "=[x] [b]bold[foo",
    "link": "=[@click=app.quit]churn",
    "escape": "=\x1b[31mred\x1b]0;title\x07\x9b2J",
    "japanese": "=需要予測-関東-店舗別",
    "emoji": "=👩🏽‍🚀🇩🇪 rocket ❤️",
    "arabic": "=نموذج-السلام",
    "reversed": "=pay\u202eelddim\u2066",
    "joined": "=e" + "\u0301" * 60,
    "breaks": "=one\ntwo\r\nthree\u2028four",
    "long": "=" + "long-name-" * 25 + "ending",
}
WORDS = {name: (text[1:] + "[/] ") * (10_000 // (len(text) + 3)) for name, text in NAMES.items()}
"""About ten thousand characters of each."""


def assert_sound(shown: Console) -> None:
    """The screen is as wide as it is, and nothing in it steers the terminal."""
    width = shown.app.size.width
    for strip in shown.app.screen._compositor.render_strips():
        assert strip.cell_length == sum(segment.cell_length for segment in strip) == width
        bad = {c for c in strip.text if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}}
        assert not bad, f"{bad} in {strip.text!r}"


def add(scene: Scene, kind: str) -> None:
    """A model that has the kind of text in all that people write, with a request that displaces a version."""
    words = WORDS[kind]
    model = scene.model(NAMES[kind], description=words, tags=[{"key": "k", "value": words[:4000]}])
    scene.version(model, description=words, run_link=words[:100], tags=[{"key": "k", "value": words}])
    scene.version(model, "Production", description=words)
    scene.ask(model, "1", "Production", comment=words)
    scene.call("POST", "/mlflow/comments/create", name=model, version="1", comment=words)


@pytest.mark.parametrize(("size", "opened"), [((60, 20), len(NAMES)), ((120, 40), 3)], ids=["60x20", "120x40"])
async def test_it_is_shown_everywhere_and_does_nothing(scene: Scene, size: tuple[int, int], opened: int) -> None:
    for kind in NAMES:
        add(scene, kind)
    async with console(scene.url, scene.token, size) as shown:
        await shown.shows(f"Inbox ({len(NAMES)})", "None → Production", "● live")
        for _ in range(opened):
            assert_sound(shown)
            await shown.press("a")
            await shown.shows("Approve this request?", "y  Approve", "n no")
            assert_sound(shown)
            await shown.press("escape", "enter")
            await shown.shows("Models ›", "2 versions", "1 open request")
            assert_sound(shown)
            await shown.press("escape", "j")
        await shown.press("g", *["space"] * len(NAMES), "a")
        await shown.shows(f"Approve these {len(NAMES)} requests?")
        assert_sound(shown)
        await shown.press("escape", "2")
        await shown.shows(f"Models ({len(NAMES)})")
        assert_sound(shown)
        await shown.press("colon", "a")
        await shown.shows("model ")
        assert_sound(shown)


@pytest.mark.parametrize("kind", ["link", "escape", "long"])
async def test_its_outcome_is_told(scene: Scene, kind: str) -> None:
    add(scene, kind)
    async with console(scene.url, scene.token, (60, 20)) as shown:
        await shown.shows("Inbox (1)", "None → Production", "● live")
        await shown.pilot.click("#requests", offset=(6, 1))
        await shown.pilot.click("#details", offset=(6, 1))
        await shown.press("a", *["down"] * 9)
        await shown.shows("displaces version 2")
        await shown.press("y", "z", "enter")
        await shown.shows("That is not")
        assert_sound(shown)
        await shown.press("escape", "r", "y")
        await shown.tells(f"Rejected by {OWNER}")
        assert_sound(shown)


async def test_errors_of_the_server_are_shown_as_they_are(scene: Scene) -> None:
    """A refusal repeats what was typed."""
    async with console(scene.url, scene.token) as shown:
        await shown.press("2", "slash")
        await shown.type("= [@click=app.quit] = 'x'")
        await shown.until(lambda: "not read" in shown.header, "it is refused")
        assert_sound(shown)
