"""The embedded registry: a server process that the console starts, shared by all consoles on the same database, and
ended with the last one.

Next to the database ``registry.db`` are ``registry.db.consoles``, on which each console holds a shared lock (the server
ends when it can lock it exclusively, even if a console was killed), ``registry.db.start``, which serializes consoles
that start at the same time, and ``registry.db.socket``, the Unix socket by which consoles talk to the server. The
server listens on a loopback port, too, for other clients, and writes it to ``registry.db.server``; but after a crash
any user of the machine can listen there, so consoles send nothing to that port. On the socket only a process of the
folder's
owner can listen: see PrivateFolder.
"""

import contextlib
import fcntl
import getpass
import json
import os
import shlex
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from tui_registry.client.endpoint import Endpoint
from tui_registry.client.trust import ssl_context
from tui_registry.session import file_lock
from tui_registry.session.private_folder import FolderError, PrivateFolder
from tui_registry.session.server_process import server_command, server_environment
from tui_registry.session.session_token import DAYS, LIFETIME, SessionToken

START_TIMEOUT = 30.0  # seconds
LOCK_TIMEOUT = 45.0  # seconds: longer than a server takes to start or end
POLL_INTERVAL = 0.02  # seconds
HEALTH_TIMEOUT = 5.0  # seconds for a running server to answer


class EmbeddedError(Exception):
    """The embedded registry could not be started. Its text ends with the last output of the server."""


def default_database() -> Path:
    import platformdirs

    return Path(platformdirs.user_data_dir("tui-registry", appauthor=False)) / "registry.db"


def _system_user() -> str:
    """The name of the system user; not every user id has one."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user-{os.getuid()}"


class EmbeddedRegistry:
    """A registry on a file, running while this or another console has it open."""

    def __init__(self, database: Path, *, throwaway: bool = False, user: str | None = None) -> None:
        """``user`` is the administrator; by default the system user."""
        self.database = database
        self.user = user or _system_user()
        self._account = None if throwaway else f"embedded {database}"
        self.throwaway = throwaway
        self._folder: PrivateFolder | None = None
        self._lock: IO[bytes] | None = None
        self._token: SessionToken | None = None
        self._url = ""

    def open(self) -> str:
        """Connect to the server running on the database, or start one; returns a token of the administrator.

        Blocks until the server is ready. The token is the one in the keyring or else a new one, stored in the keyring
        if there is one, and otherwise held only in this process. Raises EmbeddedError, OSError.
        """
        try:
            self._folder = PrivateFolder(self.database.parent)
            self._folder.check_owner(self.database.name)
            self._lock = self._acquire_lock("consoles", fcntl.LOCK_SH)
            stored = SessionToken.stored(self._account) if self._account else None
            creation = (
                self._create_tokens([self.user], stored) if stored is None or stored.is_due else None
            )  # while the server starts
            try:
                with self._acquire_lock("start", fcntl.LOCK_EX):
                    if not self._is_running():
                        self._start()
            except BaseException:
                if creation is not None:
                    _kill(creation)  # the token would not be used
                raise
        except FolderError as error:
            raise EmbeddedError(str(error)) from None
        if stored is not None and creation is None and self._is_valid(stored.value):
            self._token = stored
            return stored.value
        return self._use_token(creation or self._create_tokens([self.user]))

    @property
    def url(self) -> str:
        """The URL for other clients of the running server or, without one, of the previous server; empty at first."""
        self._url = _url_in(self._sibling("server")) or self._url
        return self._url

    @property
    def endpoint(self) -> Endpoint:
        """How consoles reach it; still valid after another console has replaced a crashed server."""
        return Endpoint(self.url, ssl_context(self.url), socket=self._private.address(self._name("socket")))

    @property
    def token_is_due(self) -> bool:
        """Whether it is time to ``renew``."""
        return self._token is not None and self._token.is_due

    def renew(self) -> str:
        """Replace the token by that of another console, or a new one. Blocks for a second. The old one stays valid
        until it expires. Raises EmbeddedError."""
        stored = SessionToken.stored(self._account) if self._account else None
        if stored is None or stored == self._token or stored.is_due:
            return self._use_token(self._create_tokens([self.user]))
        self._token = stored
        return stored.value

    def tokens_of(self, names: Sequence[str]) -> list[str]:
        """A new token for each of these users or service principals."""
        return _created_tokens(self._create_tokens(names))

    def close(self) -> None:
        """Release the server; it ends by itself when no other console has it open."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None
        if self._folder is not None:
            self._folder.close()
            self._folder = None

    @property
    def _private(self) -> PrivateFolder:
        if self._folder is None:
            raise EmbeddedError("The registry on this machine is not open.")
        return self._folder

    def _name(self, suffix: str) -> str:
        return f"{self.database.name}.{suffix}"

    def _sibling(self, suffix: str) -> Path:
        return self.database.with_name(self._name(suffix))

    def _acquire_lock(self, suffix: str, kind: int) -> IO[bytes]:
        """Lock a file next to the database until the file is closed. Others hold it only briefly, unless they are
        stopped. Raises EmbeddedError, FolderError."""
        stream = self._private.open_file(self._name(suffix))
        if file_lock.acquire(stream.fileno(), kind, timeout=LOCK_TIMEOUT):
            return stream
        stream.close()
        held = shlex.quote(str(self._sibling(suffix)))
        raise EmbeddedError(
            f"A starting console or a stopping server has held its lock for {LOCK_TIMEOUT:.0f} seconds: it is "
            f"suspended or hangs. Find and stop it: fuser -v {held}"
        )

    def _is_running(self) -> bool:
        if not self._private.is_listening(self._name("socket")) or not self.url:
            return False
        import httpx

        with self.endpoint.client(timeout=HEALTH_TIMEOUT) as client:
            try:
                return client.get("/health").is_success
            except httpx.TransportError:
                return False

    def _is_valid(self, token: str) -> bool:
        import httpx

        from tui_registry.client.transport import API, authorization

        with self.endpoint.client(timeout=HEALTH_TIMEOUT, headers={"Authorization": authorization(token)}) as client:
            try:
                return client.get(f"{API}/preview/scim/v2/Me").is_success
            except httpx.TransportError:
                return False

    def _start(self) -> None:
        state = self._sibling("server")
        state.unlink(missing_ok=True)
        log = self._sibling("log")
        log.unlink(missing_ok=True)
        log.touch(0o600, exist_ok=False)
        with self._private.listen(self._name("socket")) as listener, log.open("w") as output:
            process = self._serve(listener, state, output)
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            if _url_in(state):
                return
            if process.poll() is not None:
                raise EmbeddedError(_log_tail(log))
            time.sleep(POLL_INTERVAL)
        process.terminate()
        raise EmbeddedError(f"The server was not ready within {START_TIMEOUT:.0f} seconds. {_log_tail(log)}")

    def _serve(self, listener: socket.socket, state: Path, output: IO[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603  # our own module, with our own arguments
            server_command(
                *("serve", "--database", str(self.database), "--port", "0", "--socket-fd", str(listener.fileno())),
                *("--state-file", str(state), "--end-with", str(self._sibling("consoles"))),
                *(["--throwaway"] if self.throwaway else []),
            ),
            env=server_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=[listener.fileno()],
            start_new_session=True,  # so that Ctrl-C in the terminal reaches only the console
        )

    def _create_tokens(self, names: Sequence[str], replaced: SessionToken | None = None) -> subprocess.Popen[str]:
        """Create a token for each; names that do not exist yet become administrators, as the first one must.
        ``replaced`` is revoked if it never expires; otherwise another console may still use it until it does."""
        revoked = replaced.value if replaced is not None and not replaced.expiry and replaced.value.isascii() else ""
        process = subprocess.Popen(  # noqa: S603  # our own module, with our own arguments
            server_command(
                *("tokens", "create", "--found", "--days", str(DAYS), "--comment", "console"),
                *("--database", str(self.database), *(["--revoke-stdin"] if revoked else [])),
                *("--", *names),  # a name may look like an option
            ),
            env=server_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        if process.stdin is not None:
            with process.stdin as given, contextlib.suppress(BrokenPipeError):
                given.write(revoked)
        process.stdin = None
        return process

    def _use_token(self, creation: subprocess.Popen[str]) -> str:
        """Use the one new token, and store it."""
        expiry = time.time() + LIFETIME
        (value,) = _created_tokens(creation)
        self._token = SessionToken(value, expiry)
        if self._account:
            self._token.store(self._account)
        return value


def _created_tokens(process: subprocess.Popen[str]) -> list[str]:
    try:
        output, error_output = process.communicate(timeout=START_TIMEOUT)
    except subprocess.TimeoutExpired:
        _kill(process)
        raise EmbeddedError(f"No token was created within {START_TIMEOUT:.0f} seconds.") from None
    if process.returncode:
        raise EmbeddedError(error_output.strip())
    return output.split()


def _kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def _url_in(state: Path) -> str | None:
    """The URL in a server's state file, if it is valid."""
    try:
        return str(json.loads(state.read_text())["url"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _log_tail(log: Path) -> str:
    return log.read_text(errors="replace").strip()[-2000:] or "It printed nothing."
