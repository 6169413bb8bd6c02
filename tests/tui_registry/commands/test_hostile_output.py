"""Whatever people chose for names and comments, the plain commands print a row for each thing; no text adds one."""

import unicodedata

import pytest
from click.testing import Result

from tests.tui_registry.command_line import answer, run
from tests.tui_registry.samples import Samples
from tests.tui_registry.screens.test_hostile_text import NAMES, add

NASTY = "x\x1b[2J\x9b\x7f\r\nError: forged\u202e"


VERSION_COMMANDS = (("versions", "show"), ("comments", "list"), ("versions", "delete", "--dry-run"))


def assert_plain(done: Result) -> None:
    for text in (done.stdout, done.stderr):
        bad = {c for c in text.replace("\n", "") if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}}
        assert not bad, f"{bad} in {text[:1000]!r}"
    assert "Traceback" not in done.output
    assert not any(line.startswith("Error: forged") for line in done.output.splitlines())


@pytest.fixture
def hostile(samples: Samples) -> Samples:
    for kind in NAMES:
        add(samples, kind)
    return samples


def test_a_row_is_a_thing(hostile: Samples) -> None:
    for arguments in (("models", "list"), ("requests", "list")):
        done = run(hostile, *arguments)
        assert done.exit_code == 0, done.output
        assert_plain(done)
        assert len(done.stdout.splitlines()) == 1 + len(NAMES), arguments
        printed = run(hostile, *arguments, "--json").stdout
        assert printed.isascii()
        assert not set(printed) & {"\x7f", "\x1b", "\r"}
    models = [each["name"] for each in answer(hostile, "models", "list")["registered_models"]]
    shown: list[tuple[str, ...]] = [(command, "show", name) for command in ("models", "permissions") for name in models]
    shown += [("versions", "list", name) for name in models]
    shown += [(*command, name, "1") for command in VERSION_COMMANDS for name in models]
    for wanted in (("activity",), *shown):
        done = run(hostile, *wanted)
        assert done.exit_code == 0, done.output
        assert_plain(done)


@pytest.mark.parametrize(
    "arguments",
    [
        ("models", "show", NASTY),
        ("models", "list", f"= {NASTY}"),
        ("requests", "list", "--model", NASTY),
        ("requests", "approve", NASTY, "1", "Production"),
        ("requests", "approve", "x", "1", NASTY),
        ("versions", "show", NASTY, "1"),
        ("versions", "tag", NASTY, "1", NASTY),
        ("versions", "transition", NASTY, NASTY, "Production"),
        ("comments", "edit", NASTY, "1", NASTY, NASTY),
        ("aliases", "delete", NASTY, NASTY),
        ("groups", "add", NASTY, NASTY),
        ("users", "show", NASTY),
        ("tokens", "revoke", NASTY),
        ("workspaces", "delete", NASTY),
        ("workspaces", "create", NASTY),
        ("tokens", "create", "--service-principal", NASTY),
        ("completion", NASTY),
        ("activity", "--model", NASTY),
        ("activity", "--type", NASTY),
        ("activity", "--since", NASTY),
        ("permissions", "show", NASTY),
        ("permissions", "grant", NASTY, "CAN_READ", "--user", NASTY),
        ("permissions", "grant", "--registry", NASTY, "--user", NASTY),
        ("profiles", "default", NASTY),
        ("logout", NASTY),
        ("keys", "--keymap", NASTY),
        (NASTY,),
        (f"--{NASTY}",),
    ],
    ids=lambda arguments: " ".join(arguments[:2]).partition("x\x1b")[0] or "main",
)
def test_mistakes_are_reported_in_plain_text(samples: Samples, arguments: tuple[str, ...]) -> None:
    done = run(samples, *arguments)
    assert done.exit_code != 0
    assert_plain(done)
