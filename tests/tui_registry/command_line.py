"""Running commands as scripts do."""

import json
import os
import signal
from typing import Any

from click.testing import CliRunner, Result

from tests.tui_registry.samples import OWNER, Samples
from tests.tui_registry.terminal_process import PROGRAM, ROOT, UNWANTED
from tui_registry.cli import main


def variables(samples: Samples, *, by: str = OWNER, url: str = "") -> dict[str, str]:
    return {"TUI_REGISTRY_URL": url or samples.url, "TUI_REGISTRY_TOKEN": samples.registry.token(by)}


def run(samples: Samples, *arguments: str, by: str = OWNER, url: str = "", **more: str) -> Result:
    return CliRunner().invoke(main, arguments, env=variables(samples, by=by, url=url) | more)


def answer(samples: Samples, *arguments: str, by: str = OWNER) -> Any:
    """The JSON document of a command that succeeds and prints nothing else."""
    done = run(samples, *arguments, "--json", by=by)
    assert done.exit_code == 0, done.output
    assert done.stderr == ""
    assert done.stdout.isascii()
    return json.loads(done.stdout)


def lines(done: Result) -> list[str]:
    assert done.exit_code == 0, done.output
    return done.stdout.splitlines()


def process(samples: Samples, *arguments: str, **more: str) -> dict[str, Any]:
    """Arguments for subprocess to run a command as a shell does."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(UNWANTED)}
    environment = inherited | {"PYTHONPATH": str(ROOT)} | variables(samples) | more
    return {"args": [*PROGRAM, *arguments], "env": environment, "cwd": ROOT, "preexec_fn": _can_be_interrupted}


def _can_be_interrupted() -> None:
    """Reset SIGINT: background processes ignore it, and their children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def levels(samples: Samples, model: str, name: str) -> list[tuple[str, bool]]:
    """What somebody has on a model: levels, and whether each is inherited."""
    found = answer(samples, "permissions", "show", model)
    return [
        (permission["permission_level"], permission["inherited"])
        for entry in found["access_control_list"]
        if name in entry.values()
        for permission in entry["all_permissions"]
    ]
