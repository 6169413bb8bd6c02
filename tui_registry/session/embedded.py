"""The embedded registry: a server process of the console's own, on a loopback port, shared by every console on the same
database, and ended with the last.

Beside the database ``registry.db`` lie ``registry.db.consoles``, on which each console holds a shared lock (the server
ends when it can take it alone, even if a console was killed), ``registry.db.start``, which makes two consoles that
start at once take turns, and ``registry.db.server``, in which the running server says where it is.
"""

import contextlib
import fcntl
import getpass
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from tui_registry.client.trust import trusted
from tui_registry.session import credentials

START_LIMIT = 30.0  # seconds
LOOK = 0.02  # seconds


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
        self._throwaway = throwaway
        self._lock: IO[str] | None = None
        self.url = ""

    def open(self) -> str:
        """Find the server that runs on the database already, or start one; a token of the administrator.

        Blocks until the server is ready. The token is the one in the keyring or else a new one, kept there if there is
        a keyring, and only in this process if there is none.
        """
        self.database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = self._beside("consoles").open("a")
        fcntl.flock(self._lock, fcntl.LOCK_SH)
        account = f"embedded {self.database}"
        kept = None
        if not self._throwaway:
            with contextlib.suppress(credentials.NoKeyringError):
                kept = credentials.load(account)
        minting = None if kept else self._mint([self.user])  # beside the server's own start
        with self._beside("start").open("a") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            self.url = self._running() or self._start()
        if kept and self._is_valid(kept):
            return kept
        (token,) = _minted(minting or self._mint([self.user]))
        if not self._throwaway:
            with contextlib.suppress(credentials.NoKeyringError):
                credentials.store(account, token)
        return token

    def tokens_of(self, names: Sequence[str]) -> list[str]:
        """A new token for each user or service principal named."""
        return _minted(self._mint(names))

    def close(self) -> None:
        """Let go of the server; it ends by itself, when nobody else holds it."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _is_valid(self, token: str) -> bool:
        import httpx

        try:
            answer = httpx.get(
                f"{self.url}/api/2.0/preview/scim/v2/Me",
                headers={"Authorization": f"Bearer {token}"},
                timeout=5.0,
                verify=trusted(self.url),
            )
        except httpx.TransportError:
            return False
        return answer.is_success

    def _beside(self, suffix: str) -> Path:
        return self.database.with_name(f"{self.database.name}.{suffix}")

    def _running(self) -> str | None:
        import httpx

        try:
            url: str = json.loads(self._beside("server").read_text())["url"]
            return url if httpx.get(f"{url}/health", timeout=5.0, verify=trusted(url)).is_success else None
        except (OSError, ValueError, KeyError, httpx.TransportError):
            return None

    def _start(self) -> str:
        state = self._beside("server")
        state.unlink(missing_ok=True)
        arguments = [
            *(sys.executable, "-P", "-m", "tui_registry_server", "serve"),
            *("--database", str(self.database), "--port", "0"),
            *("--state-file", str(state), "--end-with", str(self._beside("consoles"))),
            *(["--throwaway"] if self._throwaway else []),
        ]
        log = self._beside("log")
        with log.open("w") as output:
            log.chmod(0o600)
            process = subprocess.Popen(  # noqa: S603  # our own module, with our own arguments
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # so that Ctrl-C in the console's terminal is the console's alone
            )
        deadline = time.monotonic() + START_LIMIT
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, ValueError, KeyError):
                url: str = json.loads(state.read_text())["url"]
                return url
            if process.poll() is not None:
                raise EmbeddedError(_last_words(log))
            time.sleep(LOOK)
        process.terminate()
        raise EmbeddedError(f"It was not ready within {START_LIMIT:.0f} seconds. {_last_words(log)}")

    def _mint(self, names: Sequence[str]) -> subprocess.Popen[str]:
        """Make a token for each; who is not there yet is made an administrator, as the first one must be."""
        return subprocess.Popen(  # noqa: S603  # our own module, with our own arguments
            [
                *(sys.executable, "-P", "-m", "tui_registry_server", "tokens", "create", *names),
                *("--found", "--comment", "console", "--database", str(self.database)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def _minted(process: subprocess.Popen[str]) -> list[str]:
    output, complaint = process.communicate(timeout=START_LIMIT)
    if process.returncode:
        raise EmbeddedError(complaint.strip())
    return output.split()


def _last_words(log: Path) -> str:
    return log.read_text(errors="replace").strip()[-2000:] or "It said nothing."
