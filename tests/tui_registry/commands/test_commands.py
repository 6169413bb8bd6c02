"""What every plain command does: plain text or JSON, whole or fitted, with an exit code that is documented."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.tui_registry.command_line import answer, lines, process, run, variables
from tests.tui_registry.samples import OWNER, Samples
from tests.tui_registry.terminal_process import PROGRAM, ROOT, TIMEOUT, UNWANTED, terminal
from tui_registry.cli import main
from tui_registry.commands.exit_codes import MEANINGS, Exit

pytestmark = pytest.mark.usefixtures("command_home")

HOSTILE = "[/x] \x1b[31mred\x1b]0;title\x07 \u202eright to left 模型 🚀 e\u0301 [@click=app.quit]"
LONG = "x" * 12_000


def test_nothing_of_the_servers_reaches_the_terminal_raw(samples: Samples) -> None:
    model = samples.model("hostile", description=HOSTILE, tags=[{"key": "k", "value": HOSTILE}])
    version = samples.version(model, description=HOSTILE)
    samples.ask(model, version, comment=HOSTILE)
    for arguments in (
        ("requests", "list"),
        ("models", "list", samples.id),
        ("models", "show", model),
        ("activity", "--model", model),
    ):
        done = run(samples, *arguments)
        assert done.exit_code == 0
        assert "[/x]" in done.stdout
        assert "模型" in done.stdout
        assert not set("\x1b\x07\u202e\u0301") & set(done.stdout), arguments
        answer(samples, *arguments)
    listed = answer(samples, "requests", "list", "--model", model)["requests"]
    assert listed[0]["comment"] == HOSTILE


def test_a_pipe_gets_everything_and_a_terminal_what_fits(samples: Samples) -> None:
    model = samples.model("long", tags=[{"key": "k", "value": "v" * 4000}], description=LONG)
    samples.ask(model, samples.version(model), comment=LONG)
    assert lines(run(samples, "requests", "list"))[1].endswith(LONG)
    _, row = lines(run(samples, "models", "list", samples.id))
    assert f"k={'v' * 4000}  {LONG}" in row
    environment = variables(samples) | {"HOME": os.environ["HOME"]}
    for arguments in (("requests", "list"), ("models", "list", samples.id), ("activity", "--model", model)):
        with terminal(*arguments, variables=environment, size=(100, 40)) as shown:
            assert shown.ends() == 0
            written = shown.raw.decode().splitlines()
        assert all(len(line) <= 100 for line in written), written
        assert "…" in written[1]
        assert "\x1b" not in "".join(written)


def test_a_long_cell_does_not_push_the_rows_of_others(samples: Samples) -> None:
    long = samples.model("a" * 200, tags=[{"key": "k", "value": "v" * 4000}])
    short = samples.model("short")
    _, first, second = lines(run(samples, "models", "list", samples.id))
    assert first.startswith(f"{long}  {OWNER}")
    assert second.startswith(short)
    assert len(second) < 300


def test_a_reader_that_goes_away_is_no_failure(samples: Samples) -> None:
    samples.pending("piped", comment=LONG * 8)
    with subprocess.Popen(
        **process(samples, "requests", "list"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as reading:
        assert reading.stdout is not None
        assert reading.stderr is not None
        reading.stdout.close()
        said = reading.stderr.read()
        assert reading.wait(TIMEOUT) == 0
    assert said == b""


def test_an_answer_that_cannot_be_written_is_reported(samples: Samples) -> None:
    samples.pending("full")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            **process(samples, "requests", "list"), stdout=full, stderr=subprocess.PIPE, timeout=TIMEOUT, check=False
        )
    assert done.returncode == Exit.REFUSED
    assert done.stderr.startswith(b"Error: The output could not be written: No space left")
    assert b"Traceback" not in done.stderr


def test_a_terminal_that_knows_no_such_letters_gets_others(samples: Samples) -> None:
    model = samples.pending("模型")
    done = subprocess.run(
        **process(samples, "requests", "list", PYTHONIOENCODING="ascii"),
        capture_output=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 0
    assert f"??{model[2:]}".encode() in done.stdout


def test_without_any_configuration_the_registry_of_ones_own_is_asked(command_home: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(UNWANTED)}
    environment = kept | {"PYTHONPATH": str(ROOT), "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    done = subprocess.run(
        [*PROGRAM, "models", "list", "--json"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"registered_models": []}
    state = command_home / ".local" / "share" / "tui-registry" / "registry.db.server"
    deadline = time.monotonic() + TIMEOUT
    while state.exists():
        assert time.monotonic() < deadline, "its server has not ended"
        time.sleep(0.05)


def test_a_profile_is_named_before_or_after_the_command(samples: Samples) -> None:
    for arguments in (("--profile", "work", "models", "list"), ("models", "list", "--profile", "work")):
        done = run(samples, *arguments)
        assert done.exit_code == Exit.REFUSED
        assert "There is no profile 'work'" in done.stderr


def test_the_exit_codes_are_in_every_commands_help() -> None:
    for arguments in ((), ("requests", "approve"), ("models", "list"), ("activity",), ("permissions", "revoke")):
        shown = CliRunner().invoke(main, [*arguments, "--help"]).stdout
        for code, meaning in MEANINGS.items():
            assert f"{code:>3}  {meaning}" in shown


def test_the_commands_start_without_what_they_do_not_need() -> None:
    code = "import sys; sys.argv = ['tui-registry', '--help']\nfrom tui_registry.cli import main\n"
    code += "try: main()\nfinally: print(sorted(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    for module in ("asyncio", "pydantic", "httpx", "textual", "rich", "keyring"):
        assert f"'{module}'" not in done.stderr, module
