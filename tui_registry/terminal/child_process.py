"""Programs that the console starts for its user: an editor, a custom command. None of them gets a token."""

import os
import signal
import subprocess
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from tui_registry_server import charset

STDIN, STDERR = 0, 2
TOKEN_VARIABLE = "TUI_REGISTRY_TOKEN"  # noqa: S105  # the name of the variable


def environment(secrets: Collection[str], inherited: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment variables for a child process: the console's own, without the token's and without any that
    contains one of these secrets under another name."""
    inherited = os.environ if inherited is None else inherited
    return {
        name: value
        for name, value in inherited.items()
        if name != TOKEN_VARIABLE and not any(secret and secret in value for secret in secrets)
    }


def run_in_terminal(arguments: Sequence[str], variables: Mapping[str, str], *, title: str = "") -> int:
    """Run a program that uses the terminal, which must have been released, and wait for it. With a ``title`` this is
    written before, and after the program Enter is waited for. Returns its exit code, or the negative number of the
    signal that ended it. Raises OSError, ValueError if it cannot be started."""
    with _unaffected_by_keys():
        if title:
            _write(f"$ {title}\n")
        with subprocess.Popen(list(arguments), env=dict(variables)) as process:  # noqa: S603  # the user's own
            code = process.wait()
        if title:
            _write(f"\n{arguments[0]} {ending(code)}. Press Enter to return. ")
            _wait_for_enter()
        return code


def _write(text: str) -> None:
    with suppress(OSError):  # the terminal is gone
        os.write(STDERR, (text if charset.is_utf8() else charset.plain(text)).encode(errors="replace"))


def _wait_for_enter() -> None:
    with suppress(OSError):
        while (content := os.read(STDIN, 1024)) and not {*b"\r\n"} & {*content}:
            pass


@contextmanager
def _unaffected_by_keys() -> Iterator[None]:
    """Leave ctrl+c and ctrl+\\ to the program: the terminal sends their signals to all of its foreground processes. A
    handler, unlike SIG_IGN, is not inherited by the program."""
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGQUIT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ending(code: int) -> str:
    """How a program ended that did not succeed: "exited with code 1", "was ended by SIGTERM"."""
    if code >= 0:
        return f"exited with code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
