"""Exit codes, for scripts."""

from enum import IntEnum
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from tui_registry.client.errors import CallError


class Exit(IntEnum):
    DONE = 0
    REFUSED = 1
    USAGE = 2
    NOT_FOUND = 3
    NOT_ALLOWED = 4
    UNKNOWN = 5
    UNREACHABLE = 6
    INTERRUPTED = 130


MEANINGS = {
    Exit.DONE: "Done.",
    Exit.REFUSED: "Refused or failed: see stderr.",
    Exit.USAGE: "Invalid command line.",
    Exit.NOT_FOUND: "Not found, or not visible to you.",
    Exit.NOT_ALLOWED: "Not allowed: missing permission, invalid token, or read-only profile.",
    Exit.UNKNOWN: "The answer to a change was lost: it may have been made. Check before retrying.",
    Exit.UNREACHABLE: "The server cannot be reached, or did not answer a read.",
    Exit.INTERRUPTED: "Interrupted (Ctrl-C) during a read.",
}

EPILOG = "\b\nExit codes:\n" + "\n".join(f"  {code:>3}  {meaning}" for code, meaning in MEANINGS.items())
"""The epilog of a command's help; click keeps its line breaks."""


class Failure(click.ClickException):
    """Ends a command; its message goes to stderr as plain text."""

    exit_code: int  # type: ignore[misc]  # click has one for the class, and reads it from the instance

    def __init__(self, code: Exit, message: str) -> None:
        super().__init__(message)
        self.exit_code = code


def exit_of(error: "CallError | None") -> Exit:
    """The exit code for a failed call; None means that it was refused before anything was sent."""
    from tui_registry.client.errors import LostAnswer, ReadOnly, Refused, Unreachable

    if isinstance(error, Unreachable | LostAnswer) or (isinstance(error, Refused) and error.status in _UNAVAILABLE):
        return Exit.UNREACHABLE
    if isinstance(error, ReadOnly) or (isinstance(error, Refused) and error.status in {401, 403}):
        return Exit.NOT_ALLOWED
    if isinstance(error, Refused) and error.status == 404:
        return Exit.NOT_FOUND
    return Exit.REFUSED


_UNAVAILABLE = {502, 503, 504}
"""The statuses of a proxy whose server is down."""
