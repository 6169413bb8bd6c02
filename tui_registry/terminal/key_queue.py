"""Keys and pasted texts in the order in which they arrive, however fast; no key that changes something unseen.

Textual handles a key by messages between widgets, and looks up its binding in the screen that is on top when the last
of them arrives. So a key could act in a screen that the next key had opened meanwhile: of Enter and ``?`` in one
packet, as a slow line delivers them, Enter reached the help. Here a key waits until what the key before it caused is
done. And a key that was pressed before the current screen was drawn was not meant for what that asks. A screen that
``holds_keys`` is about to open another one: the keys are handled there.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from textual._queue import Queue
from textual.app import App
from textual.events import Key, Paste
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

MAX_WAIT_SECONDS = 0.5  # for what the key before caused; a screen that never rests must not lose keys
POLL_SECONDS = 0.001
IDLE_STEPS = 3  # of the event loop without a message; a worker that may open a dialog starts in one of them
SETTLED_SECONDS = 0.1  # after a key and what it caused, when no worker that it started is about to open a dialog
PROMPT_SECONDS = 0.02  # from a key to here, unless the event loop was blocked by what the key before it caused

Typed = Key | Paste


class KeyQueue:
    """``handle`` handles a key or a pasted text. ``may_act_unseen``: whether a key may act in the current screen,
    although it was pressed before that was drawn; if not, it is dropped."""

    def __init__(
        self, app: App[Any], handle: Callable[[Typed], Awaitable[None]], may_act_unseen: Callable[[Key], bool]
    ) -> None:
        self._app = app
        self._handle = handle
        self._may_act_unseen = may_act_unseen
        self._waiting: deque[Typed] = deque()
        self._is_scheduled = False  # whether the next one will be handled, or is being handled
        self._busy_since: float | None = None
        self._active_at = 0.0  # when a key was handled, or what it caused was going on
        self._drawn_screen: Screen[object] | None = None
        self._drawn_at = 0.0

    async def put(self, typed: Typed) -> None:
        """Handle it in its turn: at once, where nothing can be before it."""
        if _is_escape(typed) and self._is_held:
            self._waiting.clear()  # what was typed for a screen that will not be opened
        self._waiting.append(typed)
        if self._is_scheduled:
            return
        self._is_scheduled = True
        if self._is_settled:
            await self._next()
        else:
            self._app.call_later(self._next)

    def drop(self) -> int:
        """Forget the keys that wait; returns how many there were."""
        count = len(self._waiting)
        self._waiting.clear()
        return count

    @property
    def _is_held(self) -> bool:
        """Whether the current screen is about to open another one, which the next keys are meant for."""
        return bool(getattr(self._app.screen, "holds_keys", False))

    def note_drawn(self, screen: Screen[object], at: float | None = None) -> None:
        """The screen was drawn, as the current one. ``at``: when, by the monotonic clock, if that is not now."""
        if screen is not self._drawn_screen:
            self._drawn_screen, self._drawn_at = screen, time.monotonic() if at is None else at

    @property
    def is_screen_drawn(self) -> bool:
        """Whether the current screen has been drawn since it became the current one."""
        return self._drawn_screen is self._app.screen

    async def _next(self) -> None:
        is_settled = self._is_settled
        for _ in range(1 if is_settled else IDLE_STEPS):
            if self._must_wait():
                self._active_at = time.monotonic()
                await asyncio.sleep(POLL_SECONDS)
                self._app.call_later(self._next)
                return
            if not is_settled:
                await asyncio.sleep(0)
        try:
            if self._waiting:
                typed = self._waiting.popleft()
                is_seen = self.is_screen_drawn and typed.time >= self._drawn_at
                if is_seen or isinstance(typed, Paste) or self._may_act_unseen(typed):
                    await self._handle(_for_widget(typed, self._app.focused))
        finally:
            self._active_at = time.monotonic()
            self._is_scheduled = bool(self._waiting)
            if self._waiting:
                self._app.call_later(self._next)

    @property
    def _is_settled(self) -> bool:
        """Whether the next key was pressed long after the one before it had done all that it does."""
        if not self._waiting:
            return False
        pressed = self._waiting[0].time
        return pressed - self._active_at > SETTLED_SECONDS and time.monotonic() - pressed < PROMPT_SECONDS

    def _must_wait(self) -> bool:
        """Whether what the key before caused is still going on, within MAX_WAIT_SECONDS, or the screen holds the keys,
        which is up to it."""
        if self._is_held and self._waiting and not _is_escape(self._waiting[0]):
            return True
        if not self._is_busy():
            self._busy_since = None
            return False
        now = time.monotonic()
        if self._busy_since is None:
            self._busy_since = now
        if now - self._busy_since < MAX_WAIT_SECONDS:
            return True
        self._busy_since = None
        return False

    def _is_busy(self) -> bool:
        """Whether the application or a widget of its current screen has messages to handle."""
        if not _queue(self._app).empty():
            return True
        nodes: list[Widget] = [self._app.screen]
        for node in nodes:  # and those that are added meanwhile
            if _is_handling(node):
                return True
            nodes += node.children
        return False


def _for_widget(typed: Typed, focused: Widget | None) -> Typed:
    """Pasted lines as one, where there is only one: an Input takes the first, and drops the others."""
    if not (isinstance(typed, Paste) and isinstance(focused, Input)):
        return typed
    first, *others = typed.text.splitlines() or [""]
    return Paste(" ".join(filter(None, [first, *map(str.strip, others)])))


def _is_escape(typed: Typed) -> bool:
    return isinstance(typed, Key) and typed.key == "escape"


def _is_handling(node: MessagePump) -> bool:
    """Whether a widget is handling a message, or has one to handle: one that has not waits for the next."""
    queue = _queue(node)
    return not queue.empty() or not queue.ready_event._waiters  # noqa: SLF001  # there is no public API for it


def _queue(node: MessagePump) -> Queue[Message | None]:
    """Its messages, with their type, which mypy does not see."""
    return node._message_queue  # noqa: SLF001  # there is no public API for it
