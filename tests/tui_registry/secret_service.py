"""A real Secret Service: gnome-keyring on a session bus of its own, in a home of its own."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.tui_registry.terminal_process import TIMEOUT

NEEDED = {"dbus-run-session": "dbus", "gnome-keyring-daemon": "gnome-keyring"}
"""Programs, and the Debian packages that provide them."""

NAME = "org.freedesktop.secrets"
PASSWORD = b"of the login keyring"
STARTED = 'echo "$$ $DBUS_SESSION_BUS_ADDRESS"; exec gnome-keyring-daemon --foreground --components=secrets'
"""Prints the keyring's process id and the bus's address, and becomes the keyring."""


@contextmanager
def secret_service(home: Path, *, unlocked: bool = True) -> Iterator[dict[str, str]]:
    """The environment variables for finding the service, until the block ends.

    The login keyring is in the home, encrypted; it is created if missing, and locked unless it is ``unlocked``.
    Where the programs are missing the test is skipped; in continuous integration, which is to have them, it fails.
    """
    if missing := [package for program, package in NEEDED.items() if shutil.which(program) is None]:
        message = f"This needs a real Secret Service. Install it: apt-get install {' '.join(missing)}"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    runtime = home / "run"
    runtime.mkdir(mode=0o700, exist_ok=True)
    variables = {"HOME": str(home), "XDG_RUNTIME_DIR": str(runtime)}
    with subprocess.Popen(
        ["dbus-run-session", "--", "sh", "-c", STARTED + (" --unlock" if unlocked else "")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"]} | variables,
    ) as session:
        assert session.stdin is not None
        assert session.stdout is not None
        pid, _, address = session.stdout.readline().decode().strip().partition(" ")
        try:
            session.stdin.write(PASSWORD)
            session.stdin.close()
            _wait(address)
            yield variables | {"DBUS_SESSION_BUS_ADDRESS": address}
        finally:
            os.kill(int(pid), signal.SIGTERM)  # the bus ends with it


def _wait(address: str) -> None:
    """Until the service is there; the bus must not be made to start another one, so nothing is asked of it."""
    from jeepney.bus_messages import message_bus  # is there on Linux only
    from jeepney.io.blocking import Proxy, open_dbus_connection

    deadline = time.monotonic() + TIMEOUT
    with open_dbus_connection(address, auth_timeout=TIMEOUT) as connection:
        while not Proxy(message_bus, connection).NameHasOwner(NAME)[0]:
            assert time.monotonic() < deadline, "the keyring takes too long to start"
            time.sleep(0.05)
