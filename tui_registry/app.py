"""The console application: its places, its keys, and its state."""

import asyncio
import errno
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from rich.console import RenderableType
from rich.text import Text
from textual import on
from textual.app import App
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.events import Event, Key, Paste
from textual.screen import Screen
from textual.widgets import Input
from textual.worker import Worker, WorkerState

from tui_registry.client.registry import RegistryClient
from tui_registry.console import Console
from tui_registry.keys.action import EVERYWHERE, Action
from tui_registry.keys.actions import bindings
from tui_registry.keys.movement import LISTS
from tui_registry.keys.names import display_name
from tui_registry.mutations.result import Verdict
from tui_registry.mutations.runner import Mutations, Outcome
from tui_registry.screens.base.place import Place
from tui_registry.screens.custom_commands import CustomCommands
from tui_registry.screens.navigation import Navigator
from tui_registry.screens.places import PLACES, column_problems, load, place
from tui_registry.screens.type_ahead import may_act_unseen
from tui_registry.session.connection import Connection
from tui_registry.session.kept_arrangements import KeptArrangements
from tui_registry.session.live_connection import LiveConnection
from tui_registry.session.messages import ConnectionChanged, RegistryChanged
from tui_registry.session.saved_view import SavedView
from tui_registry.session.settings import Settings
from tui_registry.startup.first_frame import FirstFrame
from tui_registry.startup.preferences import Preferences
from tui_registry.terminal import child_process, clipboard
from tui_registry.terminal.driver_choice import can_suspend, driver_class
from tui_registry.terminal.key_queue import KeyQueue
from tui_registry.terminal.sanitize import one_line
from tui_registry_server import crash

if TYPE_CHECKING:
    from tui_registry.screens.dialogs.profiles import AllowChanges, OpenProfile
    from tui_registry.screens.finder.finder import Recent

ANSWER_TIMEOUT = 20  # seconds that quitting waits for the answer to a mutation


class ConsoleApp(App[str | Connection]):
    """The console on one registry. Its result is what to open next, if asked for: a profile, or another workspace."""

    TITLE = "tui-registry"
    CSS_PATH = "styles/console.tcss"
    MODES: ClassVar = {name: partial(place, name) for name in PLACES}
    DEFAULT_MODE = "inbox"
    VERTICAL_BREAKPOINTS = [(0, "-short"), (16, "-tall")]
    ENABLE_COMMAND_PALETTE = False  # the finder is in its place
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(EVERYWHERE),
        Binding("ctrl+q", "leave", show=False, priority=True),  # also in text inputs and dialogs
        Binding("ctrl+c", "help_quit", show=False, system=True, priority=True),
    ]

    def __init__(
        self,
        connect: Connection | Callable[[], Connection],
        settings: Settings | None = None,
        warnings: Sequence[str] = (),
    ) -> None:
        """``connect`` is a connection, or a function that makes one, run in a thread while the first frame is drawn.
        ``warnings`` are displayed: why the settings file is not used."""
        super().__init__()
        settings = settings or Settings()
        self.preferences = Preferences(self, settings, warnings)
        self.commands = CustomCommands(self, settings.commands)
        self.keymap = self.preferences.keymap
        self._bindings = self.keymap.rebound(self._bindings, EVERYWHERE)
        self.stylesheet.set_variables(self.get_css_variables())
        self.first_frame = FirstFrame(self, self._load_places)
        self.connection = LiveConnection(self, connect)
        self.mutations = Mutations(self)
        self.navigation = Navigator(self, self.connection)
        self.change_count = 0
        self.ended_by: signal.Signals | None = None
        self.key_queue = KeyQueue(self, super().on_event, lambda key: may_act_unseen(key, self.screen, self.keymap))
        self._is_styled = False
        self._copied = ""
        self._recent: Recent | None = None
        self._next: str | Connection | None = None

    @property
    def client(self) -> RegistryClient:
        return self.connection.client

    @property
    def views(self) -> Mapping[str, SavedView]:
        return self.preferences.views

    @property
    def old_days(self) -> int:
        return self.preferences.old_days

    def add_view(self, name: str, view: SavedView) -> None:
        self.preferences.add_view(name, view)
        self.keymap = self.preferences.keymap
        self._bindings = self.keymap.rebound(self._bindings, EVERYWHERE)

    async def action_view(self, name: str) -> None:
        await self.navigation.open_view(name, self.views[name])

    def _load_places(self) -> None:
        """Import all places, and check what the saved views say about their columns."""
        load()
        if problems := column_problems(self.views):
            self.call_from_thread(self.preferences.warn, problems)

    @property
    def arrangements(self) -> KeptArrangements:
        return self.preferences.arrangements

    def is_action_live(self, action: str) -> bool:
        """Whether one of the actions available everywhere would have an effect now."""
        if action == "show_text":
            return bool(self._copied) or (isinstance(self.screen, Place) and self.screen.has_text)
        if action[:3] == "go(":
            return action != f"go('{self.current_mode}')" or len(self.screen_stack) > 1
        if action == "command_output":
            return bool(self.commands.processes)
        if action == "suspend":
            return can_suspend(self._driver)
        return action != "undo" or (self.mutations.last_change is not None and not self.mutations.is_running)

    @property
    def state(self) -> str:
        progress = self.mutations.progress
        progress = progress or (f"running {running}" if (running := self.commands.running) else "")
        return f"⋯ {progress}" if progress else self.connection.state

    def get_driver_class(self) -> type[Driver]:
        return driver_class() or super().get_driver_class()

    def refresh_css(self, animate: bool = True) -> None:
        """Skip the first call: Textual makes it for the first screen, just after all rules were read."""
        if self._is_styled:
            super().refresh_css(animate)
        self._is_styled = True

    async def on_event(self, event: Event) -> None:
        """Queue what is typed in the terminal; what comes back from a widget belongs to the key in progress."""
        if isinstance(event, Key | Paste) and not event.is_forwarded:
            await self.key_queue.put(event)
        else:
            await super().on_event(event)

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        super()._display(screen, renderable)
        if renderable is not None and not self._batch_count:
            self.key_queue.note_drawn(screen, getattr(self._driver, "written_at", None))

    def drop_keys(self) -> int:
        return self.key_queue.drop()

    def redraw(self) -> None:
        if self._driver is not None and hasattr(self._driver, "forget"):
            self._driver.forget()
        self.refresh(layout=True)

    def action_suspend(self) -> None:
        if can_suspend(self._driver):
            self._driver.suspend()

    @property
    def can_release_terminal(self) -> bool:
        return can_suspend(self._driver)

    @property
    def child_variables(self) -> dict[str, str]:
        opened = self.connection.opened
        return child_process.environment([opened.token] if opened else [])

    def run_in_terminal(self, arguments: Sequence[str], *, title: str = "") -> int:
        if not can_suspend(self._driver):
            raise OSError(errno.ENOTTY, "this terminal cannot be given to another program")
        with self._driver.released():
            return child_process.run_in_terminal(arguments, self.child_variables, title=title)

    @on(Driver.SignalResume)
    def _is_back(self) -> None:
        self.redraw()

    def on_mount(self) -> None:
        if not self.is_headless:  # terminated, or its terminal was closed
            for number in (signal.SIGTERM, signal.SIGHUP):
                asyncio.get_running_loop().add_signal_handler(number, self._end, number)
        self.first_frame.begin()
        self.connection.start()
        self.preferences.show_warnings()

    async def on_unmount(self) -> None:
        await self.commands.close()
        await self.connection.close()

    async def action_quit(self) -> None:
        self.action_leave()

    def action_help_quit(self) -> None:
        """Ctrl+C, which elsewhere ends programs."""
        key = next(iter(self.keymap.keys["quit"]), "ctrl+q")
        how = f"press {display_name(key)} or type :q. {display_name('ctrl+q')} quits from everywhere."
        self.mutations.report("Ctrl+C does not quit", Verdict.REFUSED, how)

    def action_leave(self) -> None:
        """Quit, after waiting for the answer to a running mutation."""
        self.run_worker(self._leave(), group="leave", exclusive=True, exit_on_error=False)

    def _end(self, number: signal.Signals) -> None:
        self.ended_by, self._next = number, None
        self.action_leave()

    async def _leave(self) -> None:
        if self.mutations.is_running:
            self.mutations.show_progress("waiting for the server to answer")
            await self.mutations.wait(timeout=ANSWER_TIMEOUT)
        self.exit(self._next)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable actions bound to characters in text inputs and dialogs. A text area has its own ctrl+z, which undoes
        typing; ctrl+c copies what is selected."""
        if action == "help_quit":
            return not getattr(self.focused, "selected_text", "") and self.screen.get_selected_text() is None
        if action == "suspend":
            from textual.widgets import TextArea  # not needed for the first frame

            return can_suspend(self._driver) and not isinstance(self.focused, TextArea)
        return action not in self.keymap.characters or (
            isinstance(self.screen, Place) and not isinstance(self.focused, Input)
        )

    async def action_go(self, place: str) -> None:
        await self.navigation.go(place)

    def action_help(self) -> None:
        from tui_registry.keys.sections import in_sections
        from tui_registry.screens.dialogs.help import Help

        place = self.screen.place if isinstance(self.screen, Place) else EVERYWHERE
        moving = self.screen.movements if isinstance(self.screen, Place) else ()
        self.push_screen(Help(in_sections(place, [*self.live_actions(self.screen), *moving])), self.do)

    async def action_find_anything(self, *, models_first: bool = False) -> None:
        from tui_registry.screens.finder.finder import Finder, Recent

        self._recent = self._recent or Recent()
        if isinstance(self.screen, Place):
            # Awaited, so that the next key arrives in its input.
            await self.push_screen(Finder(self._recent, models_first=models_first))

    def live_actions(self, screen: Screen[object]) -> list[Action]:
        return screen.live_actions if isinstance(screen, Place) else [*self.keymap.of_place(EVERYWHERE)]

    def do(self, action: Action | None) -> None:
        """Run an action, if one was chosen, as its key would."""
        if action is not None:
            self.call_later(self._do, action)

    async def _do(self, action: Action) -> None:
        name = action.id if "(" in action.id else f"{action.id}()"
        namespace = "app" if EVERYWHERE in action.places else "focused" if LISTS in action.places else "screen"
        await self.run_action(f"{namespace}.{name}", default_namespace=self.screen)

    def action_profiles(self) -> None:
        """Open another registry, or allow changes in a read-only one."""
        from tui_registry.screens.dialogs.profiles import AllowChanges, OpenProfile, Profiles

        def chosen(answer: "OpenProfile | AllowChanges | None") -> None:
            if isinstance(answer, OpenProfile):
                self.open_profile(answer.name)
            elif isinstance(answer, AllowChanges):
                self.connection.allow_changes()

        self.push_screen(Profiles(self.connection.name, read_only=self.connection.is_read_only), chosen)

    def open_profile(self, name: str) -> None:
        self._next = name
        self.action_leave()

    def open_workspace(self, name: str) -> None:
        """A new console opens it, which has nothing of this one."""
        self._next = self.connection.in_workspace(name)
        self.action_leave()

    def action_theme(self) -> None:
        from tui_registry.screens.dialogs.themes import Themes

        self.push_screen(Themes(self.preferences.themes, self.theme), self.preferences.keep_theme)

    def copy(self, text: str, *, message: str = "") -> None:
        self.run_worker(self._copy(text, message), exit_on_error=False)

    async def _copy(self, text: str, message: str) -> None:
        self._copied = "" if message else text
        text = clipboard.truncate(text)
        if not await clipboard.copy_in_tmux(text):
            self.copy_to_clipboard(text)
        notification = one_line(message or text, 300)
        if (keys := self.keymap.keys["show_text"]) and not message:
            notification += f"\n{display_name(keys[0])} shows the text if copying did not work"
        self.notify(notification, title="Sent to the terminal's clipboard", markup=False, timeout=3)

    def action_show_text(self) -> None:
        """Show the current place or the last copied text as plain text, for terminals that cannot copy."""
        from tui_registry.screens.dialogs.plain_text import PlainText

        if isinstance(self.screen, Place) and (text := self.screen.as_text() or self._copied):
            self.push_screen(PlainText(text))

    def action_undo(self) -> None:
        from tui_registry.screens.dialogs.undo import undo_last_change

        if isinstance(self.screen, Place):
            undo_last_change(self)

    @property
    def is_changing(self) -> bool:
        return self.mutations.is_running

    def refresh_soon(self) -> None:
        self.connection.refresh_soon()

    def post_to_place(self, message: ConnectionChanged | RegistryChanged) -> None:
        """Post a message to the current place; the others refresh when they are shown again."""
        if isinstance(message, RegistryChanged):
            self.change_count += 1
        places = [screen for screen in self.screen_stack if isinstance(screen, Place)]
        if places:
            places[-1].post_message(message)

    def show_outcome(self, outcome: Outcome) -> None:
        """In the status line of the place on the screen; a failure is shown above a dialog, too, that may cover it."""
        self.post_to_place(ConnectionChanged())
        if not isinstance(self.screen, Place) and outcome.verdict is not Verdict.DONE:
            self.notify(outcome.text, severity="warning", timeout=12, markup=False)

    def report_bug(self, error: BaseException) -> None:
        self.notify(
            one_line(f"{type(error).__name__}: {error}"),
            title="A bug in tui-registry",
            severity="error",
            markup=False,
            timeout=30,
        )

    def action_command_output(self) -> None:
        self.commands.show_output()

    def action_follows(self) -> None:
        self.navigation.open_follows()

    def action_journal(self) -> None:
        self.navigation.open_journal()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Report unexpected errors of background workers."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self.report_bug(event.worker.error)

    async def ask_to_retry(self, title: str, problem: str, *, token_helps: bool) -> str:
        from tui_registry.screens.dialogs.problem import Problem

        return (await self.push_screen_wait(Problem(title, problem, token_helps=token_helps))).token

    def _fatal_error(self) -> None:
        """Print a report without local variables: Textual's would show their values, including tokens."""
        self.bell()
        error = self._exception or sys.exception()
        if error is not None:
            opened = self.connection.opened
            text = crash.report(error, [opened.token] if opened else ())
            self._exit_renderables.append(Text(crash.message_for(text, crash.keep(text))))
        self._close_messages_no_wait()


if TYPE_CHECKING:

    def _is_console(app: ConsoleApp) -> Console:
        """Only for the type checker: ConsoleApp implements the Console protocol."""
        return app
