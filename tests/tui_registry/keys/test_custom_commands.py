"""Custom commands: read from the settings, checked, run on the row under the cursor, and never by a shell."""

import asyncio
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.tui_registry.command_line import run, variables
from tests.tui_registry.console import TIMEOUT, Console, console
from tests.tui_registry.samples import Samples
from tests.tui_registry.terminal.test_suspending import at_a_shell, leave, state_of
from tui_registry.keys.custom_commands import with_commands
from tui_registry.keys.keymap import DEFAULT
from tui_registry.session import settings
from tui_registry.session.custom_command import ArgumentError, CustomCommand
from tui_registry.session.settings import Settings, SettingsError
from tui_registry.terminal.sanitize import program_output

WRITE = [
    sys.executable,
    "-c",
    "import json, os, sys; json.dump([sys.argv[2:], dict(os.environ)], open(sys.argv[1], 'w'))",
]
"""Writes its further arguments and its environment variables to the file in the first one."""


def command(**given: Any) -> CustomCommand:
    return CustomCommand(**{"run": ["true"], "places": ["model"]} | given)


def in_settings(**commands: CustomCommand) -> Settings:
    return Settings(commands=commands)


# --- arguments


def test_values_replace_placeholders_inside_single_arguments() -> None:
    run = ["x", "{name}", "--of={name}/{version}", "{{name}}", "{.name}", "{print $1}", "{name}{name}"]
    name = "a b; $(rm) {version} '\""
    done = command(run=run).arguments({"name": name, "version": "3", "stage": "None"})
    assert done == ["x", name, f"--of={name}/3", "{name}", "{.name}", "{print $1}", name * 2]


def test_a_value_does_not_become_an_option() -> None:
    with pytest.raises(ArgumentError, match="--help would be taken for an option: put '--' before it"):
        command(run=["rm", "{name}"]).arguments({"name": "--help"})
    for name in ("+!id", "@/etc/passwd"):
        with pytest.raises(ArgumentError, match="would be taken for an option"):
            command(run=["less", "{name}"]).arguments({"name": name})
    assert command(run=["rm", "--", "{name}"]).arguments({"name": "-f"}) == ["rm", "--", "-f"]
    assert command(run=["rm", "--of={name}"]).arguments({"name": "-f"}) == ["rm", "--of=-f"]


def test_a_value_that_a_row_lacks_is_named() -> None:
    with pytest.raises(ArgumentError, match="has no request_id and no run_id"):
        command(run=["x", "{run_id}{request_id}{name}"]).arguments({"name": "a"})


# --- what is wrong with a command


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"run": ["x", "{nme}"]}, "there is no {nme}: did you mean name?"),
        ({"run": ["/bin/sh", "-c", "echo {name}"]}, "what /bin/sh gets after -c is code, and a name may be code, too"),
        ({"run": ["{name}"]}, "run must begin with a program, whose name has no placeholder"),
        ({"places": ["models", "models", "zoo"]}, "there is no place zoo for commands: use activity, board"),
        ({"places": ["users"]}, "there is no place users for commands"),
        ({"places": ["models"], "run": ["x", "{version}"]}, "models has no {version}: leave out the one or the other"),
        ({"key": "t"}, "t is move in model: use another key"),
        ({"key": "j"}, "j is down in model: use another key"),
        ({"key": "escape"}, "esc is back in model: use another key"),
        ({"key": "q"}, "q is quit in model: use another key"),
        ({"key": "ctrl+m"}, "ctrl+m cannot be used: most terminals send it as Enter"),
        ({"key": "ctrl+g", "writes": True, "confirm": False}, "ctrl+g is too easy to press to change the registry"),
    ],
)
def test_a_command_with_a_problem_is_left_out(given: dict[str, Any], problem: str) -> None:
    good = {"first": command(key="ctrl+g"), "last": command(key="F7", places=["models"])}
    keymap, problems = with_commands(DEFAULT, {"first": command(), "bad": command(**given), **good})
    assert [each for each in problems if each.startswith(f"commands.bad: {problem}")], problems
    assert all(each.startswith("commands.bad: ") for each in problems)
    assert [each.label for each in keymap.custom] == ["first", "last"]


def test_two_commands_do_not_share_a_key_in_a_place() -> None:
    both = {"one": command(key="F7"), "two": command(key="F7", places=["board"]), "three": command(key="f7")}
    keymap, problems = with_commands(DEFAULT, both)
    assert problems == ["commands.three: F7 is one in model: use another key."]
    assert [each.label for each in keymap.custom] == ["one", "two"]


def test_settings_that_are_not_a_command_are_told_like_others(command_home: Path) -> None:
    for text in ("deploy = 3", "[commands.deploy]\nrun = 'x'", "[commands.deploy]\nrun = ['x']", "['commands'.'a b']"):
        settings.config_file().parent.mkdir(parents=True, exist_ok=True)
        settings.config_file().write_text(text if text.startswith("[") else f"[commands]\n{text}")
        with pytest.raises(SettingsError, match=r"(?s)commands\..*Write \[commands\.NAME\], a name of letters"):
            settings.read()


def test_the_example_of_the_documentation(command_home: Path, samples: Samples) -> None:
    """``keys`` lists its commands, and finds what is wrong with them. To keep a theme keeps them."""
    readme = (Path(__file__).parents[3] / "tui_registry" / "README.md").read_text(encoding="utf-8")
    example = next(part for part in readme.split("```") if part.startswith("toml\n[commands."))
    settings.config_file().parent.mkdir(parents=True)
    settings.config_file().write_text(example.removeprefix("toml\n"), encoding="utf-8")
    before = settings.read()
    assert with_commands(DEFAULT, before.commands)[1] == []
    settings.keep_theme("nord")
    assert settings.read().commands == before.commands
    listed = run(samples, "keys")
    assert all(name in listed.stdout for name in before.commands)
    settings.config_file().write_text('[commands.bad]\nrun = ["x"]\nplaces = ["zoo"]\n')
    refused = run(samples, "keys")
    assert refused.exit_code == 1
    assert "commands.bad: there is no place zoo" in refused.stderr


# --- in the console


async def test_a_background_command_gets_the_row_and_no_token(
    samples: Samples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUI_REGISTRY_TOKEN", samples.token)
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", f"Bearer {samples.token}")
    monkeypatch.setenv("KEPT", "yes")
    model = samples.pending("it's; $(touch x) {version}")
    file = tmp_path / "given"
    values = ["{name}", "{version}", "{stage}", "{to_stage}", "{request_id}", "{url}"]
    given = in_settings(
        tell=command(run=[*WRITE, str(file), *values], places=["inbox"], key="B", background=True),
        lacking=command(run=["true", "{run_id}"], places=["model"], key="F8"),
    )
    async with console(samples.url, samples.token, (120, 40), settings=given) as shown:
        await shown.shows(model, "B tell")
        await shown.press("B")
        await shown.notifies("tell: exited with code 0")
        arguments, environment = json.loads(file.read_text())
        assert arguments == [model, "1", "None", "Staging", samples.requests()[0]["id"], samples.url]
        assert samples.token not in str(environment)
        assert environment["KEPT"] == "yes"
        await shown.press("question_mark")
        await shown.type("tell")
        await shown.shows("Run")
        await shown.press("escape", "enter")
        await shown.shows(f"Models › {model}")
        assert "lacking" not in shown.bar
        await shown.press("f8")
        await shown.notifies("lacking was not run: The row under the cursor has no run_id.")


async def test_output_is_shown_bounded_and_sanitized_and_a_command_can_be_ended(samples: Samples) -> None:
    model = samples.pending("churn")
    noisy = "printf '\\033[31mred\\033[0m\\rover\\n[/b]\\007\\n'; seq 100000; echo last; exit 3"
    given = in_settings(
        noisy=command(run=["sh", "-c", noisy], places=["inbox"], key="B", background=True),
        endless=command(run=["sh", "-c", "echo started; sleep 300"], places=["inbox"], key="F7", background=True),
        absent=command(run=["/no/such/program"], places=["inbox"], key="F8", background=True),
    )
    async with console(samples.url, samples.token, settings=given) as shown:
        await shown.shows(model)
        assert "L" not in shown.bar.split()
        await shown.press("f8")
        await shown.notifies("absent was not run: /no/such/program cannot be started: No such file or directory.")
        await shown.press("B")
        await shown.notifies("noisy: exited with code 3\nlast\nL shows the output")
        await shown.press("f7")
        await shown.shows("⋯ running endless")
        await shown.press("L")
        await shown.shows("endless: running   2 of 2", "started")
        await shown.press("x")
        await shown.shows("endless: was ended by SIGTERM")
        await shown.press("h")
        await shown.shows("noisy: exited with code 3", "99999", "last")
        assert len(shown.app.commands.processes[0].output) < 70_000
        await shown.press("escape")
        await shown.shows("● live")
    assert program_output("\x1b[31mred\x1b[0m\rover\r\n[/b]\x07\x1b]0;title\x07\n\t|\x1b(B\n") == [
        "over",
        "[/b]�",
        "        |",
    ]


async def test_quitting_ends_what_runs_in_the_background(samples: Samples, tmp_path: Path) -> None:
    model = samples.pending("churn")
    file = tmp_path / "pid"
    run = ["sh", "-c", f"sleep 300 & echo $! >{file}; wait"]
    given = in_settings(endless=command(run=run, places=["inbox"], key="F7", background=True))
    async with console(samples.url, samples.token, settings=given) as shown:
        await shown.shows(model)
        await shown.press("f7")
        await shown.until(lambda: file.exists() and file.read_text().strip(), "started")
    child = Path(f"/proc/{file.read_text().strip()}/stat")
    deadline = time.monotonic() + TIMEOUT
    while state_of(child) not in {"", "Z"}:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def test_a_command_that_writes_asks_first_and_is_refused_where_that_is_not_allowed(
    samples: Samples, tmp_path: Path
) -> None:
    model = samples.pending("churn")
    file = tmp_path / "written"
    given = in_settings(
        write=command(run=["touch", str(file)], places=["inbox"], key="F7", background=True, writes=True),
        read=command(run=["true"], places=["inbox"], key="F8", background=True),
    )
    async with console(samples.url, samples.token, (120, 40), settings=given) as shown:
        await shown.shows(model, "F7 write", "F8 read")
        await shown.press("f7")
        await shown.shows("Run write?", "• touch")
        await shown.press("n", "f7")
        assert not file.exists()
        await _with_read_only(shown)
        await shown.press("n", "f5")
        await shown.hides("F7 write")
        await shown.shows("F8 read")
        await shown.press("f7")
        await shown.notifies("write was not run: It changes the registry, and this profile is read-only.")
        assert not file.exists()
        shown.app.connection.allow_changes()
        await shown.press("f7")
        await shown.shows("Run write?")
        await shown.press("y")
        await shown.notifies("write: exited with code 0")
        assert file.exists()


async def _with_read_only(shown: Console) -> None:
    opened = shown.app.connection.opened
    assert opened is not None
    shown.app.connection.opened = replace(opened, read_only=True)


def test_a_foreground_command_has_the_terminal(samples: Samples, tmp_path: Path) -> None:
    model = samples.pending("churn")
    folder = tmp_path / ".config" / "tui-registry"
    folder.mkdir(parents=True)
    script = "stty raw -echo; printf 'for %s\\r\\n' $1; head -c1; exit 4"
    (folder / "console.toml").write_text(
        f'[commands.ask]\nkey = "B"\nplaces = ["inbox"]\nrun = ["sh", "-c", "{script}", "sh", "{{name}}"]\n'.replace(
            "\\", "\\\\"
        )
    )
    with at_a_shell(samples, tmp_path, **variables(samples)) as shown:
        shown.shows(model, "B ask")
        shown.press("B")
        shown.shows(f"for {model}")
        shown.press("k")
        shown.shows("sh exited with code 4. Press Enter to return.")
        shown.press("\r")
        shown.shows(model, "● live", "? help", "exited with code 4")
        leave(shown, tmp_path)
