"""Exit codes: what a script learns from a command without reading what it says."""

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
    Exit.REFUSED: "Refused or failed: stderr says why.",
    Exit.USAGE: "Wrong usage of the command line.",
    Exit.NOT_FOUND: "Not found, or not visible to you.",
    Exit.NOT_ALLOWED: "Not allowed: the token is invalid or lacks the level, or the profile is read-only.",
    Exit.UNKNOWN: "The answer to a change was lost: check whether it happened before you repeat it.",
    Exit.UNREACHABLE: "The server cannot be reached, or does not answer.",
    Exit.INTERRUPTED: "Interrupted (Ctrl-C) while reading.",
}

EPILOG = "\b\nExit codes:\n" + "\n".join(f"  {code:>3}  {meaning}" for code, meaning in MEANINGS.items())
"""For the end of a command's help; click keeps its lines as they are."""


class Failure(click.ClickException):
    """Ends a command: its text goes to stderr, in plain text."""

    exit_code: int  # type: ignore[misc]  # click has one for the class, and reads it from the instance

    def __init__(self, code: Exit, told: str) -> None:
        super().__init__(told)
        self.exit_code = code


def exit_of(error: "CallError | None") -> Exit:
    """What a call that failed means for a script; without one, it was refused before anything was sent."""
    from tui_registry.client.errors import LostAnswer, ReadOnly, Refused, Unreachable

    if isinstance(error, Unreachable | LostAnswer) or (isinstance(error, Refused) and error.status in _ABSENT):
        return Exit.UNREACHABLE
    if isinstance(error, ReadOnly) or (isinstance(error, Refused) and error.status in {401, 403}):
        return Exit.NOT_ALLOWED
    if isinstance(error, Refused) and error.status == 404:
        return Exit.NOT_FOUND
    return Exit.REFUSED


_ABSENT = {502, 503, 504}
"""What stands before the server says so of it."""
