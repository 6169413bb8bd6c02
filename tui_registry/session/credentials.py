"""Tokens in the operating system's keyring, and nowhere else.

On a server without a desktop there is usually no keyring, and calls to it can fail in many ways or hang. Each call runs
in a thread that is abandoned after TIMEOUT seconds; every failure raises the one error below.
"""

import shlex
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

SERVICE = "tui-registry"
TIMEOUT = 5.0  # seconds


def remedies(profile: str) -> str:
    """What to do without a keyring, one line each, best first."""
    return (
        f"  - Enter the token for this session only: tui-registry --profile {shlex.quote(profile)} --ask-token\n"
        "  - Set TUI_REGISTRY_TOKEN for this shell.\n"
        "  - Set PYTHON_KEYRING_BACKEND to a keyring that works here (see: keyring --list-backends)."
    )


class NoKeyringError(Exception):
    """There is no keyring, it is locked, or it does not answer. Its text says which."""


def load(account: str) -> str | None:
    """The token stored for an account, or None."""

    def work() -> str | None:
        import keyring

        return keyring.get_password(SERVICE, account)

    return _call(work)


def store(account: str, token: str) -> None:
    """Store a token and read it back: some backends accept it and store nothing."""

    def work() -> bool:
        import keyring

        keyring.set_password(SERVICE, account, token)
        return keyring.get_password(SERVICE, account) == token

    if not _call(work):
        raise NoKeyringError("the keyring accepted the token but does not return it")


def remove(account: str) -> bool:
    """Delete a token; whether there was one."""

    def work() -> bool:
        import keyring

        if keyring.get_password(SERVICE, account) is None:
            return False
        keyring.delete_password(SERVICE, account)
        return True

    return _call(work)


def _call(work: Callable[[], T]) -> T:
    results: list[T] = []
    problems: list[Exception] = []

    def run() -> None:
        try:
            results.append(work())
        except Exception as error:  # backends raise anything, including raw D-Bus errors
            problems.append(error)

    thread = threading.Thread(target=run, name="keyring", daemon=True)
    thread.start()
    thread.join(TIMEOUT)
    if results:
        return results[0]
    if problems:
        raise NoKeyringError(str(problems[0]) or type(problems[0]).__name__) from None
    raise NoKeyringError(f"the keyring did not answer within {TIMEOUT:.0f} seconds; it may be waiting to be unlocked")
