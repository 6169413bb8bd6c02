"""``tui-registry doctor`` on the console's side: profile, keyring, server and token. It only reads.

A further check is a function that yields findings, and a row in CHECKS.
"""

import asyncio
import os
import shlex
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property

import httpx

from tui_registry.client.errors import CallError, Unauthenticated
from tui_registry.client.registry import RegistryClient
from tui_registry.session import credentials, profiles
from tui_registry.session.connection import Connection, ConnectionProblem, connect
from tui_registry.session.profiles import ProfileError
from tui_registry_server.wire.diagnosis import Check, CheckFailed, Finding, Found, Status, examine
from tui_registry_server.wire.token import PublicTokenInfo

SECONDS = 10.0  # for each step of a call
CLOCK_WARN = 5.0  # seconds between the server's clock and this one's
TOKEN_WARN = 14  # days before a token expires
IN_USE = 5 * 60.0  # seconds since its last use, in which a token may be the one used here


@dataclass(frozen=True)
class Console:
    """``profile`` is the one named on the command line, if any."""

    profile: str | None

    @property
    def name(self) -> str | None:
        """The profile's name; None where the environment or the local registry is used. Raises ProfileError."""
        if self.profile is None and os.environ.get("TUI_REGISTRY_URL", "").strip():
            return None
        return self.profile or profiles.read().default

    @cached_property
    def connection(self) -> Connection:
        """With its token. Raises ConnectionProblem."""
        return connect(profile=self.profile, start_local=False)


def has_profile(console: Console) -> Iterator[Finding]:
    try:
        if (name := console.name) is not None:
            chosen = profiles.read().get(name)
            marks = f" ({', '.join(chosen.marks)})" if chosen.marks else ""
            yield Finding(Status.OK, f"'{name}' is {chosen.url}{marks}.")
            return
    except ProfileError as error:
        raise CheckFailed(str(error), "List them with: tui-registry profiles") from None
    if url := os.environ.get("TUI_REGISTRY_URL", "").strip():
        yield Finding(Status.OK, f"TUI_REGISTRY_URL is {url}.")
    else:
        yield Finding(
            Status.WARN,
            "There is no default profile: the console opens a registry of its own on this machine.",
            "Create one with: tui-registry login URL",
        )


def has_keyring(_console: Console) -> Iterator[Finding]:
    try:
        credentials.load("tui-registry doctor")  # which nobody has stored
    except credentials.NoKeyringError as error:
        yield Finding(
            Status.WARN,
            f"No token can be stored here: {' '.join(str(error).split())}",
            "Set TUI_REGISTRY_TOKEN, or PYTHON_KEYRING_BACKEND to a keyring that works here (keyring --list-backends).",
        )
    else:
        import keyring

        yield Finding(Status.OK, f"{keyring.get_keyring().name} answers.")


def has_token(console: Console) -> Iterator[Finding]:
    """Whether there is one, and it may be sent."""
    try:
        yield Finding(Status.OK, f"There is one for {console.connection.url}.")
    except ConnectionProblem as problem:
        first, *others = filter(None, (line.strip() for line in str(problem).splitlines()))
        raise CheckFailed(first, " ".join(others)) from None


def reaches_server(console: Console) -> Iterator[Finding]:
    connection = console.connection
    endpoint = connection.endpoint
    if endpoint is None:
        return
    try:
        with endpoint.client(timeout=SECONDS) as client:
            response = client.get("/health")
    except httpx.HTTPError as error:
        raise CheckFailed(
            f"{endpoint} cannot be reached: {str(error) or type(error).__name__}.",
            "Check the URL, the network, and that the server runs; for its certificate, the profile's --ca.",
        ) from None
    if response.status_code != httpx.codes.OK:
        raise CheckFailed(f"{endpoint} answers {response.status_code}.", "Is it a registry? Ask its operator.")
    yield Finding(Status.OK, f"{endpoint} answers.")
    try:
        apart = parsedate_to_datetime(response.headers.get("date", "")).timestamp() - time.time()
    except ValueError:
        return
    if abs(apart) > CLOCK_WARN:
        yield Finding(
            Status.WARN,
            f"Its clock and this machine's are {abs(apart):,.0f} seconds apart.",
            "Synchronise both, by NTP.",
        )


def is_accepted(console: Console) -> Iterator[Finding]:
    """The token, and how long it will be."""
    try:
        name, tokens = asyncio.run(_tokens(console.connection))
    except Unauthenticated as error:
        raise CheckFailed(
            f"The server does not accept the token: {error}",
            f"Log in again: tui-registry login {shlex.quote(console.connection.url)}",
        ) from None
    except CallError as error:
        raise CheckFailed(str(error), "Ask the registry's operator to look at its log.") from None
    yield Finding(Status.OK, f"You are {name}.")
    used = [token for token in tokens if (token.last_used_time or 0) / 1000 > time.time() - IN_USE]
    used = used or tokens  # the server has not noted it yet
    ends = sorted(token.expiry_time for token in used if token.expiry_time >= 0)
    if not ends:
        return
    left = ends[0] / 1000 - time.time()
    which = "The token expires" if len(used) == 1 else f"The first of your {len(used)} tokens in use expires"
    yield Finding(
        Status.WARN if left < TOKEN_WARN * 24 * 60 * 60 else Status.OK,
        f"{which} on {datetime.fromtimestamp(ends[0] / 1000, UTC):%Y-%m-%d %H:%M} UTC.",
        "Create another one in time: tui-registry tokens create" if left < TOKEN_WARN * 24 * 60 * 60 else "",
    )


async def _tokens(connection: Connection) -> tuple[str, list[PublicTokenInfo]]:
    """The caller's name and tokens."""
    async with RegistryClient(connection.url, connection.token, read_only=True, endpoint=connection.endpoint) as client:
        return await client.caller.name(), await client.tokens.own()


CHECKS = (
    Check("profile", has_profile),
    Check("keyring", has_keyring),
    Check("token", has_token, needs="profile"),
    Check("server", reaches_server, needs="token"),
    Check("account", is_accepted, needs="token"),
)
"""In the order in which they run and are shown."""


def look(profile: str | None) -> list[Found]:
    return examine(Console(profile), CHECKS, _explain)


def _explain(error: Exception) -> Finding | None:
    if isinstance(error, OSError):
        return Finding(Status.FAIL, f"{error}.", "Check that this user can read that file.")
    return None
