"""The console put together: the client, the places, the live connection."""

import asyncio
import random
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Input, TextArea
from textual.worker import Worker, WorkerState

from tui_registry.client.errors import CallError, Refused, Unauthenticated
from tui_registry.client.registry import RegistryClient
from tui_registry.keys.actions import EVERYWHERE, Action, bindings
from tui_registry.keys.names import shown
from tui_registry.mutations.runner import WritingApp
from tui_registry.screens.base.place import Place
from tui_registry.screens.dialogs.palette import ActionsProvider, ModelsProvider
from tui_registry.screens.places import PLACES, place
from tui_registry.session.connection import Connection, ConnectionProblem
from tui_registry.session.messages import ConnectionChanged, RegistryChanged
from tui_registry.session.settings import Settings
from tui_registry.startup.first_frame import Start
from tui_registry.startup.preferences import can_suspend
from tui_registry.terminal import clipboard
from tui_registry.terminal.sanitize import one_line
from tui_registry_server import crash

if TYPE_CHECKING:
    from tui_registry.screens.dialogs.profiles import AllowChanges, OpenProfile
    from tui_registry.tracking.client import TrackingClient

BAD_REQUEST = 400
QUIET = 0.1  # seconds: changes that come closer together are shown at once
FIRST_RETRY, LAST_RETRY = 0.5, 5.0  # seconds between attempts to listen again
WITHOUT_EVENTS = 15.0  # seconds between looks at the server while it sends no events
TOKEN_CHECK_INTERVAL = 60.0  # seconds between looks at how long the token of one's own registry is still valid

STATES = {"connecting": "◌ connecting", "live": "● live", "lost": "✗ no connection", "refused": "✗ token refused"}


class ConsoleApp(WritingApp):
    """The console on one registry. Its result is the profile to open next, if one was asked for."""

    TITLE = "tui-registry"
    CSS_PATH = "styles/console.tcss"
    MODES: ClassVar = {name: partial(place, name) for name in PLACES}
    DEFAULT_MODE = "inbox"
    VERTICAL_BREAKPOINTS = [(0, "-short"), (16, "-tall")]
    COMMANDS: ClassVar = {ActionsProvider, ModelsProvider}
    COMMAND_PALETTE_BINDING = "ctrl+p"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(EVERYWHERE),
        Binding("ctrl+q", "leave", show=False, priority=True),  # even while something is typed or asked
    ]

    def __init__(
        self,
        connect: Connection | Callable[[], Connection],
        settings: Settings | None = None,
        complaints: Sequence[str] = (),
    ) -> None:
        """``connect`` is a connection, or what makes one; that runs in a thread while the first frame is drawn.
        ``complaints`` are told: why the file of settings is not used."""
        super().__init__(settings or Settings(), complaints)
        self._copied = ""
        self.connected = asyncio.Event()
        self.starting = Start(self)
        self.connection: Connection | None = None
        self._connect = connect
        self._label = ""
        self._user: str | None = None  # empty, if the registry does not say
        self._state = "connecting"
        self._telling = False
        self._is_renewed = False
        self._renewal = asyncio.Lock()
        self._last_event = ""
        self._retry = FIRST_RETRY
        self._next_profile: str | None = None
        self._tracking: TrackingClient | None = None
        self.ended_by: signal.Signals | None = None

    @property
    def client(self) -> RegistryClient:
        """The calls. To be used only once ``connected`` is set."""
        return self._client

    @property
    def tracking(self) -> "TrackingClient":
        """The calls of the tracking server, which the connection must name. Raises CallError, if its address is none.

        Its calls are in the same journal. It is never sent the registry's token.
        """
        from tui_registry.tracking.client import TrackingClient

        if self._tracking is None:
            connection = self.connection
            uri, token = (connection.tracking_uri or "", connection.token) if connection else ("", "")
            ca = connection.ca if connection else None
            self._tracking = TrackingClient(uri, registry_token=token, ca=ca, journal=self.client.journal)
        return self._tracking

    def short_name(self, user: str) -> str:
        """A user's name without the domain, where that is the same as one's own."""
        name, at, domain = user.partition("@")
        return name if at and domain == (self._user or "").partition("@")[2] else user

    @property
    def is_read_only(self) -> bool:
        return self.connection is not None and self.connection.read_only

    @property
    def colour(self) -> str | None:
        """What the registry's name stands on, in the user's own words for colours."""
        return self.connection.colour if self.connection else None

    def is_action_live(self, action: str) -> bool:
        """Whether one of the actions known everywhere would do something now."""
        if action == "show_text":
            return bool(self._copied) or (isinstance(self.screen, Place) and self.screen.has_text)
        if action == f"go('{self.current_mode}')":
            return len(self.screen_stack) > 1
        if action == "suspend":
            return can_suspend(self._driver)
        return action != "undo" or self.can_undo

    @property
    def registry_label(self) -> str:
        label = f"{self._label}, read-only" if self.is_read_only else self._label
        return f"{self._user} @ {label}" if self._user else label or "tui-registry"

    @property
    def state(self) -> str:
        """How fresh things are, for people."""
        return f"⋯ {self.progress}" if self.progress else STATES[self._state]

    @property
    def is_live(self) -> bool:
        return self._state in {"live", "connecting"}

    def on_mount(self) -> None:
        if not self.is_headless:  # asked to end, or left alone by its terminal
            for number in (signal.SIGTERM, signal.SIGHUP):
                asyncio.get_running_loop().add_signal_handler(number, self._end, number)
        self.starting.begin()
        self.run_worker(self._live(), exit_on_error=False, name="live")
        self.set_interval(WITHOUT_EVENTS, self._look_without_events)
        self.set_interval(TOKEN_CHECK_INTERVAL, self._renew_due_token)

    async def on_unmount(self) -> None:
        if self.connected.is_set():
            await self.client.close()
        if self._tracking is not None:
            await self._tracking.close()

    async def action_quit(self) -> None:
        self.action_leave()

    def action_leave(self) -> None:
        """What is being written is written; leaving waits for its answer."""
        self.run_worker(self._leave(), group="leave", exclusive=True, exit_on_error=False)

    def _end(self, number: signal.Signals) -> None:
        self.ended_by = number
        self.action_leave()

    async def _leave(self) -> None:
        if self.is_writing:
            self.tell_progress("waiting for the server to answer")
            await self.written(timeout=20)
        self.exit(self._next_profile)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Letters are letters while text is typed, and answers while something is asked. A long text has its own
        ctrl+z, which takes back what was typed."""
        if action == "suspend" and (isinstance(self.focused, TextArea) or not can_suspend(self._driver)):
            return False
        return action not in self.keymap.characters or (
            isinstance(self.screen, Place) and not isinstance(self.focused, Input)
        )

    async def action_go(self, place: str) -> None:
        """Go to a place as it was left; from what is open on top of it, back to it."""
        if isinstance(self.screen, Place):
            if place == self.current_mode:
                while len(self.screen_stack) > 1:
                    await self.pop_screen()
            else:
                await self.switch_mode(place)

    def action_help(self) -> None:
        from tui_registry.screens.dialogs.help import Help

        def chosen(action: Action | None) -> None:
            if action is not None:
                self.do(action)

        self.push_screen(Help(self.live_actions(self.screen)), chosen)

    def live_actions(self, screen: Screen[object]) -> list[Action]:
        return screen.live_actions if isinstance(screen, Place) else self.keymap.of_place(EVERYWHERE)

    def do(self, action: Action) -> None:
        """Do what a key would do."""
        self.call_later(self._do, action)

    async def _do(self, action: Action) -> None:
        name = action.id if "(" in action.id else f"{action.id}()"
        namespace = "app" if EVERYWHERE in action.places else "screen"
        await self.run_action(f"{namespace}.{name}", default_namespace=self.screen)

    def open_model(self, name: str, version: str | None = None) -> None:
        from tui_registry.screens.models.model import Model

        self.push_screen(Model(name, version))

    def find_model(self, typed: str = "") -> None:
        """Search the models for this and open the best match; or begin to type."""
        self.run_worker(self._find_model(typed), group="find", exclusive=True, exit_on_error=False)

    async def _find_model(self, typed: str) -> None:
        from tui_registry.screens.models.models import Models

        await self.action_go("models")
        while len(self.screen_stack) > 1:
            await self.pop_screen()
        models = self.screen
        if isinstance(models, Models) and typed:
            models.find(typed)
        elif isinstance(models, Models):
            models.action_search()

    def open_version(self, name: str, version: str) -> None:
        from tui_registry.screens.models.version import Version

        self.push_screen(Version(name, version))

    def open_card(self, name: str) -> None:
        from tui_registry.screens.models.card import Card

        self.push_screen(Card(name))

    def open_access(self, name: str) -> None:
        from tui_registry.screens.access.access import Access

        self.push_screen(Access(name))

    def open_history(self, name: str, version: str | None) -> None:
        from tui_registry.screens.activity import ActivityFeed

        self.push_screen(ActivityFeed(name, version or ""))

    def action_profiles(self) -> None:
        """Leave for another registry, or change this one after all."""
        from tui_registry.screens.dialogs.profiles import AllowChanges, OpenProfile, Profiles

        def chosen(answer: "OpenProfile | AllowChanges | None") -> None:
            if isinstance(answer, OpenProfile):
                self._next_profile = answer.name
                self.action_leave()
            elif isinstance(answer, AllowChanges) and self.connection is not None:
                self.connection = replace(self.connection, read_only=False)
                self.client.read_only = False
                self.tell(ConnectionChanged())
                self.tell(RegistryChanged())

        self.push_screen(Profiles(self._label, read_only=self.is_read_only), chosen)

    def copy(self, text: str, *, told: str = "") -> None:
        """``told`` is shown in place of a text that is secret."""
        self.run_worker(self._copy(text, told), exit_on_error=False)

    async def _copy(self, text: str, told: str) -> None:
        self._copied = "" if told else text
        text = clipboard.cut(text)
        if not await clipboard.copy_in_tmux(text):
            self.copy_to_clipboard(text)
        shown_text = one_line(told or text, 300)
        if (keys := self.keymap.keys["show_text"]) and not told:
            shown_text += f"\n{shown(keys[0])} shows it, if it did not arrive"
        self.notify(shown_text, title="Sent to the terminal's clipboard", markup=False, timeout=3)

    def action_show_text(self) -> None:
        """What was copied last, or all that this place can tell, for terminals that do not take copies."""
        from tui_registry.screens.dialogs.plain_text import PlainText

        if isinstance(self.screen, Place) and (text := self.screen.as_text() or self._copied):
            self.push_screen(PlainText(text))

    def action_journal(self) -> None:
        from tui_registry.screens.journal import Calls

        if isinstance(self.screen, Place) and not isinstance(self.screen, Calls):
            self.push_screen(Calls())

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A mistake in what runs behind the screen is not to pass unseen."""
        if event.state is WorkerState.ERROR:
            self.tell_mistake(event.worker.error)

    async def _live(self) -> None:
        """Open the registry, then follow its changes, and come back when the connection breaks."""
        self.connection = await self._opened()
        self._label = self.connection.label
        self._client = RegistryClient(
            self.connection.url,
            self.connection.token,
            read_only=self.connection.read_only,
            endpoint=self.connection.endpoint,
        )
        self.connected.set()
        self.tell(ConnectionChanged())
        while True:
            try:
                await self._listen()
            except Unauthenticated as error:
                if not self._is_renewed and await self._renew_token():
                    self._is_renewed = True  # if that is refused, too, the user is asked
                    continue
                from tui_registry.screens.dialogs.problem import Problem

                self._set_state("refused")
                remedy = await self.push_screen_wait(Problem("The token is refused", str(error), token_helps=True))
                if remedy.token:
                    self._use_token(remedy.token)
                self._user = None
                self._soon()
                continue
            except Refused as error:
                self._retry = max(self._retry, error.retry_after)
                if error.status == BAD_REQUEST:
                    self._last_event = ""  # of another registry, or of an older one: it begins anew
            except CallError:
                pass
            self._set_state("lost")
            # Not all consoles at once, when a server is back.
            await asyncio.sleep(self._retry * random.uniform(1.0, 1.5))  # noqa: S311  # nobody is to be kept from guessing it
            self._retry = min(self._retry * 2, LAST_RETRY)

    def _renew_due_token(self) -> None:
        embedded = self.connection.embedded if self.connection else None
        if embedded is not None and embedded.token_is_due and not self._renewal.locked():
            self.run_worker(self._renew_token(), exit_on_error=False)

    async def _renew_token(self) -> bool:
        """Take a new token for one's own registry, and nobody notices; whether there is one."""
        from tui_registry.session.embedded import EmbeddedError

        before = self.connection
        if before is None or before.embedded is None:
            return False
        async with self._renewal:
            if self.connection is before:  # or else it has just been done
                try:
                    self._use_token(await asyncio.to_thread(before.embedded.renew))
                except (EmbeddedError, OSError):
                    return False
        return True

    def _use_token(self, token: str) -> None:
        if self.connection is not None:
            self.connection = replace(self.connection, token=token)
            self.client.use_token(token)

    async def _opened(self) -> Connection:
        """A connection, however often the user has to be asked."""
        if not callable(self._connect):
            return self._connect
        while True:
            try:
                return await asyncio.to_thread(self._connect)
            except ConnectionProblem as error:
                from tui_registry.screens.dialogs.problem import Problem

                lacking = error.lacking
                question = Problem("The registry cannot be opened", str(error), token_helps=lacking is not None)
            remedy = await self.push_screen_wait(question)
            if lacking is not None and remedy.token:
                return replace(lacking, token=remedy.token)

    async def _listen(self) -> None:
        """Tell the places of changes for as long as the server tells them."""
        if self._user is None:
            try:
                self._user = await self.client.me()
            except Unauthenticated:
                raise
            except Refused:
                self._user = ""  # it can still be looked at
            self.client.journal.who = self._user
        async for event_id, name in self.client.events(self._last_event):
            came_back = self._state != "live"
            self._is_renewed = False
            if came_back and self.connection is not None and self.connection.embedded is not None:
                self.client.url = self.connection.embedded.url  # another console may have started the server anew
            self._last_event, self._retry = event_id or self._last_event, FIRST_RETRY
            self._set_state("live")
            if came_back or name != "ready":
                self._soon()

    def _look_without_events(self) -> None:
        """Proxies may hold events back; the screen is then refreshed from time to time."""
        if self.connected.is_set() and self._state != "live":
            self.tell(RegistryChanged())

    def _set_state(self, state: str) -> None:
        if state != self._state:
            self._state = state
            self.tell(ConnectionChanged())

    def _soon(self) -> None:
        """Tell the places of changes, but not of each."""
        if not self._telling:
            self._telling = True
            self.set_timer(QUIET, self._tell_changed)

    def _tell_changed(self) -> None:
        self._telling = False
        self.tell(RegistryChanged())

    def _fatal_error(self) -> None:
        """Textual would print the values of local variables, tokens among them; this keeps where it happened."""
        self.bell()
        error = self._exception or sys.exception()
        if error is not None:
            text = crash.report(error, [self.connection.token] if self.connection else ())
            self._exit_renderables.append(Text(crash.told(text, crash.keep(text))))
        self._close_messages_no_wait()
