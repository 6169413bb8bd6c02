"""Ctrl-Z and its like, at a real shell with job control: the shell has its terminal back, and fg the console."""

import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.tui_registry.command_line import variables
from tests.tui_registry.samples import Samples
from tests.tui_registry.terminal_process import PROGRAM, Terminal, terminal
from tests.variants import variant

PROMPT = "shell-"
SHELL = ["bash", "--norc", "--noprofile", "-i"]
OVER_SSH = {"SSH_TTY": "/dev/pts/0"}


@contextmanager
def at_a_shell(samples: Samples, home: Path, **more: str) -> Iterator[Terminal]:
    """A shell in which the console runs, and shows the inbox. No console is left when the terminal is closed."""
    given = variables(samples) | {"HOME": str(home), "PS1": f"{PROMPT}$((6*7))> ", "HISTFILE": ""} | more
    with terminal(variables=given, program=SHELL) as shown:
        shown.shows(f"{PROMPT}42>")
        shown.press(f"stty -a >{home}/before; {' '.join(PROGRAM)}; stty -a >{home}/after\n")
        shown.shows("Inbox (", "● live")
        console = Path(f"/proc/{job(shown)}/stat")
        yield shown
    deadline = time.monotonic() + 30
    while (state := state_of(console)) not in {"", "Z"}:
        assert time.monotonic() < deadline, f"the console is still there, in state {state}"
        time.sleep(0.05)


def state_of(stat: Path) -> str:
    """The letter of a process' state in ``/proc``; empty if the process has ended."""
    try:
        return stat.read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def job(shown: Terminal) -> int:
    """The console's process, of which the shell is the parent."""
    shell = shown.child.pid
    return int(Path(f"/proc/{shell}/task/{shell}/children").read_text())


def is_stopped(shown: Terminal) -> bool:
    return state_of(Path(f"/proc/{job(shown)}/stat")) == "T"


def suspended(shown: Terminal) -> None:
    """The shell has the terminal, as it was: what is typed is seen, and the lines of before are there."""
    shown.shows("Stopped", f"{PROMPT}42>")
    shown.press("echo $((40+2))-seen\n")
    shown.shows("echo $((40+2))-seen", "42-seen")
    assert not has_terminal(shown)
    assert not shown._screen.cursor.hidden


def has_terminal(shown: Terminal) -> bool:
    """Whether the console has it, on a screen of its own."""
    return shown.raw.rfind(b"\x1b[?1049h") > shown.raw.rfind(b"\x1b[?1049l")


def resume(shown: Terminal) -> None:
    shown.press("fg\n")
    shown.until(lambda: has_terminal(shown), "the console")


def leave(shown: Terminal, home: Path) -> None:
    shown.press("q")
    shown.until(lambda: not has_terminal(shown), "the shell")
    shown.shows(f"{PROMPT}42>")
    shown.until(lambda: (home / "after").exists() and (home / "after").read_text().count("\n") > 3, "the modes")
    before, after = (re.sub(r"\s+", " ", (home / name).read_text()) for name in ("before", "after"))
    assert before == after


@pytest.mark.parametrize("more", [{}, OVER_SSH], ids=["here", "over SSH"])
def test_ctrl_z_and_fg(samples: Samples, tmp_path: Path, more: dict[str, str]) -> None:
    model = samples.pending("churn")
    with at_a_shell(samples, tmp_path, **more) as shown:
        shown.shows(model)
        for number in range(2):
            shown.press("\x1a")
            suspended(shown)
            assert is_stopped(shown)
            samples.pending(f"meanwhile-{number}")
            shown.resize(100, 30)
            resume(shown)
            shown.shows(model, "None → Staging", f"meanwhile-{number}-", "● live", "? help")
            shown.until(lambda: len(shown.text.split("\n")[0].rstrip()) > 80, "the new width")
            shown.resize(80, 24)
            shown.until(lambda: "? help" in shown.text.split("\n")[-1], "the old size")
        shown.press("2")
        shown.shows("Models (3)", model)
        leave(shown, tmp_path)


def test_over_a_question_and_while_something_is_typed(samples: Samples, tmp_path: Path) -> None:
    samples.pending("churn")
    with at_a_shell(samples, tmp_path) as shown:
        shown.press("/")
        shown.shows("stage or comment")
        shown.type("chu")
        shown.shows("matching “chu” (1)")
        shown.press("\x1a")
        suspended(shown)
        resume(shown)
        shown.shows("matching “chu” (1)")
        shown.press("escape")
        shown.shows("Inbox (1)")
        shown.press("a")
        shown.shows("Approve this request?")
        shown.press("\x1a")
        suspended(shown)
        resume(shown)
        shown.shows("Approve this request?")
        shown.press("n")
        shown.until(lambda: "Approve this" not in shown.text, "the inbox")
        leave(shown, tmp_path)


@pytest.mark.parametrize("number", [variant(signal.SIGTSTP), signal.SIGSTOP], ids=["TSTP", "STOP"])
def test_stopped_by_another(samples: Samples, tmp_path: Path, number: signal.Signals) -> None:
    """SIGSTOP cannot be caught: the screen is the shell's from then on, but all is well after fg, and at the end."""
    model = samples.pending("churn")
    with at_a_shell(samples, tmp_path, **OVER_SSH) as shown:
        shown.shows(model)
        os.kill(job(shown), number)
        shown.shows("Stopped")
        if number is signal.SIGTSTP:
            suspended(shown)
        shown.write_over("written over it")
        resume(shown)
        shown.shows(model, "None → Staging", "● live", "? help")
        shown.until(lambda: "written over it" not in shown.text, "all drawn again")
        shown.press("@")
        shown.shows("Changes in this session")
        shown.press("escape")
        shown.shows("Inbox (1)")
        leave(shown, tmp_path)


def test_in_the_background_it_stops_again(samples: Samples, tmp_path: Path) -> None:
    model = samples.pending("churn")
    with at_a_shell(samples, tmp_path) as shown:
        shown.press("\x1a")
        suspended(shown)
        shown.press("bg\n")
        shown.until(lambda: shown.text.count("Stopped") > 1 or is_stopped(shown), "stopped")
        time.sleep(0.3)
        shown.press("echo still-$((1+1))\n")
        shown.shows("still-2")
        resume(shown)
        shown.shows(model, "● live")
        leave(shown, tmp_path)


def test_where_nobody_could_continue_it_it_goes_on(samples: Samples, tmp_path: Path) -> None:
    """As in a terminal that was opened for it alone: the kernel does not stop what no shell waits for."""
    model = samples.pending("churn")
    with terminal(variables=variables(samples) | {"HOME": str(tmp_path)}) as shown:
        shown.shows(model, "● live")
        shown.press("\x1a")
        shown.until(lambda: b"\x1b[?1049l" in shown.raw, "let go of the terminal")
        shown.until(lambda: has_terminal(shown), "the console")
        shown.shows(model, "● live")
        shown.press("2")
        shown.shows("Models (1)", model)
        shown.press("\x80\xe9")  # keys of a terminal that is not in UTF-8
        shown.press("q")
        assert shown.ends() == 0
