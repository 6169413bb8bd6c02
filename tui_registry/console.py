"""What screens may use of the application that they are in: app.ConsoleApp is one."""

from collections.abc import Awaitable
from typing import Protocol, TypeVar

from textual.geometry import Size
from textual.notifications import SeverityLevel
from textual.screen import Screen

from tui_registry.client.registry import RegistryClient
from tui_registry.keys.actions import Action
from tui_registry.keys.keymap import Keymap
from tui_registry.mutations.runner import Mutations
from tui_registry.session.live_connection import LiveConnection
from tui_registry.startup.first_frame import FirstFrame

Result = TypeVar("Result")


class Navigation(Protocol):
    """Going to places, and opening what is asked for on top of them."""

    async def go(self, place: str) -> None:
        """Go to a place as it was left; from what is open on top of it, back to it."""

    def find_model(self, typed: str = "") -> None:
        """Search the models for this and open the best match; or begin to type."""

    def open_model(self, name: str, version: str | None = None) -> None: ...

    def open_version(self, name: str, version: str) -> None: ...

    def open_model_details(self, name: str) -> None:
        """Open the details of a model."""

    def open_access(self, name: str) -> None:
        """Open who may do what on a model."""

    def open_history(self, name: str, version: str | None) -> None:
        """Open the activities on a model, or on one version of it."""

    def open_experiments(self, for_model: str | None = None) -> None:
        """Look for a run, to register its model: as a version of ``for_model``, if that is settled."""

    def open_run(self, run_id: str) -> None: ...


class Console(Protocol):
    @property
    def keymap(self) -> Keymap: ...

    @property
    def connection(self) -> LiveConnection: ...

    @property
    def client(self) -> RegistryClient:
        """The calls of the connection. To be used only once that is ready."""

    @property
    def navigation(self) -> Navigation: ...

    @property
    def first_frame(self) -> FirstFrame: ...

    @property
    def state(self) -> str:
        """What is being waited for or, if nothing is, the state of the connection; for people."""

    def live_actions(self, screen: Screen[object]) -> list[Action]:
        """The actions that would do something now."""

    def is_action_live(self, action: str) -> bool:
        """Whether one of the actions known everywhere would do something now."""

    def do(self, action: Action) -> None:
        """Do what a key would do."""

    def copy(self, text: str, *, told: str = "") -> None:
        """Copy a text. ``told`` is shown in place of one that is secret."""

    def redraw(self) -> None:
        """Draw everything anew: something else may have written on the terminal."""

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
        """Of the terminal: columns and lines."""

    def push_screen(self, screen: Screen[None]) -> Awaitable[object]:
        """As Textual does: show a screen that answers nothing."""

    async def push_screen_wait(self, screen: Screen[Result]) -> Result:
        """As Textual does: show a dialog, and wait for its answer."""
