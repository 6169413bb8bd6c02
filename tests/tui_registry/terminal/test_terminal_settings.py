"""What the console writes to a real terminal, byte by byte: no colours where none are wanted, no mouse where it is left
to the terminal, and what colours say is said without them, too."""

import re
from pathlib import Path

import pytest

from tests.tui_registry.samples import Samples
from tests.tui_registry.terminal_process import Terminal, terminal
from tests.variants import variant

SGR = re.compile(rb"\x1b\[([0-9;:]*)m")
MOUSE = re.compile(rb"\x1b\[\?(?:9|100[0-3]|100[5-7]|1015|1016)h")
COLOURS = {*range(30, 39), *range(40, 49), *range(90, 98), *range(100, 108), 58}


@pytest.fixture
def variables(samples: Samples, tmp_path: Path) -> dict[str, str]:
    return {
        "TUI_REGISTRY_URL": samples.url,
        "TUI_REGISTRY_TOKEN": samples.token,
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }


def write_settings(variables: dict[str, str], text: str) -> None:
    file = Path(variables["XDG_CONFIG_HOME"]) / "tui-registry" / "console.toml"
    file.parent.mkdir(parents=True)
    file.write_text(text)


def colours(raw: bytes) -> set[bytes]:
    """The sequences that set a colour. 39 and 49 set the terminal's own."""
    return {
        found.group(0)
        for found in SGR.finditer(raw)
        if any(number in COLOURS for number in map(int, re.split(rb"[;:]", found.group(1) or b"0")))
    }


def walk(shown: Terminal, model: str) -> None:
    """Through places and questions, to have all that is drawn in colours drawn."""
    shown.shows(model, "● live")
    shown.press("space")
    shown.shows("1 marked")
    shown.press("a")
    shown.shows("Approve this request?")
    shown.press("n", "2")
    shown.shows("MODEL", "PROD")
    shown.press("3")
    shown.shows("Board")
    shown.press("4")
    shown.shows("Activity")
    shown.press("@")
    shown.shows("Changes in this session")
    shown.press("?")
    shown.shows("Keyboard shortcuts")
    shown.press("escape")
    shown.until(lambda: "Keyboard shortcuts" not in shown.text, "the journal again")
    shown.press("q")
    assert shown.ends() == 0


@pytest.mark.parametrize(
    ("given", "settings"),
    [
        variant({}, ""),
        ({"SSH_TTY": "/dev/pts/9"}, ""),
        variant({}, 'theme = "nord"\n'),
        ({"TEXTUAL_THEME": "nord"}, ""),
    ],
    ids=["alone", "over SSH", "a theme in the settings", "a theme in the environment"],
)
def test_without_colours_none_is_written(
    samples: Samples, variables: dict[str, str], given: dict[str, str], settings: str
) -> None:
    model = samples.pending("churn")
    write_settings(variables, settings)
    with terminal(variables=variables | {"NO_COLOR": "1"} | given) as shown:
        walk(shown, model)
        assert colours(shown.raw) == set()


def test_with_colours_some_are_written(samples: Samples, variables: dict[str, str]) -> None:
    """The test above can see them."""
    model = samples.pending("churn")
    with terminal(variables=variables | {"NO_COLOR": ""}) as shown:
        walk(shown, model)
        assert colours(shown.raw)


def test_without_colours_everything_can_be_told_apart(samples: Samples, variables: dict[str, str]) -> None:
    """The stages are named, marks and the cursor are signs, and what is bad is marked as bad."""
    first, second = samples.pending("churn"), samples.pending("fraud", "Production")
    with terminal(variables=variables | {"NO_COLOR": "1"}) as shown:
        shown.shows(first, second, "● live")
        lines = shown.text.split("\n")
        assert sum(line.startswith("▎") for line in lines) == 1
        under_cursor = next(number for number, line in enumerate(lines) if line.startswith("▎"))
        attributes = [shown._screen.buffer[under_cursor][column] for column in range(40)]
        assert all(each.reverse for each in attributes[4:20]), "the row under the cursor stands out"
        shown.press("space")
        shown.until(lambda: any(line.lstrip("▎").startswith("●") for line in shown.text.split("\n")), "a mark")
        assert "None → Staging" in shown.text
        assert "None → Production" in shown.text
        shown.press("@")
        shown.shows("Changes in this session")
        shown.press("q")
        assert shown.ends() == 0


@pytest.mark.parametrize(
    ("given", "settings", "taken"),
    [
        ({"TUI_REGISTRY_MOUSE": "0"}, "", False),
        variant({"TUI_REGISTRY_MOUSE": "1"}, "", True),
        ({}, "", True),
        variant({}, "mouse = false\n", False),
        variant({"SSH_TTY": "/dev/pts/9"}, "", False),
        ({"SSH_TTY": "/dev/pts/9"}, "mouse = true\n", True),
    ],
)
def test_the_mouse_is_the_terminals_unless_it_is_wanted(
    samples: Samples, variables: dict[str, str], given: dict[str, str], settings: str, taken: bool
) -> None:
    write_settings(variables, settings)
    with terminal(variables=variables | given) as shown:
        shown.shows("No open requests", "● live")
        shown.press("q")
        assert shown.ends() == 0
        assert bool(MOUSE.search(shown.raw)) == taken


def test_settings_that_cannot_be_understood_are_told_and_the_console_opens(
    samples: Samples, variables: dict[str, str]
) -> None:
    samples.model("used")  # what an empty registry shows would be beside the warning
    write_settings(variables, 'mouse = "off"\n')
    with terminal(variables=variables, size=(120, 40)) as shown:
        shown.shows("No open requests", "Some settings are not used")
        shown.until(lambda: "mouse=trueormouse=false" in re.sub(r"[\s▌│]+", "", shown.text), "what to write")
        shown.press("q")
        assert shown.ends() == 0


def test_the_keymap_of_the_settings_is_in_force(samples: Samples, variables: dict[str, str]) -> None:
    model = samples.pending("churn")
    write_settings(variables, 'keymap = "mine.toml"\n')
    folder = Path(variables["XDG_CONFIG_HOME"]) / "tui-registry"
    (folder / "mine.toml").write_text('based_on = "vim"\n[keys]\nreject = "f6"\n')
    with terminal(variables=variables) as shown:
        shown.shows(model, "● live", "F6 reject")
        shown.press("\x1b[17~")
        shown.shows("Reject this request?")
        shown.press("n", "q")
        assert shown.ends() == 0
