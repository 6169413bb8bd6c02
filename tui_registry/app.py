"""The console put together: the client, the places, the live connection."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual.app import App
from textual.binding import BindingType
from textual.screen import Screen

from tui_registry import clipboard
from tui_registry.actions import EVERYWHERE, Action, bindings, of_place
from tui_registry.client.errors import CallError, Unauthenticated
from tui_registry.client.registry import RegistryClient
from tui_registry.messages import ConnectionChanged, RegistryChanged
from tui_registry.palette import ActionsProvider, ModelsProvider
from tui_registry.screens.help import Help
from tui_registry.screens.inbox import Inbox
from tui_registry.screens.model import Model
from tui_registry.screens.models import Models
from tui_registry.screens.place import Place
from tui_registry.screens.problem import Problem
from tui_registry.session.connection import Connection, ConnectionProblem
from tui_registry.text import one_line

QUIET = 0.1  # seconds: changes that come closer together are shown at once
FIRST_RETRY, LAST_RETRY = 0.5, 15.0  # seconds between attempts to listen again

STATES = {"connecting": "◌ connecting", "live": "● live", "lost": "✗ no connection", "refused": "✗ token refused"}


class ConsoleApp(App[None]):
    """The console on one registry."""

    TITLE = "tui-registry"
    CSS_PATH = "styles/console.tcss"
    COMMANDS: ClassVar = {ActionsProvider, ModelsProvider}
    COMMAND_PALETTE_BINDING = "ctrl+p"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(EVERYWHERE))

    def __init__(self, connect: Connection | Callable[[], Connection]) -> None:
        """``connect`` is a connection, or what makes one; that runs in a thread while the first frame is drawn."""
        super().__init__()
        self.connected = asyncio.Event()
        self.connection: Connection | None = None
        self._connect = connect
        self._label = ""
        self._user = ""
        self._state = "connecting"
        self._progress = ""
        self._telling = False
        self._writes: set[asyncio.Task[None]] = set()

    @property
    def client(self) -> RegistryClient:
        """The calls. To be used only once ``connected`` is set."""
        return self._client

    @property
    def registry_label(self) -> str:
        return f"{self._user} @ {self._label}" if self._user else self._label or "tui-registry"

    @property
    def state(self) -> str:
        """How fresh things are, for people."""
        return f"⋯ {self._progress}" if self._progress else STATES[self._state]

    @property
    def is_live(self) -> bool:
        return self._state in {"live", "connecting"}

    def on_mount(self) -> None:
        self.push_screen(Inbox())
        listening: Callable[[], Awaitable[None]] = self._listen
        self.run_worker(listening, exit_on_error=False)

    async def on_unmount(self) -> None:
        if self.connected.is_set():
            await self.client.close()

    async def action_quit(self) -> None:
        """What is being written is written; leaving waits for its answer."""
        if self._writes:
            self.tell_progress("waiting for the server to answer")
            await asyncio.wait(self._writes, timeout=20)
        self.exit()

    def action_go(self, place: str) -> None:
        """Go to a place, whatever is open on top of it."""
        if isinstance(self.screen, Place):
            while len(self.screen_stack) > 2:
                self.pop_screen()
            self.switch_screen(Inbox() if place == "inbox" else Models())

    def action_help(self) -> None:
        def chosen(action: Action | None) -> None:
            if action is not None:
                self.do(action)

        self.push_screen(Help(self.live_actions(self.screen)), chosen)

    def live_actions(self, screen: Screen[object]) -> list[Action]:
        return screen.live_actions if isinstance(screen, Place) else of_place(EVERYWHERE)

    def do(self, action: Action) -> None:
        """Do what a key would do."""
        self.call_later(self._do, action)

    async def _do(self, action: Action) -> None:
        name = action.id if "(" in action.id else f"{action.id}()"
        namespace = "app" if EVERYWHERE in action.places else "screen"
        await self.run_action(f"{namespace}.{name}", default_namespace=self.screen)

    def open_model(self, name: str, version: str | None = None) -> None:
        self.push_screen(Model(name, version))

    def copy(self, text: str) -> None:
        self.run_worker(self._copy(text), exit_on_error=False)

    async def _copy(self, text: str) -> None:
        text = clipboard.cut(text)
        if not await clipboard.copy_in_tmux(text):
            self.copy_to_clipboard(text)
        self.notify(one_line(text), title="Sent to the terminal's clipboard", markup=False, timeout=3)

    def keep_working(self, work: Awaitable[None]) -> None:
        """Run a write to its end, whatever screens come and go."""
        task = asyncio.ensure_future(work)
        self._writes.add(task)
        task.add_done_callback(self._written)

    def _written(self, task: asyncio.Task[None]) -> None:
        self._writes.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.notify(one_line(str(error)), title="Something went wrong", severity="error", markup=False, timeout=30)

    def tell_progress(self, progress: str) -> None:
        self._progress = progress
        self._tell(ConnectionChanged())

    async def _listen(self) -> None:
        """Follow the server's changes, and come back when the connection breaks."""
        try:
            if callable(self._connect):
                self.connection = await asyncio.to_thread(self._connect)
            else:
                self.connection = self._connect
        except ConnectionProblem as error:
            self.push_screen(Problem(str(error)))
            return
        self._label = self.connection.label
        self._client = RegistryClient(self.connection.url, self.connection.token)
        self.connected.set()
        last_event, retry = "", FIRST_RETRY
        while True:
            try:
                if not self._user:
                    self._user = await self.client.me()
                async for event_id, name in self.client.events(last_event):
                    came_back = self._state != "live"
                    last_event, retry = event_id or last_event, FIRST_RETRY
                    self._set_state("live")
                    if came_back or name != "ready":
                        self._soon()
            except Unauthenticated:
                self._set_state("refused")
            except CallError:
                self._set_state("lost")
            else:
                self._set_state("lost")
            await asyncio.sleep(retry)
            retry = min(retry * 2, LAST_RETRY)

    def _set_state(self, state: str) -> None:
        if state != self._state:
            self._state = state
            self._tell(ConnectionChanged())

    def _soon(self) -> None:
        """Tell the places of changes, but not of each."""
        if not self._telling:
            self._telling = True
            self.set_timer(QUIET, self._tell_changed)

    def _tell_changed(self) -> None:
        self._telling = False
        self._tell(RegistryChanged())

    def _tell(self, message: ConnectionChanged | RegistryChanged) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, Place):
                screen.post_message(type(message)())

    def _fatal_error(self) -> None:
        """Textual would print the values of local variables, tokens among them; this prints where it happened."""
        self.bell()
        report = "".join(traceback.format_exc())
        self._exit_renderables.append(
            "[bold]tui-registry stopped because of a mistake in itself.[/] Nothing was left half written.\n"
            "Please report this:\n\n" + report.replace("[", "\\[")
        )
        self._close_messages_no_wait()
