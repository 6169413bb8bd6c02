"""What every place has: a header, a bar of its live actions, and the habit of keeping itself fresh."""

import time
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from pathlib import Path
from typing import ClassVar, TypeVar, cast

from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import Input

from tui_registry.client.errors import CallError
from tui_registry.console import Console
from tui_registry.keys.actions import FILTERING, WRITING, Action, of_place
from tui_registry.session.messages import ConnectionChanged, LivenessChanged, RegistryChanged
from tui_registry.styles import DEFERRED_STYLES
from tui_registry.terminal.sanitize import one_line
from tui_registry.widgets.action_bar import ActionBar
from tui_registry.widgets.header import Header

T = TypeVar("T")

WIDE = 100  # columns
SHORT = 16  # lines: with fewer there is only the list, and no details below it
SLOW = 1.0  # seconds after which a reading that is still under way is told


class Place(Screen[None]):
    """A screen of the console. Subclasses say ``place`` (its name among the actions) and ``load``.

    The focus is moved with ``set_focus``, which takes effect before the next key, and not with a widget's ``focus``,
    which takes it later: a fast typist's first letters would be lost.
    """

    CSS_PATH: ClassVar[Path | None] = DEFERRED_STYLES
    place: ClassVar[str]
    while_typing: ClassVar[tuple[Action, ...]] = FILTERING
    BINDINGS: ClassVar[list[BindingType]] = []
    has_text: ClassVar[bool] = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (SHORT, "-tall")]

    def __init__(self, *trail: str) -> None:
        super().__init__()
        width, height = self.app.size  # Textual does it after a first frame
        self.add_class("-wide" if width >= WIDE else "-narrow", "-tall" if height >= SHORT else "-short")
        self._bindings = self.console_app.keymap.rebound(self._bindings, self.place)
        self.header = Header(trail)
        self.bar = ActionBar()
        self._is_covered_by_place = False
        self._reading = 0
        self._ended = 0  # the reading that ended last
        self._read_at: float | None = None
        self._problem = ""

    @property
    def console_app(self) -> Console:
        return cast("Console", self.app)

    async def load(self) -> None:
        """Ask the server for what is shown, and show it. Calls go through ``ask``."""
        raise NotImplementedError

    def as_text(self) -> str:
        """All that this place shows, if it ``has_text``: as text, to be taken along."""
        return ""

    def is_live(self, action: str) -> bool:
        """Whether an action of this place would do something now."""
        return True

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in self.console_app.keymap.characters and isinstance(self.focused, Input):
            return False
        if self.console_app.connection.is_read_only and action in WRITING:
            return False
        return action not in self._own_actions or self.is_live(action)

    @property
    def live_actions(self) -> list[Action]:
        if isinstance(self.focused, Input):
            return list(self.while_typing)
        return [action for action in self.console_app.keymap.of_place(self.place) if self._is_live(action)]

    def _is_live(self, action: Action) -> bool:
        app = self.console_app
        if action.writes and app.connection.is_read_only:
            return False
        if action.id not in self._own_actions:
            return app.is_action_live(action.id)
        return self.is_live(action.id)

    @property
    def _own_actions(self) -> set[str]:
        return {action.id for action in of_place(self.place) if self.place in action.places}

    def on_mount(self) -> None:
        self.tell_state()
        self.reload()

    def on_screen_suspend(self) -> None:
        self._is_covered_by_place = isinstance(self.app.screen, Place)

    def on_screen_resume(self) -> None:
        """Read again after another place, which was told of changes meanwhile; below a dialog, this one was."""
        self.tell_state()
        if self._reading and self._is_covered_by_place:
            self.reload()

    def on_registry_changed(self, _message: RegistryChanged) -> None:
        self.reload()

    def on_connection_changed(self, _message: ConnectionChanged) -> None:
        self.tell_state()

    def on_liveness_changed(self, _message: LivenessChanged) -> None:
        self.bar.show(self.live_actions)

    def on_descendant_focus(self) -> None:
        self.bar.show(self.live_actions)

    def on_descendant_blur(self) -> None:
        self.call_after_refresh(lambda: self.bar.show(self.live_actions))

    def action_find(self) -> None:
        """Search the models."""
        self.console_app.navigation.find_model()

    def find_model(self, typed: str, shown: Collection[str]) -> None:
        """Enter was pressed after words that left rows about these models. If one is left, whose name has them, it is
        meant; if none is, the models are searched; else the rows are."""
        if not shown:
            self.console_app.navigation.find_model(typed)
        elif len(shown) == 1 and _has_words(name := next(iter(shown)), typed):
            self.console_app.navigation.open_model(name)

    def action_refresh(self) -> None:
        self.console_app.redraw()
        self.reload()

    def reload(self) -> None:
        """Read anew. A reading under way is dropped: only the newest may show its answer."""
        self._reading += 1
        self.fetch("load", partial(self._load, self._reading))

    async def _load(self, reading: int) -> None:
        await self.console_app.connection.ready.wait()
        late = self.set_timer(SLOW, lambda: self._tell_slow(reading))
        try:
            await self.load()
        except CallError as error:
            self._problem = one_line(str(error))
            self.show_problem(self._problem)
        else:
            self._read_at, self._problem = time.time(), ""
        finally:
            late.stop()
            self._ended = reading
            self.console_app.first_frame.draw()
        self.tell_state()
        self.bar.show(self.live_actions)

    def show_problem(self, problem: str) -> None:
        """Say why there is nothing to show, where there is nothing to show."""

    def _tell_slow(self, reading: int) -> None:
        # The timer may have gone off just before the answer came: its message is read after it.
        if reading == self._reading != self._ended and not self._problem:
            self._tell(f"◌ waiting{self._as_of}", bad=False)

    def tell_state(self) -> None:
        """Say in the header how fresh this is."""
        app = self.console_app
        if self._problem or not app.connection.is_live:
            self._tell(f"{app.state if not app.connection.is_live else '✗ not read'}{self._as_of}", bad=True)
        else:
            self._tell(app.state, bad=False)

    def _tell(self, state: str, *, bad: bool) -> None:
        app = self.console_app
        self.header.tell(registry=app.connection.label, state=state, bad=bad, colour=app.connection.colour)

    @property
    def _as_of(self) -> str:
        """The age of what is shown, if anything is."""
        return "" if self._read_at is None else time.strftime(" · as of %H:%M:%S", time.localtime(self._read_at))

    @property
    def is_unread(self) -> bool:
        """Whether nothing was read yet, so that nothing can be said."""
        return self._read_at is None

    def fetch(self, group: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run a reading, in place of the one of its group that may be under way."""
        self.run_worker(work, group=group, exclusive=True, exit_on_error=False)

    def spawn(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run something that is not to be dropped when another thing begins."""
        self.run_worker(work, exit_on_error=False)


def _has_words(name: str, typed: str) -> bool:
    return all(word in name.casefold() for word in typed.casefold().split())
