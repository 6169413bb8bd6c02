"""Writes ``screenshots/``: every place of the console, from the demo's registry, as SVG and PNG.

    python -m tests.screenshots

Needs cairosvg and a monospaced font with arrows, such as DejaVu Sans Mono.
"""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

import cairosvg

from tui_registry.app import ConsoleApp
from tui_registry.session.connection import Connection
from tui_registry.session.demo import DemoRegistry

FOLDER = Path(__file__).parents[1] / "screenshots"
FONT = "DejaVu Sans Mono"
SIZES = ((80, 24), (120, 40))
QUIET = 1.0  # seconds for the answers of a loopback server to be drawn

SCENES: dict[str, Sequence[str]] = {
    "inbox": (),
    "approve": ("a",),
    "marked": ("space", "down", "space"),
    "filter": ("slash", *"staging"),
    "models": ("2",),
    "search": ("2", "slash", *"risk"),
    "model": ("enter",),
    "activity": ("4",),
    "access": ("enter", "p"),
    "access-everywhere": ("5",),
    "access-grant": ("enter", "p", "n", *"data-science", "tab", "j", "enter"),
    "access-why": ("enter", "p", "w", *"user:lena.hoffmann@example.com", "enter"),
    "users": ("5", "tab"),
    "groups": ("5", "tab", "tab"),
    "tokens": ("5", "shift+tab"),
    "help": ("question_mark",),
}
"""What to press, from the inbox, to get to what is shown."""


async def take(connection: Connection, name: str, keys: Sequence[str], size: tuple[int, int]) -> None:
    app = ConsoleApp(connection)
    async with app.run_test(size=size) as pilot:
        await pilot.pause(QUIET)
        for key in keys:
            await pilot.press(key)
            if key in {"2", "4", "5", "slash", "enter", "tab", "shift+tab", "p", "w"}:
                await pilot.pause(QUIET)
        await pilot.pause(QUIET)
        picture = app.export_screenshot(title=f"tui-registry: {name}")
    file = FOLDER / f"{name}-{size[0]}x{size[1]}.svg"
    file.write_text(picture)
    drawn = picture.replace("Fira Code", FONT)
    cairosvg.svg2png(bytestring=drawn.encode(), write_to=str(file.with_suffix(".png")), output_width=1400)
    print(file.name)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        registry = DemoRegistry(Path(folder))
        try:
            connection = registry.open(lambda _done, _total: None)
            for name, keys in SCENES.items():
                for size in SIZES:
                    asyncio.run(take(connection, name, keys, size))
        finally:
            registry.close()


if __name__ == "__main__":
    main()
