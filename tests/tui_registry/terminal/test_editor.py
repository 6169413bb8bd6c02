"""A long text in the user's own editor, at a real terminal: what it saves is taken into the form, nothing is lost."""

from pathlib import Path

import pytest

from tests.tui_registry.command_line import variables
from tests.tui_registry.console import console
from tests.tui_registry.samples import Samples
from tests.tui_registry.terminal.test_suspending import OVER_SSH, PROMPT, at_a_shell, leave
from tests.tui_registry.terminal_process import Terminal, terminal
from tests.variants import variant

CTRL_O, CTRL_S, CTRL_Z = "\x0f", "\x13", "\x1a"


class Script:
    """An editor that runs the commands that a test gives it, for the file in "$1"."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._commands = folder / "commands"
        self._program = folder / "my editor"
        self._program.write_text(f'#!/bin/sh\n[ "$1" = --wait ] || exit 9\n. "{self._commands}" "$2"\n')
        self._program.chmod(0o700)

    @property
    def command(self) -> str:
        """Quoted, as its path has a space."""
        return f"'{self._program}' --wait"

    def does(self, commands: str) -> None:
        self._commands.write_text(f'file="$2"\n{commands}\n')


@pytest.fixture
def script(tmp_path: Path) -> Script:
    return Script(tmp_path)


def description(samples: Samples, model: str) -> str:
    found: str = samples.call("GET", "/mlflow/registered-models/get", name=model)["registered_model"]["description"]
    return found


def describe(shown: Terminal, model: str) -> None:
    shown.shows("● live")
    shown.press("2")
    shown.shows("Models (1)", model)
    shown.press("e")
    shown.shows(f"Description of {model}", "ctrl+o editor")


@pytest.mark.parametrize("more", [{}, variant(OVER_SSH)], ids=["here", "over SSH"])
def test_a_description_is_edited_and_saved(
    samples: Samples, script: Script, tmp_path: Path, more: dict[str, str]
) -> None:
    model = samples.model("churn", description="Für 👩‍👩‍👧\n")
    script.does(f"""
        cp "$file" {tmp_path}/given; env >{tmp_path}/variables; stat -c %a "$file" "${{file%/*}}" >{tmp_path}/modes
        echo "$file" >{tmp_path}/path; stty -a >{tmp_path}/in_editor
        printf "In the editor: "; read line; echo "$line 👩‍💻" >>"$file"
            trap : INT; kill -INT 0""")
    given = {"VISUAL": script.command, "EDITOR": "false", "MY_COPY": f"is {samples.token}", **more}
    with at_a_shell(samples, tmp_path, **given) as shown:
        describe(shown, model)
        shown.type("and ")
        shown.shows("and")
        shown.press(CTRL_O)
        shown.shows("In the editor:")
        shown.type("more\n")
        shown.shows(f"Description of {model}", "and", "more 👩💻")
        assert description(samples, model) == "Für 👩‍👩‍👧\n"
        assert (tmp_path / "given").read_text() == "Für 👩👩👧\nand \n", "as it was displayed and edited"
        shown.press(CTRL_S)
        shown.shows("Description changed.", "● live")
        assert description(samples, model) == "Für 👩👩👧\nand \nmore 👩‍💻"
        leave(shown, tmp_path)
    assert (tmp_path / "modes").read_text() == "600\n700\n"
    file = Path((tmp_path / "path").read_text().strip())
    assert file.suffix == ".md"
    assert not file.parent.exists()
    settings = [(tmp_path / name).read_text() for name in ("before", "in_editor")]
    assert [" echo" in each and " icanon" in each for each in settings] == [True, True]
    assert samples.token not in (tmp_path / "variables").read_text()
    assert "TUI_REGISTRY_URL" in (tmp_path / "variables").read_text()


def test_what_cannot_be_taken_is_told_and_nothing_is_lost(samples: Samples, script: Script, tmp_path: Path) -> None:
    model = samples.model("churn")
    given = variables(samples) | {"EDITOR": script.command, "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    with terminal(variables=given, size=(100, 30)) as shown:
        describe(shown, model)
        shown.type("typed before")
        for commands, message in {
            "exit 3": "exited with code 3: nothing was changed here",
            "kill -TERM $$": "was ended by SIGTERM",
            "rm $file": "cannot be exchanged with",
            "rm $file; mkfifo $file": "left something that is not a file",
            "printf '\\377\\376' >$file": "is not in UTF-8",
            "printf 'a\\nb\\033[2J' >$file": "has control characters in line 2",
            "head -c 1000001 /dev/zero | tr '\\0' x >$file": "is longer than 1,000,000 bytes",
            "touch $file": "The editor saved no change.",
        }.items():
            script.does(commands)
            shown.press(CTRL_O)
            shown.shows(message, "typed before", f"Description of {model}")
        script.does("printf 'x%.0s' $(seq 100001) >$file")
        shown.press(CTRL_O)
        shown.shows("is too long: 100,001 characters, at most", "xxxxx")
        seen = shown.text.count("x")
        shown.press("\x7f")
        shown.until(lambda: shown.text.count("x") < seen, "one less")
        shown.press(CTRL_S)
        shown.shows("Description changed.", "xxxx…")
        assert description(samples, model) == "x" * 100_000
        shown.press("e")
        shown.shows(f"Description of {model}")
        script.does("printf '\\357\\273\\277from\\r\\nthe editor\\r\\n' >$file")
        shown.press(CTRL_O)
        shown.shows("from", "the editor")
        shown.press(CTRL_Z)
        shown.until(lambda: "the editor" not in shown.text and "xxxxx" in shown.text, "the text before")
        shown.press(CTRL_O)
        shown.shows("from", "the editor")
        shown.press(CTRL_S)
        shown.until(lambda: description(samples, model) == "from\nthe editor", "saved")
        shown.press("\x11")
        assert shown.ends() == 0
    assert not [each for each in tmp_path.iterdir() if each.name.startswith("tui-registry-")]


def test_a_stopped_editor_stops_the_console_too(samples: Samples, script: Script, tmp_path: Path) -> None:
    model = samples.model("churn")
    script.does("echo In the editor; read line; echo $line >$file")
    with at_a_shell(samples, tmp_path, EDITOR=script.command) as shown:
        describe(shown, model)
        shown.press(CTRL_O)
        shown.shows("In the editor")
        shown.press(CTRL_Z)
        shown.shows("Stopped", f"{PROMPT}42>")
        shown.press("fg\n")
        shown.until(lambda: shown.text.count("python") > 1, "continued")
        shown.type("after the stop\n")
        shown.shows(f"Description of {model}", "after the stop")
        shown.press(CTRL_S)
        shown.shows("Description changed.", "● live")
        leave(shown, tmp_path)


async def test_without_an_editor_the_form_says_what_to_do(
    samples: Samples, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In a pilot there is no terminal to give away."""
    model = samples.model("churn")
    async with console(samples.url, samples.token, (120, 40)) as shown:
        await shown.press("2")
        await shown.shows(model)
        await shown.press("e")
        await shown.shows("Description of")
        assert "editor" not in shown.text
        await shown.type("typed")
        for value, message in {
            None: "No editor is set. Set VISUAL or EDITOR before you start",
            "vim '": "EDITOR cannot be understood (No closing quotation)",
            "vi": "vi cannot be started: this terminal cannot be given",
        }.items():
            monkeypatch.delenv("VISUAL", raising=False)
            monkeypatch.delenv("EDITOR", raising=False)
            if value is not None:
                monkeypatch.setenv("EDITOR", value)
            await shown.press("ctrl+o")
            await shown.shows(message, "typed")
