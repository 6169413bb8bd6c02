"""The base of every screen of the console: a header, an action bar, and data that is reloaded when it changes."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import ClassVar, TypeVar, cast

from textual.binding import BindingType
from textual.events import Resize
from textual.screen import Screen
from textual.widgets import Input

from tui_registry.client.errors import CallError, UnknownEndpoint
from tui_registry.console import Console
from tui_registry.keys.action import Action
from tui_registry.keys.actions import FILTERING, WRITING, own_actions
from tui_registry.keys.custom_commands import METHOD, command_of
from tui_registry.keys.movement import SIDEWAYS
from tui_registry.keys.names import display_name
from tui_registry.session.messages import ConnectionChanged, LivenessChanged, RegistryChanged
from tui_registry.styles import DEFERRED_STYLES
from tui_registry.terminal.sanitize import one_line
from tui_registry.widgets.action_bar import ActionBar
from tui_registry.widgets.header import Header
from tui_registry.widgets.status_line import StatusLine
from tui_registry.widgets.table import Table

T = TypeVar("T")

BESIDE = 160  # columns from which details are beside the list: with fewer, the list would lose columns to them
SHORT = 16  # lines: with fewer there is only the list, without details below it
HIGH = 30  # lines from which there are more of details
TYPING_PAUSE = 0.05  # seconds after the last letter of a filter, before the server is asked
SLOW_SECONDS = 1.0  # after which the header says that an answer is awaited


class Place(Screen[None]):
    """A screen of the console. Subclasses define ``place`` (its name in the table of actions) and ``load``.

    The focus is moved with ``set_focus``, which takes effect before the next key, and not with a widget's ``focus``,
    which takes effect later: a fast typist's first letters would be lost.
    """

    CSS_PATH: ClassVar[Path | None] = DEFERRED_STYLES
    place: ClassVar[str]
    while_typing: ClassVar[tuple[Action, ...]] = FILTERING
    BINDINGS: ClassVar[list[BindingType]] = []
    has_text: ClassVar[bool] = False
    HORIZONTAL_BREAKPOINTS = [(0, "-stacked"), (BESIDE, "-beside")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (SHORT, "-tall")]

    def __init__(self, *breadcrumbs: str) -> None:
        super().__init__()
        width, height = self.app.size  # Textual sets these classes only after the first frame
        self.add_class("-beside" if width >= BESIDE else "-stacked", "-tall" if height >= SHORT else "-short")
        self.set_class(height >= HIGH, "-high")
        self._bindings = self.console_app.keymap.rebound(self._bindings, self.place)
        self.header = Header(breadcrumbs)
        self.bar = ActionBar()
        self.status = StatusLine()
        self._is_covered_by_place = False
        self._changes = 0  # of Console.change_count, as of the newest load
        self._load_number = 0  # of the newest load
        self._finished_load = 0  # the number of the load that finished last
        self._is_slow = False  # whether an answer has been awaited for long, and none has come
        self._loaded_at: float | None = None
        self._problem = ""
        self._is_unsupported = False  # whether the server lacks what this place reads

    @property
    def console_app(self) -> Console:
        return cast("Console", self.app)

    async def load(self) -> None:
        """Read from the server what is displayed, and display it. May raise CallError."""
        raise NotImplementedError

    def as_text(self) -> str:
        """Everything this place displays as plain text, to select or save, if it ``has_text``."""
        return ""

    def is_live(self, action: str) -> bool:
        """Whether an action of this place is available now."""
        return True

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if (action in self.console_app.keymap.characters or action == METHOD) and isinstance(self.focused, Input):
            return False
        if self.console_app.connection.is_read_only and action in WRITING:
            return False
        if action not in self._own_actions:
            return True
        # What is typed while a dialog is on its way was meant for that: y is its yes, and copies here.
        is_for_dialog = self.console_app.mutations.is_preparing and action in self.console_app.keymap.characters
        return not is_for_dialog and self.is_live(action)

    @property
    def live_actions(self) -> list[Action]:
        if isinstance(self.focused, Input):
            return list(self.while_typing)
        app, own = self.console_app, self._own_actions
        is_read_only = app.connection.is_read_only
        return [
            action
            for action in app.keymap.of_place(self.place)
            if not (is_read_only and action.writes)
            and (
                self.is_live(action.id)
                if action.id in own
                else self._is_command_live(action, app)
                if action.id.startswith(METHOD)
                else app.is_action_live(action.id)
            )
        ]

    def _is_command_live(self, action: Action, app: Console) -> bool:
        """Whether a custom command has the values that it needs."""
        command = command_of(action)
        return command is not None and app.commands.is_live(command, self._command_values)

    @property
    def movements(self) -> list[Action]:
        """How to move in its lists."""
        count = len(self.query(Table))
        return [each for each in self.console_app.keymap.moving if count > (1 if each.name.startswith(SIDEWAYS) else 0)]

    @property
    def _own_actions(self) -> frozenset[str]:
        return own_actions(self.place)

    def on_mount(self) -> None:
        self.show_state()
        self.reload()

    def on_resize(self, event: Resize) -> None:
        self.set_class(event.size.height >= HIGH, "-high")

    def on_screen_suspend(self) -> None:
        self._is_covered_by_place = isinstance(self.app.screen, Place)

    def on_screen_resume(self) -> None:
        """Reload after another place, and whenever something has changed of which this place was not notified."""
        self.show_state()
        if self._load_number and (self._is_covered_by_place or self._changes != self.console_app.change_count):
            self.reload()

    def on_registry_changed(self, _message: RegistryChanged) -> None:
        if not self._is_unsupported:
            self.reload()

    def on_connection_changed(self, _message: ConnectionChanged) -> None:
        self.show_state()

    def on_liveness_changed(self, _message: LivenessChanged) -> None:
        self.bar.show(self.live_actions)

    def on_descendant_focus(self) -> None:
        self.show_state()
        self.bar.show(self.live_actions)

    def on_descendant_blur(self) -> None:
        self.call_after_refresh(lambda: self.bar.show(self.live_actions))

    async def action_find(self) -> None:
        """Find a model, or anything else: here is no list to filter."""
        await self.console_app.action_find_anything(models_first=True)

    def row_values(self) -> Mapping[str, str]:
        """The values of the row under the cursor for custom commands, by the names of PLACEHOLDERS; some may be
        empty."""
        return {}

    @property
    def _command_values(self) -> Mapping[str, str]:
        opened = self.console_app.connection.opened
        values = {**self.row_values(), "url": opened.url if opened else ""}
        return {name: value for name, value in values.items() if value}

    def action_run_command(self, name: str) -> None:
        self.console_app.commands.run(name, self._command_values)

    def action_refresh(self) -> None:
        self.console_app.redraw()
        self.reload()

    def reload(self) -> None:
        """Load again. A load in progress is cancelled: only the newest one is displayed."""
        self._start_load(0)

    def reload_typed(self) -> None:
        """Load again as a letter was typed, once no other one follows: that cancels this load."""
        self._start_load(TYPING_PAUSE)

    def _start_load(self, pause: float) -> None:
        self._load_number += 1
        self._changes = self.console_app.change_count
        self.fetch("load", partial(self._load, self._load_number, pause))

    async def _load(self, number: int, pause: float) -> None:
        """``pause``: seconds to wait first."""
        await asyncio.sleep(pause)
        await self.console_app.connection.ready.wait()
        late = self.set_timer(SLOW_SECONDS, lambda: self._show_slow(number))
        try:
            await self.load()
        except CallError as error:
            self._problem = one_line(str(error))
            # Without events it may be no registry at all, such as for a moment behind a proxy.
            self._is_unsupported = isinstance(error, UnknownEndpoint) and self.console_app.connection.is_live
            self.show_problem(self._problem)
        else:
            self._loaded_at, self._problem, self._is_unsupported = time.time(), "", False
        finally:
            late.stop()
            self._finished_load = number
            self.console_app.first_frame.draw()
        self._is_slow = False
        self.show_state()
        self.bar.show(self.live_actions)

    def show_problem(self, problem: str) -> None:
        """Display why loading failed, if nothing was loaded before."""

    @property
    def retry_note(self) -> str:
        """Whether it will be loaded again, below a problem."""
        if not self._is_unsupported:
            doctor = (
                "" if self.console_app.connection.is_live else " In a shell, tui-registry doctor says what is wrong."
            )
            return f"Retrying automatically.{doctor}"
        keys = self.console_app.keymap.keys["refresh"]
        return f"{display_name(keys[0])} tries again." if keys else ""

    def _show_slow(self, number: int) -> None:
        # The timer may fire just before the answer arrives, and its message be handled after it.
        if number == self._load_number != self._finished_load:
            self._is_slow = True
            self.show_state()

    def show_state(self) -> None:
        """Show in the header how fresh the data is, and in the status line the outcome of the last change."""
        app = self.console_app
        typing = any(line.display for line in self.query("#filter"))
        if app.mutations.outcome is not None and self.is_attached and not self.status.is_attached:
            self.mount(self.status)  # not before there is something to say: the first frame does without
        self.status.show(app.mutations.outcome, above_input=typing)
        if self._problem or not app.connection.is_live:
            self._show_header_state(
                f"{app.state if not app.connection.is_live else '✗ load failed'}{self._as_of}", is_error=True
            )
        else:
            self._show_header_state(f"◌ waiting{self._as_of}" if self._is_slow else app.state, is_error=False)

    def _show_header_state(self, state: str, *, is_error: bool) -> None:
        app = self.console_app
        self.header.show_state(
            registry=app.connection.label, state=state, is_error=is_error, colour=app.connection.colour
        )

    @property
    def _as_of(self) -> str:
        """When the displayed data was loaded, if it was."""
        return "" if self._loaded_at is None else time.strftime(" · as of %H:%M:%S", time.localtime(self._loaded_at))

    @property
    def is_loading(self) -> bool:
        """Whether an answer is awaited."""
        return self._load_number != self._finished_load

    @property
    def is_unread(self) -> bool:
        """Whether nothing was loaded yet."""
        return self._loaded_at is None

    def fetch(self, group: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run a read in a worker, cancelling the one of its group that may be running."""
        self.run_worker(work, group=group, exclusive=True, exit_on_error=False)

    def spawn(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run work in a worker that nothing cancels."""
        self.run_worker(work, exit_on_error=False)
