"""A program of the user's own that a key runs on the row under the cursor, from the settings."""

import os
import re
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from tui_registry_server.wire.plain_text import one_line

_PLACEHOLDER = re.compile(r"\{\{(?P<literal>[a-z_]+)\}\}|\{(?P<name>[a-z_]+)\}")
MAX_SHOWN = 40  # characters of a value in a message
OPTION_SIGNS = frozenset("-+@")  # that arguments begin with which programs do not take for names
CODE_OPTIONS = frozenset({"-c", "-e", "--command", "--eval", "-lc", "-ic"})
INTERPRETERS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "fish", "python", "python3", "perl", "ruby", "node"})
"""Programs whose argument after one of CODE_OPTIONS is code."""


def placeholders(argument: str) -> set[str]:
    """The names of the values in an argument."""
    return {name for found in _PLACEHOLDER.finditer(argument) if (name := found["name"])}


class ArgumentError(Exception):
    """The command cannot be run on this row. The message says why."""


class CustomCommand(BaseModel):
    """
    run: the program, which may begin with ~, and its arguments, run without a shell. ``{name}`` in an argument is
    replaced by a value of the row under the cursor, ``{{name}}`` stands for ``{name}``.
    places: the screens that have the command. key: which runs it there.
    confirm: whether to ask first; if not set, as ``writes``.
    background: the console continues, and keeps the output.
    writes: whether it changes the registry, and so is refused where that is not allowed.
    """

    model_config = ConfigDict(defer_build=True, extra="forbid", strict=True)

    run: list[str] = Field(min_length=1)
    places: list[str] = Field(min_length=1)
    key: str | None = Field(None, min_length=1)
    description: str = Field("", max_length=200)
    confirm: bool | None = None
    background: bool = False
    writes: bool = False

    @property
    def must_confirm(self) -> bool:
        return self.writes if self.confirm is None else self.confirm

    @property
    def placeholders(self) -> set[str]:
        """The names of the values that it takes."""
        return set().union(*map(placeholders, self.run))

    def arguments(self, values: Mapping[str, str]) -> list[str]:
        """The program and its arguments for a row with these values. A value is part of one argument, whatever it
        contains. Raises ArgumentError."""
        if missing := sorted(self.placeholders - values.keys()):
            raise ArgumentError(f"The row under the cursor has no {' and no '.join(missing)}.")
        program, *others = self.run
        result = [os.path.expanduser(program)]  # noqa: PTH111  # a program that is found by PATH stays as it is
        for part in others:
            argument = _PLACEHOLDER.sub(lambda found: values[found["name"]] if found["name"] else found[0][1:-1], part)
            if argument[:1] in OPTION_SIGNS and part[:1] not in OPTION_SIGNS and "--" not in result:
                raise ArgumentError(
                    f"{one_line(argument, MAX_SHOWN)} would be taken for an option: put '--' before it in the command."
                )
            result.append(argument)
        return result
