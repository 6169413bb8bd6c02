"""Terminals that are not in UTF-8: what is drawn and written there is ASCII, and stays in its columns."""

import subprocess
from pathlib import Path

import pytest

from tests.tui_registry.command_line import process, variables
from tests.tui_registry.samples import Samples
from tests.tui_registry.terminal_process import terminal
from tests.variants import variant
from tui_registry_server import charset

LOCALES = ({"LC_ALL": "C"}, {"LC_ALL": "", "LANG": "C"}, {"LC_ALL": "en_US.ISO-8859-1"})


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"LC_ALL": "C"}, False),
        ({"LANG": "POSIX"}, False),
        ({}, False),
        ({"LANG": "C", "LC_ALL": "C.UTF-8"}, True),
        ({"LANG": "de_DE.utf8"}, True),
        ({"LANG": "sr_RS.UTF-8@latin"}, True),
        ({"LC_CTYPE": "UTF-8"}, True),
        ({"LC_CTYPE": "en_US.ISO-8859-1", "LANG": "en_US.UTF-8"}, False),
        ({"LC_ALL": "", "LC_CTYPE": "", "LANG": "en_US.UTF-8"}, True),
        ({"LC_ALL": "en_US.UTF-8", "LANG": "C"}, True),
        ({"LANG": "C", "PYTHONUTF8": "1"}, True),
    ],
)
def test_what_a_locale_says(environment: dict[str, str], expected: bool) -> None:
    assert charset.is_utf8(environment) is expected


@pytest.mark.parametrize("text", ["→ … ● ▎", "漢字é🙂", "╭─╮│▁⣿⠀", "a\u0301b"])
def test_it_is_as_wide_as_before(text: str) -> None:
    from rich.cells import cell_len

    plain = charset.plain(text)
    assert plain.isascii()
    assert len(plain) == cell_len(text)


@pytest.mark.parametrize(
    "locale",
    [LOCALES[0], *(variant(each) for each in LOCALES[1:])],
    ids=["C", "LANG=C", "ISO-8859-1"],
)
def test_every_place_is_drawn_in_ascii(samples: Samples, tmp_path: Path, locale: dict[str, str]) -> None:
    model = samples.pending("Modèle-漢字", comment="naïve 🙂")
    over_ssh = {"SSH_TTY": "/dev/pts/0"} if locale["LC_ALL"] == "C" else {}
    with terminal(variables=variables(samples) | {"HOME": str(tmp_path)} | locale | over_ssh) as shown:
        shown.shows(f"Mod?le-????-{samples.id}", "None > Staging", "* live")
        shown.press(" ")
        shown.until(lambda: any(line.startswith(">*") for line in shown.text.split("\n")), "a mark")
        shown.press("a")
        shown.shows("Approve this request?", "+----", '|    | "na?ve ??"')
        shown.press("n", "?")
        shown.shows("enter run", "space  ")
        shown.press("escape")
        shown.until(lambda: "enter run" not in shown.text, "no help")
        shown.press("4", "v")
        shown.shows("requested", "Activity (")
        shown.press("3")
        shown.shows("Board", "None 1", "tab next stage")
        shown.press("2")
        shown.shows("Models (1)", f"> Mod?le-????-{samples.id}")
        shown.press("enter")
        shown.shows(f"Mod?le-????-{samples.id}", "Models > ")
        shown.press("q")
        assert shown.ends() == 0
        assert shown.raw.isascii()
    assert model not in shown.raw.decode(), "the name itself is not ASCII"


def test_commands_write_ascii(samples: Samples) -> None:
    model = samples.pending("Modèle-漢字", comment="naïve")
    samples.call("POST", "/mlflow/transition-requests/reject", name=model, version="1", stage="Staging")
    listed = ("models", "list"), f"Mod?le-????-{samples.id}  "
    refused = ("models", "show", "ümlaut"), ""
    others = (
        (("activity",), "None > Staging"),
        (("models", "show", model), f"Mod?le-????-{samples.id}"),
        (("--help",), "Usage"),
        (("keys",), "approve"),
    )
    for locale, given in (
        ({"LC_ALL": "C"}, (listed, refused, *others)),
        ({"LC_ALL": "en_US.ISO-8859-1"}, (listed, refused)),
        ({"PYTHONIOENCODING": "ascii"}, (listed, refused)),
    ):
        for arguments, seen in given:
            done = subprocess.run(
                **process(samples, *arguments, **locale), capture_output=True, check=False, timeout=60
            )
            assert (done.stdout + done.stderr).isascii(), done
            assert b"Traceback" not in done.stderr
            assert seen.encode() in done.stdout
    message = subprocess.run(
        **process(samples, "models", "list", LC_ALL="", LANG="", LC_CTYPE=""),
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert model.encode() in message.stdout, "it is no terminal, and that is not mentioned"
