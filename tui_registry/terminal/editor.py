"""Editing a text in the user's own editor: the one in VISUAL or EDITOR, started without a shell."""

import os
import shlex
import stat
import tempfile
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tui_registry.session.config import write_private
from tui_registry.terminal.child_process import ending

VARIABLES = ("VISUAL", "EDITOR")
MAX_BYTES = 1_000_000
"""Of a saved text: more than the server takes, so that one that is too long can still be shortened in the form."""

Run = Callable[[Sequence[str]], int]
"""Runs a program in the terminal until it ends; returns its exit code. May raise OSError."""


class EditorError(Exception):
    """The text was not edited. The message says why, and what to do."""


def command(variables: Mapping[str, str]) -> list[str]:
    """The editor and its arguments. Raises EditorError."""
    for name in VARIABLES:
        if value := variables.get(name, "").strip():
            try:
                if arguments := shlex.split(value):
                    return arguments
            except ValueError as error:
                raise EditorError(f"{name} cannot be understood ({error}): {value}") from None
    raise EditorError("No editor is set. Set VISUAL or EDITOR before you start, for example: export EDITOR=vim")


def edit(text: str, run: Run, variables: Mapping[str, str]) -> str:
    """The text as saved by the editor; ``run`` starts it. The file is in a folder that only this user can open, and is
    removed afterwards. Raises EditorError."""
    arguments = command(variables)
    try:
        with tempfile.TemporaryDirectory(prefix="tui-registry-", ignore_cleanup_errors=True) as folder:
            file = Path(folder) / "text.md"
            write_private(file, f"{text}\n" if text else "")
            try:
                code = run([*arguments, str(file)])
            except OSError as error:
                raise EditorError(
                    f"{arguments[0]} cannot be started: {error.strerror}. Check VISUAL and EDITOR."
                ) from None
            if code:
                raise EditorError(f"{arguments[0]} {ending(code)}: nothing was changed here.")
            return _saved(file)
    except OSError as error:
        raise EditorError(f"The text cannot be exchanged with {arguments[0]}: {error.strerror or error}.") from None


def _saved(file: Path) -> str:
    """What the editor saved, without the line feed that ends a file. Raises EditorError, OSError."""
    with os.fdopen(os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise EditorError("The editor left something that is not a file: nothing was changed here.")
        content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise EditorError(f"The saved text is longer than {MAX_BYTES:,} bytes: nothing was changed here.")
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise EditorError("The saved text is not in UTF-8: nothing was changed here.") from None
    if (line := _line_with_controls(text)) is not None:
        raise EditorError(f"The saved text has control characters in line {line}: nothing was changed here.")
    return text.removesuffix("\n")


def _line_with_controls(text: str) -> int | None:
    """The number of the first line with control characters, which no text that people write has; None without any."""
    for number, line in enumerate(text.split("\n"), 1):
        if not line.isprintable() and has_controls(line):
            return number
    return None


def has_controls(text: str) -> bool:
    """Whether a text has control characters other than line feeds and tabs: some editors send them to the terminal."""
    return any(unicodedata.category(character) == "Cc" for character in text if character not in "\t\n")
