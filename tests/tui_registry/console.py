"""The console without a terminal: keys go in, and the text of the screen comes out."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from textual import events
from textual._context import visible_screen_stack
from textual.keys import _character_to_key
from textual.pilot import Pilot

from tests.variants import variant
from tui_registry.app import ConsoleApp
from tui_registry.client.endpoint import Endpoint
from tui_registry.queries.call_labels import call_label
from tui_registry.screens.base.place import Place
from tui_registry.session.connection import Connection
from tui_registry.session.openid_session import OpenIdSession
from tui_registry.session.settings import Settings

SMALL, LARGE = (80, 24), (120, 40)
SIZES = pytest.mark.parametrize("size", [SMALL, variant(LARGE)], ids=["80x24", "120x40"])
TIMEOUT = 8  # seconds; nothing takes that long, but a loaded machine is slow
POLL_INTERVAL = 0.02  # seconds


def screen_text(app: ConsoleApp) -> str:
    """The text of the screen, and of what it does not cover below.

    A dialog draws the screens below it if Textual has put them into this variable, as it does before each frame in the
    task that draws it; otherwise it draws nothing there, and keeps that for the frames to come."""
    visible_screen_stack.set(app._background_screens)
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())


@dataclass
class Console:
    """A running console. ``text`` is the screen's text, lines without trailing spaces."""

    app: ConsoleApp
    pilot: Pilot[str | Connection]

    @property
    def text(self) -> str:
        return screen_text(self.app)

    @property
    def messages(self) -> str:
        """The notifications and the outcome of the last change, each in one line; on the screen they are wrapped."""
        texts = [f"{note.title}: {note.message}" for note in self.app._notifications]
        outcome = self.app.mutations.outcome
        return "\n".join([*texts, *([outcome.text] if outcome else [])])

    @property
    def header(self) -> str:
        return self.text.partition("\n")[0]

    @property
    def bar(self) -> str:
        """The last line."""
        return self.text.rstrip().rpartition("\n")[2]

    def style(self, text: str) -> str:
        """Rich's style of the first text on the screen that is drawn in one piece and begins so."""
        visible_screen_stack.set(self.app._background_screens)
        segments = (segment for strip in self.app.screen._compositor.render_strips() for segment in strip)
        return next(str(each.style) for each in segments if each.text.lstrip().startswith(text))

    async def press(self, *keys: str) -> None:
        """Each key as somebody who has seen what the one before it did."""
        for number, key in enumerate(keys):
            if number:  # a dialog that the last key asked for may wait for the server
                await self.until(lambda: not self._awaits_dialog, "the dialog")
            await self.until(lambda: self.app.key_queue.is_screen_drawn, "the screen, on the terminal")
            await self.pilot.press(key)
            await self._heard()
            if not self.app.is_running:
                return

    @property
    def _awaits_dialog(self) -> bool:
        return self.app.mutations.is_preparing and isinstance(self.app.screen, Place)

    async def type(self, text: str) -> None:
        """As fast as somebody types who does not look: the console handles one character after the other."""
        await self.until(lambda: self.app.key_queue.is_screen_drawn, "the screen, on the terminal")
        driver = self.app._driver
        assert driver is not None
        for character in text[:-1]:
            key = events.Key(_character_to_key(character), character)
            key.set_sender(self.app)
            driver.send_message(key)
        await self.press(*("space" if character == " " else character for character in text[-1:]))

    async def _heard(self) -> None:
        """Wait until the console has handled the key: on a busy machine a process without CPU time looks idle to
        Textual."""
        for _ in range(100):
            if not self.app.is_running or not self.app.screen_stack:
                return
            nodes = (self.app, *self.app.screen.walk_children(with_self=True))
            has_keys = self.app.key_queue._is_scheduled
            if not has_keys and not any(node._message_queue.qsize() for node in nodes):
                return
            await asyncio.sleep(0.001 if has_keys else 0)

    async def until(self, seen: Callable[[], object], what: str = "") -> None:
        """Wait for something to be so: at once, or after the console has come to rest."""
        deadline = time.monotonic() + TIMEOUT
        while not seen():
            while not seen():  # coming to rest costs more than to look
                assert time.monotonic() < deadline, f"not seen: {what}\n{self.text}"
                assert self.app.is_running, f"the console ended before it showed: {what}"
                await asyncio.sleep(POLL_INTERVAL)
            await self.pilot.pause()

    async def shows(self, *texts: str) -> None:
        """Wait for the screen to show all of these at once."""
        await self.until(lambda: all(map(self.text.__contains__, texts)), f"{texts}")

    async def hides(self, *texts: str) -> None:
        """Wait for the screen to show none of these."""
        await self.until(lambda: not any(map(self.text.__contains__, texts)), f"gone: {texts}")

    async def notifies(self, *texts: str) -> None:
        """Wait for notifications that contain all of these."""
        await self.until(lambda: all(map(self.messages.__contains__, texts)), f"message: {texts}: {self.messages}")

    async def ends(self) -> None:
        """Wait for the console to end by itself."""
        deadline = time.monotonic() + TIMEOUT
        while self.app.is_running:
            assert time.monotonic() < deadline, "it does not end"
            await asyncio.sleep(POLL_INTERVAL)

    def row(self, part: str) -> str:
        """The one row of a table whose first cell ends with this or is filled by it."""
        lines = [line for line in self.text.split("\n") if f"{part}  " in line]
        assert len(lines) == 1, f"{len(lines)} lines have {part}:\n{self.text}"
        return lines[0]


@asynccontextmanager
async def console(
    url: str,
    token: str,
    size: tuple[int, int] = SMALL,
    *,
    tracking_uri: str | None = None,
    endpoint: Endpoint | None = None,
    settings: Settings | None = None,
    sign_in: OpenIdSession | None = None,
) -> AsyncIterator[Console]:
    """A console on a registry, until the block ends; it must not have reported a bug by then, and its journal must have
    words for all that it read."""
    connection = Connection(url, token, "test", tracking_uri=tracking_uri, endpoint=endpoint, sign_in=sign_in)
    app = ConsoleApp(connection, settings)
    async with app.run_test(size=size, notifications=True) as pilot:
        shown = Console(app, pilot)
        try:
            await shown.until(lambda: app.screen_stack and app.screen.is_mounted, "the first screen")
            yield shown
            assert "A bug in tui-registry" not in shown.messages, shown.messages
            if app.connection.ready.is_set():
                read = [each.path for each in app.client.journal.entries if each.method == "GET"]
                unnamed = [path for path in read if call_label("GET", path).startswith("GET")]
                assert not unnamed, f"the journal has no words for {unnamed}: see queries/call_labels.py"
        finally:
            app.exit()
    # A call that is cancelled just as it is connected leaves its connection to the garbage collector (httpcore, anyio).
    for transport in list(asyncio.get_running_loop()._transports.values()):  # type: ignore[attr-defined]  # of selector loops
        transport.abort()
    await asyncio.sleep(0)
