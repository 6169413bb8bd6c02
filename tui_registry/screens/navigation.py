"""Going to places, and opening screens on top of them. Each screen is imported when it is first opened."""

from typing import Any

from textual.app import App

from tui_registry.console import Navigation
from tui_registry.screens.base.arranged import Arranged
from tui_registry.screens.base.place import Place
from tui_registry.session.live_connection import LiveConnection
from tui_registry.session.saved_view import SavedView
from tui_registry.terminal.sanitize import one_line
from tui_registry_server.wire.principal import PrincipalKind


class Navigator(Navigation):
    """The navigation of an application whose modes are the places."""

    def __init__(self, app: App[Any], connection: LiveConnection) -> None:
        self._app = app
        self._connection = connection

    @property
    def places(self) -> tuple[str, ...]:
        return tuple(self._app.MODES)

    async def go(self, place: str) -> None:
        if isinstance(self._app.screen, Place):
            if place == self._app.current_mode:
                await self._close_all()
            else:
                await self._app.switch_mode(place)

    async def open_view(self, name: str, view: SavedView) -> None:
        """Go to a place, and arrange it as in a saved view."""
        if not isinstance(self._app.screen, Place):
            return  # a dialog is open
        await self.go(view.place)
        await self._close_all()
        if isinstance(self._app.screen, Arranged):
            self._app.screen.show_view(name, view)

    async def _close_all(self) -> None:
        """Close the screens on top of a place."""
        while len(self._app.screen_stack) > 1:
            await self._app.pop_screen()

    async def search(self, place: str, typed: str) -> None:
        if not isinstance(self._app.screen, Place):
            return  # a dialog is open
        await self.go(place)
        await self._close_all()
        if isinstance(self._app.screen, Arranged):
            self._app.screen.search_for(typed)

    def open_principal(self, kind: PrincipalKind, principal_id: str, name: str) -> None:
        from tui_registry.screens.access.group import GroupMembers
        from tui_registry.screens.access.person import Person

        if kind is PrincipalKind.GROUP:
            self._app.push_screen(GroupMembers(principal_id, name))
        else:
            self._app.push_screen(Person(kind, principal_id, name))

    def open_credentials(self, principal_id: str, name: str) -> None:
        from tui_registry.screens.access.credentials import Credentials

        self._app.push_screen(Credentials(principal_id, name))

    def open_token(self, token_id: str, comment: str) -> None:
        from tui_registry.screens.access.tokens import Tokens

        self._app.push_screen(Tokens(token_id, comment))

    def open_model(self, name: str, version: str | None = None) -> None:
        from tui_registry.screens.models.model import Model

        self._app.push_screen(Model(name, version))

    def open_version(self, name: str, version: str) -> None:
        from tui_registry.screens.models.version_details import VersionDetails

        self._app.push_screen(VersionDetails(name, version))

    def open_model_details(self, name: str) -> None:
        from tui_registry.screens.models.model_details import ModelDetails

        self._app.push_screen(ModelDetails(name))

    def open_access(self, name: str) -> None:
        from tui_registry.screens.access.access import Access

        self._app.push_screen(Access(name))

    def open_webhooks(self, name: str) -> None:
        from tui_registry.screens.access.webhooks import Webhooks

        self._app.push_screen(Webhooks(name))

    def open_deliveries(self, webhook_id: str, host: str) -> None:
        from tui_registry.screens.access.deliveries import Deliveries

        self._app.push_screen(Deliveries(webhook_id, host))

    def open_follows(self) -> None:
        from tui_registry.screens.models.follows import Follows

        if isinstance(self._app.screen, Place) and not isinstance(self._app.screen, Follows):
            self._app.push_screen(Follows())

    def open_history(self, name: str, version: str | None) -> None:
        from tui_registry.screens.activity import ActivityFeed

        self._app.push_screen(ActivityFeed(name, version or ""))

    def open_journal(self) -> None:
        from tui_registry.screens.journal import JournalPlace

        if isinstance(self._app.screen, Place) and not isinstance(self._app.screen, JournalPlace):
            self._app.push_screen(JournalPlace())

    def open_experiments(self, for_model: str | None = None) -> None:
        from tui_registry.screens.tracking.experiments import Experiments

        if self._has_tracking_server():
            self._app.push_screen(Experiments(for_model))

    def open_run(self, run_id: str) -> None:
        from tui_registry.screens.tracking.run import RunPlace

        opened = self._connection.opened
        if opened is not None and opened.embedded is not None and opened.embedded.throwaway and not opened.tracking_uri:
            self._app.notify(
                "They are not on any MLflow server, and their links do not work. TUI_REGISTRY_TRACKING_URI names a "
                "server of yours, whose runs can be registered in the demo.",
                title="The demo's runs are invented",
                timeout=30,
                markup=False,
            )
        elif self._has_tracking_server():
            self._app.push_screen(RunPlace(run_id, "Run", run_id[:8]))

    def _has_tracking_server(self) -> bool:
        """Whether a tracking server is configured; if not, notifies how to configure one."""
        opened = self._connection.opened
        if opened is None:
            return False
        if not opened.tracking_uri:
            login = f"Run tui-registry login {one_line(opened.url)} --tracking-uri https://mlflow.example.com, or set "
            self._app.notify(
                f"{'Set ' if opened.embedded else login}TUI_REGISTRY_TRACKING_URI to the URL of the MLflow server.",
                title="No tracking server configured",
                severity="warning",
                timeout=30,
                markup=False,
            )
        return bool(opened.tracking_uri)
