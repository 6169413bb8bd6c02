"""The connection while the console runs: opened, followed, made again when it breaks, its token renewed in time."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from tui_registry.client.errors import CallError, Refused, Unauthenticated
from tui_registry.client.registry import RegistryClient
from tui_registry.session.connection import Connection, ConnectionProblem
from tui_registry.session.messages import ConnectionChanged, RegistryChanged

if TYPE_CHECKING:
    from tui_registry.tracking.client import TrackingClient

BAD_REQUEST = 400
QUIET = 0.1  # seconds: changes that come closer together are shown at once
MAX_REFRESH_DELAY = 2.0  # seconds that a change may wait for a mutation of this console to end
FIRST_RETRY, LAST_RETRY = 0.5, 5.0  # seconds between attempts to listen again
POLL_INTERVAL = 15.0  # seconds between refreshes while the server sends no events
TOKEN_CHECK_INTERVAL = 60.0  # seconds between looks at how long the token of one's own registry is still valid

STATES = {"connecting": "◌ connecting", "live": "● live", "lost": "✗ no connection", "refused": "✗ token refused"}


class Host(Protocol):
    """What a connection needs of the application that it is held by. The methods not explained are Textual's."""

    async def ask_to_retry(self, title: str, problem: str, *, token_helps: bool) -> str:
        """Show a problem until the user tries again; the token that they typed for it, empty if none."""

    @property
    def is_changing(self) -> bool:
        """Whether a mutation of this console is running."""

    def post_to_place(self, message: ConnectionChanged | RegistryChanged) -> None:
        """Post a message to the place that is on the screen."""

    def run_worker(self, work: Awaitable[object], name: str | None = "", *, exit_on_error: bool = True) -> object: ...

    def set_timer(self, delay: float, callback: Callable[[], None]) -> object: ...

    def set_interval(self, interval: float, callback: Callable[[], None]) -> object: ...


class LiveConnection:
    """``opened``: where it goes, None until that is known. ``ready`` is set from then on: calls can be made."""

    def __init__(self, host: Host, connect: Connection | Callable[[], Connection]) -> None:
        """``connect`` is a connection, or what makes one; that runs in a thread."""
        self.opened: Connection | None = None
        self.ready = asyncio.Event()
        self._host = host
        self._connect = connect
        self._tracking: TrackingClient | None = None
        self._user: str | None = None  # empty, if the registry does not say
        self._state = "connecting"
        self._refresh_due: float | None = None  # when what is on the screen must be read again
        self._is_renewed = False
        self._renewal = asyncio.Lock()
        self._last_event = ""
        self._retry = FIRST_RETRY

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
        """The calls. To be used only once it is ``ready``."""
        return self._client

    @property
    def tracking(self) -> "TrackingClient":
        """The calls of the tracking server, which the connection must name. Raises CallError, if its address is none.

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
        """What the registry's name stands on, in the user's own words for colours."""
        return self.opened.colour if self.opened else None

    @property
    def name(self) -> str:
        """The registry's; empty until it is known."""
        return self.opened.label if self.opened else ""

    @property
    def label(self) -> str:
        """Who is where, and that nothing may be changed there."""
        name = f"{self.name}, read-only" if self.is_read_only else self.name
        return f"{self._user} @ {name}" if self._user else name or "tui-registry"

    def short_name(self, user: str) -> str:
        """A user's name without the domain, where that is the same as one's own."""
        name, at, domain = user.partition("@")
        return name if at and domain == (self._user or "").partition("@")[2] else user

    def allow_changes(self) -> None:
        """Change this registry after all, until the console ends."""
        if self.opened is not None:
            self.opened = replace(self.opened, read_only=False)
            self.client.read_only = False
            self._host.post_to_place(ConnectionChanged())
            self._host.post_to_place(RegistryChanged())

    async def _run(self) -> None:
        """Open the registry, then follow its changes, and come back when the connection breaks."""
        self.opened = await self._open()
        self._client = RegistryClient(
            self.opened.url,
            self.opened.token,
            read_only=self.opened.read_only,
            endpoint=self.opened.endpoint,
        )
        self.ready.set()
        self._host.post_to_place(ConnectionChanged())
        while True:
            try:
                await self._listen()
            except Unauthenticated as error:
                if not self._is_renewed and await self._renew_token():
                    self._is_renewed = True  # if that is refused, too, the user is asked
                    continue
                self._set_state("refused")
                token = await self._host.ask_to_retry("The token is refused", str(error), token_helps=True)
                if token:
                    self._use_token(token)
                self._user = None
                self.refresh_soon()
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

    async def _open(self) -> Connection:
        """A connection, however often the user has to be asked."""
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
        """Tell the places of changes for as long as the server tells them."""
        if self._user is None:
            try:
                self._user = await self.client.users.my_name()
            except Unauthenticated:
                raise
            except Refused:
                self._user = ""  # it can still be looked at
            self.client.journal.who = self._user
        async for event_id, name in self.client.events(self._last_event):
            came_back = self._state != "live"
            self._is_renewed = False
            if came_back and self.opened is not None and self.opened.embedded is not None:
                self.client.url = self.opened.embedded.url  # another console may have started the server anew
            self._last_event, self._retry = event_id or self._last_event, FIRST_RETRY
            self._set_state("live")
            if came_back or name != "ready":
                self.refresh_soon()

    def _renew_due_token(self) -> None:
        embedded = self.opened.embedded if self.opened else None
        if embedded is not None and embedded.token_is_due and not self._renewal.locked():
            self._host.run_worker(self._renew_token(), exit_on_error=False)

    async def _renew_token(self) -> bool:
        """Take a new token for one's own registry, and nobody notices; whether there is one."""
        from tui_registry.session.embedded import EmbeddedError

        before = self.opened
        if before is None or before.embedded is None:
            return False
        async with self._renewal:
            if self.opened is before:  # or else it has just been done
                try:
                    self._use_token(await asyncio.to_thread(before.embedded.renew))
                except (EmbeddedError, OSError):
                    return False
        return True

    def _use_token(self, token: str) -> None:
        if self.opened is not None:
            self.opened = replace(self.opened, token=token)
            self.client.use_token(token)

    def _poll(self) -> None:
        """Proxies may hold events back; the screen is then refreshed from time to time."""
        if self.ready.is_set() and self._state != "live":
            self._host.post_to_place(RegistryChanged())

    def _set_state(self, state: str) -> None:
        if state != self._state:
            self._state = state
            self._host.post_to_place(ConnectionChanged())

    def refresh_soon(self) -> None:
        """Tell the place on the screen to read again, once for all changes that come closely together."""
        if self._refresh_due is None:
            self._refresh_due = time.monotonic() + MAX_REFRESH_DELAY
            self._host.set_timer(QUIET, self._refresh)

    def _refresh(self) -> None:
        if self._refresh_due is None:
            return
        if self._host.is_changing and time.monotonic() < self._refresh_due:
            self._host.set_timer(QUIET, self._refresh)  # it ends with a refresh, which is for its own event too
            return
        self._refresh_due = None
        self._host.post_to_place(RegistryChanged())
