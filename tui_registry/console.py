"""The interface of the application that screens use; app.ConsoleApp implements it."""

from collections.abc import Awaitable, Mapping, Sequence
from typing import Protocol, TypeVar

from textual.geometry import Size
from textual.notifications import SeverityLevel
from textual.screen import Screen

from tui_registry.client.registry import RegistryClient
from tui_registry.keys.action import Action
from tui_registry.keys.keymap import Keymap
from tui_registry.mutations.runner import Mutations
from tui_registry.session.kept_arrangements import KeptArrangements
from tui_registry.session.live_connection import LiveConnection
from tui_registry.session.saved_view import SavedView
from tui_registry.startup.first_frame import FirstFrame
from tui_registry_server.wire.principal import PrincipalKind

Result = TypeVar("Result")


class Navigation(Protocol):
    """Switching between places, and opening screens on top of them."""

    async def go(self, place: str) -> None:
        """Go to a place as it was left, closing the screens on top of it if it is the current one."""

    @property
    def places(self) -> tuple[str, ...]:
        """The names of all places."""

    async def search(self, place: str, typed: str) -> None:
        """Go to a place with a list, with this as its filter."""

    def open_model(self, name: str, version: str | None = None) -> None: ...

    def open_version(self, name: str, version: str) -> None: ...

    def open_model_details(self, name: str) -> None:
        """Open the details of a model."""

    def open_access(self, name: str) -> None:
        """Open the permissions of a model."""

    def open_webhooks(self, name: str) -> None:
        """Open the webhooks of a model."""

    def open_deliveries(self, webhook_id: str, host: str) -> None:
        """Open what was delivered to a webhook's receiver."""

    def open_follows(self) -> None:
        """Open what the user follows."""

    def open_principal(self, kind: PrincipalKind, principal_id: str, name: str) -> None:
        """Open all that a user or service principal has, or the members of a group."""

    def open_credentials(self, principal_id: str, name: str) -> None:
        """Open the OAuth secrets and federation rules of a service principal."""

    def open_token(self, token_id: str, comment: str) -> None: ...

    def open_history(self, name: str, version: str | None) -> None:
        """Open the activities on a model, or on one version of it."""

    def open_experiments(self, for_model: str | None = None) -> None:
        """Choose a run to register its model, as a version of ``for_model`` if given."""

    def open_run(self, run_id: str) -> None: ...


class Commands(Protocol):
    """The user's custom commands, by name."""

    def is_live(self, name: str, values: Mapping[str, str]) -> bool:
        """Whether a row with these values has all that the command takes."""

    def run(self, name: str, values: Mapping[str, str]) -> None:
        """Run a command on a row, or say why not."""


class Console(Protocol):
    @property
    def keymap(self) -> Keymap: ...

    @property
    def connection(self) -> LiveConnection: ...

    @property
    def client(self) -> RegistryClient:
        """The client of the connection. To be used only once that is ready."""

    change_count: int
    """How often something that the user may read has changed: places that were covered meanwhile read again."""

    @property
    def navigation(self) -> Navigation: ...

    @property
    def views(self) -> Mapping[str, SavedView]:
        """The saved views by name."""

    @property
    def old_days(self) -> int:
        """The age in days from which on versions in Production are old."""

    def add_view(self, name: str, view: SavedView) -> None:
        """Let a view be opened from now on."""

    @property
    def arrangements(self) -> KeptArrangements:
        """How each place was arranged last."""

    @property
    def first_frame(self) -> FirstFrame: ...

    @property
    def state(self) -> str:
        """The progress of a running mutation, or else the state of the connection, for display."""

    def live_actions(self, screen: Screen[object]) -> list[Action]:
        """The actions that would have an effect now."""

    def is_action_live(self, action: str) -> bool:
        """Whether one of the actions available everywhere would have an effect now."""

    def do(self, action: Action) -> None:
        """Run an action as its key would."""

    async def action_find_anything(self, *, models_first: bool = False) -> None:
        """Open the finder on top of the current place."""

    def open_profile(self, name: str) -> None:
        """Open another registry, in place of this one."""

    def open_workspace(self, name: str) -> None:
        """Open another workspace of this registry, in place of this one."""

    def copy(self, text: str, *, message: str = "") -> None:
        """Copy a text. ``message`` is shown instead of a secret text."""

    def drop_keys(self) -> int:
        """Forget the keys that were pressed and not handled yet; returns how many there were."""

    def redraw(self) -> None:
        """Redraw the whole screen: something else may have written to the terminal."""

    @property
    def can_release_terminal(self) -> bool:
        """Whether another program can use the terminal meanwhile."""

    @property
    def child_variables(self) -> dict[str, str]:
        """The environment variables for a child process: no token is among them."""

    def run_in_terminal(self, arguments: Sequence[str], *, title: str = "") -> int:
        """Leave the terminal to a program, and wait until it ends: nothing else runs in the meantime. Returns its exit
        code, or the negative number of the signal that ended it. With a ``title`` this is written before, and after the
        program Enter is waited for. Raises OSError, ValueError."""

    @property
    def commands(self) -> Commands: ...

    @property
    def mutations(self) -> Mutations: ...

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """As Textual does."""

    @property
    def size(self) -> Size:
        """The size of the terminal in columns and lines."""

    def push_screen(self, screen: Screen[None]) -> Awaitable[object]:
        """As Textual does: show a screen without a result."""

    async def push_screen_wait(self, screen: Screen[Result]) -> Result:
        """As Textual does: show a dialog, and wait for its result."""
