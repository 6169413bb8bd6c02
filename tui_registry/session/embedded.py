"""The embedded registry: a server process of the console's own, shared by every console on the same database, and ended
with the last.

Beside the database ``registry.db`` lie ``registry.db.consoles``, on which each console holds a shared lock (the server
ends when it can take it alone, even if a console was killed), ``registry.db.start``, which makes two consoles that
start at once take turns, and ``registry.db.socket``, the Unix socket by which consoles talk to the server. The server
listens on a loopback port, too, for other clients, and says in ``registry.db.server`` which; but after a crash anybody
on the machine can listen there, so nothing that a console sends goes to a port. On the socket only a process of the
folder's owner can listen: see PrivateFolder.
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
from tui_registry.client.trust import trusted
from tui_registry.session.private_folder import FolderError, PrivateFolder
from tui_registry.session.server_process import server_command, server_environment
from tui_registry.session.session_token import DAYS, LIFETIME, SessionToken

START_LIMIT = 30.0  # seconds
LOCK_LIMIT = 45.0  # seconds: longer than a server takes to end, or to start
LOOK = 0.02  # seconds
ASKED = 5.0  # seconds that a server which runs already has to answer


class EmbeddedError(Exception):
    """The embedded registry could not be started. Its text has the server's own last words."""


def default_database() -> Path:
    import platformdirs

    return Path(platformdirs.user_data_dir("tui-registry", appauthor=False)) / "registry.db"


def _at_the_keyboard() -> str:
    """The system's name of who runs this; not every number has one."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user-{os.getuid()}"


class EmbeddedRegistry:
    """A registry on a file, running while this object, or another console's, is open."""

    def __init__(self, database: Path, *, throwaway: bool = False, user: str | None = None) -> None:
        """``user`` is the administrator: whoever sits at the keyboard, if nothing is said."""
        self.database = database
        self.user = user or _at_the_keyboard()
        self._account = None if throwaway else f"embedded {database}"
        self._throwaway = throwaway
        self._folder: PrivateFolder | None = None
        self._lock: IO[bytes] | None = None
        self._token: SessionToken | None = None
        self._url = ""

    def open(self) -> str:
        """Find the server that runs on the database already, or start one; a token of the administrator.

        Blocks until the server is ready. The token is the one in the keyring or else a new one, kept there if there is
        a keyring, and only in this process if there is none. Raises EmbeddedError, OSError.
        """
        try:
            self._folder = PrivateFolder(self.database.parent)
            self._folder.check_owner(self.database.name)
            self._lock = self._locked("consoles", fcntl.LOCK_SH)
            kept = SessionToken.kept(self._account) if self._account else None
            minting = (
                self._mint([self.user], kept) if kept is None or kept.is_due else None
            )  # beside the server's start
            try:
                with self._locked("start", fcntl.LOCK_EX):
                    if not self._is_running():
                        self._start()
            except BaseException:
                if minting is not None:
                    _kill(minting)  # nobody would use the token
                raise
        except FolderError as error:
            raise EmbeddedError(str(error)) from None
        if kept is not None and minting is None and self._is_valid(kept.value):
            self._token = kept
            return kept.value
        return self._take(minting or self._mint([self.user]))

    @property
    def url(self) -> str:
        """Where other clients find the server that runs now, or, if there is none, the one before; empty at first."""
        self._url = _url_in(self._beside("server")) or self._url
        return self._url

    @property
    def endpoint(self) -> Endpoint:
        """How consoles reach it, also a server that another console starts in the place of one that has crashed."""
        return Endpoint(self.url, trusted(self.url), socket=self._private.address(self._name("socket")))

    @property
    def token_is_due(self) -> bool:
        """Whether it is time to ``renew``."""
        return self._token is not None and self._token.is_due

    def renew(self) -> str:
        """Another token than the one that is used: that of another console, or a new one. Blocks for a second. The one
        before is valid until it ends. Raises EmbeddedError."""
        kept = SessionToken.kept(self._account) if self._account else None
        if kept is None or kept == self._token or kept.is_due:
            return self._take(self._mint([self.user]))
        self._token = kept
        return kept.value

    def tokens_of(self, names: Sequence[str]) -> list[str]:
        """A new token for each user or service principal named."""
        return _minted(self._mint(names))

    def close(self) -> None:
        """Let go of the server; it ends by itself, when nobody else holds it."""
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

    def _beside(self, suffix: str) -> Path:
        return self.database.with_name(self._name(suffix))

    def _locked(self, suffix: str, kind: int) -> IO[bytes]:
        """A lock on a file beside the database; it ends as the file is closed. Others have it for a moment, unless they
        are stopped. Raises EmbeddedError, FolderError."""
        stream = self._private.open_file(self._name(suffix))
        deadline = time.monotonic() + LOCK_LIMIT
        while True:
            try:
                fcntl.flock(stream, kind | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    break
                time.sleep(LOOK)
            else:
                return stream
        stream.close()
        held = shlex.quote(str(self._beside(suffix)))
        raise EmbeddedError(
            f"A server that ends, or a console that starts, has kept it locked for {LOCK_LIMIT:.0f} seconds: one is "
            f"stopped, or hangs. See which, and end it: fuser -v {held}"
        )

    def _is_running(self) -> bool:
        if not self._private.is_listening(self._name("socket")) or not self.url:
            return False
        import httpx

        with self.endpoint.client(timeout=ASKED) as client:
            try:
                return client.get("/health").is_success
            except httpx.TransportError:
                return False

    def _is_valid(self, token: str) -> bool:
        import httpx

        from tui_registry.client.transport import API, authorization

        with self.endpoint.client(timeout=ASKED, headers={"Authorization": authorization(token)}) as client:
            try:
                return client.get(f"{API}/preview/scim/v2/Me").is_success
            except httpx.TransportError:
                return False

    def _start(self) -> None:
        state = self._beside("server")
        state.unlink(missing_ok=True)
        log = self._beside("log")
        log.unlink(missing_ok=True)
        log.touch(0o600, exist_ok=False)
        with self._private.listen(self._name("socket")) as listener, log.open("w") as output:
            process = self._serve(listener, state, output)
        deadline = time.monotonic() + START_LIMIT
        while time.monotonic() < deadline:
            if _url_in(state):
                return
            if process.poll() is not None:
                raise EmbeddedError(_last_words(log))
            time.sleep(LOOK)
        process.terminate()
        raise EmbeddedError(f"It was not ready within {START_LIMIT:.0f} seconds. {_last_words(log)}")

    def _serve(self, listener: socket.socket, state: Path, output: IO[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603  # our own module, with our own arguments
            server_command(
                *("serve", "--database", str(self.database), "--port", "0", "--socket-fd", str(listener.fileno())),
                *("--state-file", str(state), "--end-with", str(self._beside("consoles"))),
                *(["--throwaway"] if self._throwaway else []),
            ),
            env=server_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=[listener.fileno()],
            start_new_session=True,  # so that Ctrl-C in the console's terminal is the console's alone
        )

    def _mint(self, names: Sequence[str], replaced: SessionToken | None = None) -> subprocess.Popen[str]:
        """Make a token for each; who is not there yet is made an administrator, as the first one must be. ``replaced``
        is revoked, if it never ends; or else it does so by itself, and another console may still use it."""
        revoked = replaced.value if replaced is not None and not replaced.expiry and replaced.value.isascii() else ""
        process = subprocess.Popen(  # noqa: S603  # our own module, with our own arguments
            server_command(
                *("tokens", "create", "--found", "--days", str(DAYS), "--comment", "console"),
                *("--database", str(self.database), *(["--revoke-stdin"] if revoked else [])),
                *("--", *names),  # a name may begin as an option does
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

    def _take(self, minting: subprocess.Popen[str]) -> str:
        """Use the one new token, and keep it."""
        expiry = time.time() + LIFETIME
        (value,) = _minted(minting)
        self._token = SessionToken(value, expiry)
        if self._account:
            self._token.keep(self._account)
        return value


def _minted(process: subprocess.Popen[str]) -> list[str]:
    try:
        output, complaint = process.communicate(timeout=START_LIMIT)
    except subprocess.TimeoutExpired:
        _kill(process)
        raise EmbeddedError(f"No token was made within {START_LIMIT:.0f} seconds.") from None
    if process.returncode:
        raise EmbeddedError(complaint.strip())
    return output.split()


def _kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def _url_in(state: Path) -> str | None:
    """What a server's state file says, if it is one."""
    try:
        return str(json.loads(state.read_text())["url"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _last_words(log: Path) -> str:
    return log.read_text(errors="replace").strip()[-2000:] or "It said nothing."
