"""How the server's interpreter is started: without importing from the current folder."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn


def server_command(*arguments: str) -> list[str]:
    """The command line of a server command. ``-P`` keeps the current folder out of ``sys.path``."""
    return [sys.executable, "-P", "-m", "tui_registry_server", *arguments]


def server_environment() -> dict[str, str]:
    """This process's environment, without the entries of PYTHONPATH that mean the current folder: an empty one does,
    and is often left by ``PYTHONPATH=$PYTHONPATH:/opt/lib``."""
    environment = dict(os.environ)
    if path := environment.pop("PYTHONPATH", ""):
        environment["PYTHONPATH"] = os.pathsep.join(
            entry for entry in path.split(os.pathsep) if Path(entry).is_absolute()
        )
    return environment


def become_server(*arguments: str, variables: Mapping[str, str] | None = None) -> NoReturn:
    """Replace this process by a server command: it gets signals directly, and nothing of this program stays.
    ``variables`` are added to its environment."""
    environment = server_environment() | dict(variables or {})
    os.execve(sys.executable, server_command(*arguments), environment)  # noqa: S606  # no shell is involved
