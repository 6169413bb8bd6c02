"""The connection while the console runs: opened, watched for changes, reopened when it breaks, its token renewed."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from tui_registry.client.errors import CallError, Refused, Unauthenticated
from tui_registry.client.registry import RegistryClient
from tui_registry.session import config
from tui_registry.session.connection import ALL_OF_REGISTRY, ALL_OF_WORKSPACE, Connection, ConnectionProblem
from tui_registry.session.messages import ConnectionChanged, RegistryChanged
from tui_registry_server.wire.workspace_name import DEFAULT_NAME

if TYPE_CHECKING:
    from tui_registry.session.openid_session import OpenIdSession
    from tui_registry.tracking.client import TrackingClient

BAD_REQUEST, NOT_FOUND = 400, 404
DEBOUNCE_SECONDS = 0.1  # changes that come closer together are displayed together
MAX_REFRESH_DELAY = 2.0  # seconds that a refresh may wait for a mutation of this console
MIN_RETRY_DELAY, MAX_RETRY_DELAY = 0.5, 5.0  # seconds between attempts to reconnect
POLL_INTERVAL = 15.0  # seconds between refreshes while the server sends no events
TOKEN_CHECK_INTERVAL = 60.0  # seconds between checks whether the embedded registry's token is due for renewal

STATES = {
    "connecting": "◌ connecting",
    "live": "● live",
    "lost": "✗ no connection",
    "refused": "✗ token refused",
    "gone": "✗ no such workspace",
}


class Host(Protocol):
    """What a connection needs of the application that owns it. The methods without docstrings are Textual's."""

    async def ask_to_retry(self, title: str, problem: str, *, token_helps: bool) -> str:
        """Show a problem until the user retries; returns the token that they entered, empty if none."""

    @property
    def is_changing(self) -> bool:
        """Whether a mutation of this console is running."""

    def post_to_place(self, message: ConnectionChanged | RegistryChanged) -> None:
        """Post a message to the current place."""

    def run_worker(self, work: Awaitable[object], name: str | None = "", *, exit_on_error: bool = True) -> object: ...

    def set_timer(self, delay: float, callback: Callable[[], None]) -> object: ...

    def set_interval(self, interval: float, callback: Callable[[], None]) -> object: ...


class LiveConnection:
    """``opened``: the open connection, None before. ``ready`` is set once calls can be made."""

    def __init__(self, host: Host, connect: Connection | Callable[[], Connection]) -> None:
        """``connect`` is a connection, or a function that makes one, run in a thread."""
        self.opened: Connection | None = None
        self.ready = asyncio.Event()
        self._host = host
        self._connect = connect
        self._tracking: TrackingClient | None = None
        self._user: str | None = None  # empty if the registry does not say
        self._has_workspaces: bool | None = None  # None as long as that is not known
        self._is_user_shown = False  # not before the server was asked for workspaces: then the label grows once
        self._state = "connecting"
        self._refresh_due: float | None = None  # deadline of a pending refresh, by time.monotonic()
        self._is_renewed = False
        self._renewal = asyncio.Lock()
        self._last_event = ""
        self._retry = MIN_RETRY_DELAY

    def start(self) -> None:
        self._host.run_worker(self._run(), name="live", exit_on_error=False)
        self._host.set_interval(POLL_INTERVAL, self._poll)
        self._host.set_interval(TOKEN_CHECK_INTERVAL, self._renew_due_token)

    async def close(self) -> None:
        if self.ready.is_set():
            await self.client.close()
        if self._tracking is not None:
            await self._tracking.close()

    @property
    def client(self) -> RegistryClient:
        """The client. To be used only once ``ready`` is set."""
        return self._client

    @property
    def tracking(self) -> "TrackingClient":
        """The client of the tracking server, which the connection must name. Raises CallError if its URL is invalid.

        Its calls are in the same journal. It is never sent the registry's token.
        """
        from tui_registry.tracking.client import TrackingClient

        if self._tracking is None:
            opened = self.opened
            uri, token = (opened.tracking_uri or "", opened.token) if opened else ("", "")
            ca = opened.ca if opened else None
            self._tracking = TrackingClient(uri, registry_token=token, ca=ca, journal=self.client.journal)
        return self._tracking

    @property
    def state(self) -> str:
        """For people."""
        return STATES[self._state]

    @property
    def is_live(self) -> bool:
        return self._state in {"live", "connecting"}

    @property
    def is_read_only(self) -> bool:
        return self.opened is not None and self.opened.read_only

    @property
    def colour(self) -> str | None:
        """The background of the registry's name, as configured."""
        return self.opened.colour if self.opened else None

    @property
    def name(self) -> str:
        """The registry's name; empty until it is known."""
        return self.opened.label if self.opened else ""

    @property
    def label(self) -> str:
        """User, registry and workspace, and whether it is read-only."""
        name = self.opened.name if self.opened else ""
        if self.has_workspaces and self.opened is not None and self.opened.workspace is None:
            name = f"{name}/{DEFAULT_NAME}"
        name = f"{name}, read-only" if self.is_read_only else name
        return f"{self._user} @ {name}" if self._user and self._is_user_shown else name or "tui-registry"

    @property
    def has_workspaces(self) -> bool:
        """Whether there are others to open than the default one, as far as is known."""
        return bool(self._has_workspaces) or (self.opened is not None and self.opened.workspace is not None)

    @property
    def whole(self) -> str:
        """What a level on the object ``root`` is on: with several workspaces, it is on the open one."""
        return ALL_OF_WORKSPACE if self.has_workspaces else ALL_OF_REGISTRY

    def note_workspaces(self, *, are_several: bool) -> None:
        """Whether the user may open others than the default one."""
        if self._has_workspaces is not are_several:
            self._has_workspaces = are_several
            self._host.post_to_place(ConnectionChanged())

    def short_name(self, user: str) -> str:
        """A user's name without the domain, if that is the current user's."""
        name, at, domain = user.partition("@")
        return name if at and domain == (self._user or "").partition("@")[2] else user

    def in_workspace(self, name: str) -> Connection | None:
        """This connection in another workspace; None as long as it is not open."""
        return self.opened and replace(self.opened, workspace=None if name == DEFAULT_NAME else name)

    def allow_changes(self) -> None:
        """Allow changes in a read-only registry until the console ends."""
        if self.opened is not None:
            self.opened = replace(self.opened, read_only=False)
            self.client.read_only = False
            self._host.post_to_place(ConnectionChanged())
            self._host.post_to_place(RegistryChanged())

    async def _run(self) -> None:
        """Open the registry, then listen for its changes, and reconnect when the connection breaks."""
        self.opened = await self._open()
        self._client = RegistryClient(
            self.opened.url,
            self.opened.token,
            read_only=self.opened.read_only,
            workspace=self.opened.workspace,
            endpoint=self.opened.endpoint,
        )
        self.ready.set()
        self._host.post_to_place(ConnectionChanged())
        while True:
            problem = "lost"
            try:
                await self._listen()
            except Unauthenticated as error:
                if not self._is_renewed and await self._renew_token():
                    self._is_renewed = True  # if that is refused, too, ask the user
                    continue
                self._set_state("refused")
                token = await self._host.ask_to_retry("The token was refused", str(error), token_helps=True)
                if token:
                    self._use_token(token)
                    self.opened = replace(self.opened, sign_in=None)
                self._user = None
                self.refresh_soon()
                continue
            except Refused as error:
                self._retry = max(self._retry, error.retry_after)
                if error.status == BAD_REQUEST:
                    self._last_event = ""  # of another registry, or of an older one: start over
                if error.status == NOT_FOUND and self.opened.workspace is not None:
                    problem = "gone"
            except CallError:
                pass
            self._set_state(problem)
            # With jitter, so that not all consoles reconnect at once.
            await asyncio.sleep(self._retry * random.uniform(1.0, 1.5))  # noqa: S311  # not used for security
            self._retry = min(self._retry * 2, MAX_RETRY_DELAY)

    async def _open(self) -> Connection:
        """Open a connection, asking the user until it succeeds."""
        if not callable(self._connect):
            return self._connect
        while True:
            try:
                return await asyncio.to_thread(self._connect)
            except ConnectionProblem as error:
                lacking, problem = error.lacking, str(error)
            token = await self._host.ask_to_retry(
                "The registry cannot be opened", problem, token_helps=lacking is not None
            )
            if lacking is not None and token:
                return replace(lacking, token=token)

    async def _listen(self) -> None:
        """Post changes to the places for as long as the server sends them."""
        if self._user is None:
            try:
                self._user = await self.client.caller.name()
            except Unauthenticated:
                raise
            except Refused:
                self._user = ""  # reading may still work
            self.client.journal.who = self._user
        async for event_id, name in self.client.events(self._last_event):
            reconnected = self._state != "live"
            self._is_renewed = False
            if reconnected and self.opened is not None and self.opened.embedded is not None:
                self.client.url = self.opened.embedded.url  # another console may have restarted the server
            self._last_event, self._retry = event_id or self._last_event, MIN_RETRY_DELAY
            self._set_state("live")
            if reconnected and self._has_workspaces is None:
                self._host.run_worker(self._ask_for_workspaces(), exit_on_error=False)
            if reconnected or name != "ready":
                self.refresh_soon()

    async def _ask_for_workspaces(self) -> None:
        with suppress(CallError):  # asked again after the next reconnect
            self.note_workspaces(are_several=await self.client.workspaces.are_several())
        self._show_user()

    def _show_user(self) -> None:
        if not self._is_user_shown:
            self._is_user_shown = True
            self._host.post_to_place(ConnectionChanged())

    def _renew_due_token(self) -> None:
        opened = self.opened
        if opened is None or self._renewal.locked():
            return
        if (opened.embedded is not None and opened.embedded.token_is_due) or (
            opened.sign_in is not None and opened.sign_in.is_due
        ):
            self._host.run_worker(self._renew_token(), exit_on_error=False)

    async def _renew_token(self) -> bool:
        """Get a new token for the embedded registry, or from the OpenID provider; whether that worked."""
        from tui_registry.session.embedded import EmbeddedError
        from tui_registry.session.openid import OpenIdError

        before = self.opened
        if before is None or (before.embedded is None and before.sign_in is None):
            return False
        async with self._renewal:
            if self.opened is before:  # otherwise it has just been renewed
                try:
                    if before.embedded is not None:
                        self._use_token(await asyncio.to_thread(before.embedded.renew))
                    elif before.sign_in is not None:
                        await self._renew_sign_in(before.sign_in)
                except (EmbeddedError, OpenIdError, OSError):
                    return False
        return True

    async def _renew_sign_in(self, sign_in: "OpenIdSession") -> None:
        refused = not sign_in.is_due  # otherwise there would be no reason to renew it
        following = await asyncio.to_thread(sign_in.renewed, config.folder(), refused=refused)
        if self.opened is not None:
            self.opened = replace(self.opened, sign_in=following)
            self._use_token(following.token)

    def _use_token(self, token: str) -> None:
        if self.opened is not None:
            self.opened = replace(self.opened, token=token)
            self.client.use_token(token)

    def _poll(self) -> None:
        """Refresh regularly while there are no events: proxies may buffer them."""
        if self.ready.is_set() and self._state != "live":
            self._host.post_to_place(RegistryChanged())

    def _set_state(self, state: str) -> None:
        if state != "live":
            self._show_user()
        if state != self._state:
            self._state = state
            self._host.post_to_place(ConnectionChanged())

    def refresh_soon(self) -> None:
        """Refresh the current place, once for all changes that come closely together."""
        if self._refresh_due is None:
            self._refresh_due = time.monotonic() + MAX_REFRESH_DELAY
            self._host.set_timer(DEBOUNCE_SECONDS, self._refresh)

    def _refresh(self) -> None:
        if self._refresh_due is None:
            return
        if self._host.is_changing and time.monotonic() < self._refresh_due:
            self._host.set_timer(
                DEBOUNCE_SECONDS, self._refresh
            )  # the mutation ends with a refresh, which covers its own event too
            return
        self._refresh_due = None
        self._host.post_to_place(RegistryChanged())
