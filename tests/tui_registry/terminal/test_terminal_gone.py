"""A terminal that closes, a line that drops, a signal: what was being written is whole or absent, and nothing stays."""

import fcntl
import os
import random
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, cast

import pyte
import pytest
from textual.drivers._writer_thread import MAX_QUEUED_WRITES, WriterThread

from tests.faults.history import check
from tests.faults.rounds import ROUNDS
from tests.live_registry import Server, command
from tests.server.api import Api
from tests.tui_registry.session.test_embedded import beside, runs, server_pid, variables
from tests.tui_registry.terminal_process import ROOT, TIMEOUT
from tests.variants import variant
from tests.waiting import until
from tui_registry.terminal.driver import TerminalFile
from tui_registry_server.store.engine import database_url, make_engine

SIZE = (120, 40)
MODEL = "closing"
ENDS = {
    "the terminal is closed": None,
    "SIGHUP": signal.SIGHUP,
    "SIGTERM": signal.SIGTERM,
}
MOMENTS = max(1, ROUNDS // 100)


class Seat:
    """A console at a terminal that can be taken away from it."""

    def __init__(self, home: Path) -> None:
        self._ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", SIZE[1], SIZE[0], 0, 0))
        self.before = termios.tcgetattr(self._ours)
        self._screen = pyte.Screen(*SIZE)
        self._stream = pyte.ByteStream(self._screen)
        self.raw = b""
        self._theirs = theirs
        environment = {"LANG": "C.UTF-8", "PATH": os.environ["PATH"]}  # whatever the locale of who runs the tests
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tui_registry"],
            cwd=ROOT,
            env=environment | {"TERM": "xterm-256color"} | dict(variables(home)),
            preexec_fn=lambda: os.login_tty(theirs),  # noqa: PLW1509  # it is the terminal's session
        )

    def shows(self, *texts: str) -> None:
        deadline = time.monotonic() + TIMEOUT
        while not all(text in "\n".join(self._screen.display) for text in texts):
            assert time.monotonic() < deadline, "\n".join(self._screen.display)
            self.read()

    def read(self) -> None:
        content = os.read(self._ours, 65_536)
        self.raw += content
        self._stream.feed(content)

    def press(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def close(self) -> None:
        """As a window that is closed, or an SSH server whose client is gone."""
        for end in (self._ours, self._theirs):
            os.close(end)

    def ended(self) -> int:
        """The exit status; what the console still wrote is read."""
        os.set_blocking(self._ours, False)
        deadline = time.monotonic() + TIMEOUT
        while self.process.poll() is None:
            assert time.monotonic() < deadline
            try:
                self.read()
            except BlockingIOError:
                time.sleep(0.01)
        try:
            while True:
                self.read()
        except (BlockingIOError, OSError):
            return self.process.returncode


@contextmanager
def seated(home: Path) -> Iterator[Seat]:
    seat = Seat(home)
    try:
        yield seat
    finally:
        seat.process.kill()
        seat.process.wait()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """With a registry of the console's own, in which somebody asks for something."""
    home = tmp_path / "home"
    home.mkdir()
    database = beside(home)
    database.parent.mkdir(parents=True, mode=0o700)
    command(str(database), "users", "create", "ada", "--admin")
    token = command(str(database), "tokens", "create", "ada").strip()
    with Server(tmp_path, str(database)) as server, Api(server.start(), token) as api:
        api.post("/mlflow/registered-models/create", name=MODEL).ok()
        for version in ("1", "2"):
            api.post("/mlflow/model-versions/create", name=MODEL, source="s3://x").ok()
            stage = "Production" if version == "1" else "Staging"
            api.post("/mlflow/model-versions/transition-stage", name=MODEL, version=version, stage=stage).ok()
        api.post("/mlflow/transition-requests/create", name=MODEL, version="1", stage="Archived").ok()
        assert server.end() == 0
    return home


def stage_now(home: Path) -> str:
    engine = make_engine(database_url(str(beside(home))), write=False)
    with engine.connect() as connection:
        check(connection)
        stage: str = connection.exec_driver_sql("SELECT stage FROM model_versions WHERE version = 1").scalar_one()
    engine.dispose()
    return stage


@pytest.mark.parametrize("number", range(MOMENTS))
@pytest.mark.parametrize("how", [variant(each) if each == "SIGHUP" else each for each in ENDS])
def test_in_the_middle_of_a_write(home: Path, how: str, number: int) -> None:
    delay = random.Random(f"{how}{number}").random() * 0.1
    with seated(home) as seat:
        seat.shows(MODEL, "● live")
        pid = server_pid(home)
        seat.press("a")
        seat.shows("Approve this request?")
        seat.press("y")
        time.sleep(delay)
        if (number_of := ENDS[how]) is None:
            seat.close()
            seat.process.wait(TIMEOUT)
        else:
            seat.process.send_signal(number_of)
            assert seat.ended() == 128 + number_of
    until(lambda: not runs(pid), "the server has ended, too")
    assert stage_now(home) in {"Production", "Archived"}, "whole or absent"
    assert "Traceback" not in beside(home, ".log").read_text()
    assert not beside(home, ".server").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, variant(signal.SIGHUP)])
def test_the_terminal_is_as_it_was(home: Path, number: signal.Signals) -> None:
    with seated(home) as seat:
        seat.shows(MODEL, "● live")
        seat.process.send_signal(number)
        assert seat.ended() == 128 + number
        assert_as_it_was(seat)


@pytest.mark.parametrize("number", range(MOMENTS))
def test_the_terminal_is_closed_while_the_console_leaves(home: Path, number: int) -> None:
    """The kernel sends SIGHUP and SIGCONT to whoever had the terminal."""
    with seated(home) as seat:
        seat.shows(MODEL, "● live")
        pid = server_pid(home)
        seat.press("q")
        time.sleep(random.Random(number).random() * 0.3)
        seat.close()
        seat.process.wait(TIMEOUT)
    until(lambda: not runs(pid), "the server has ended, too")


def test_what_a_closed_terminal_does_not_take_is_dropped() -> None:
    """Textual's thread would end at the first error, and the drawing thread wait for it forever."""
    reading, writing = os.pipe()
    os.close(reading)
    file = os.fdopen(writing, "w", buffering=1)
    output = WriterThread(cast("IO[str]", TerminalFile(file)))
    output.start()

    def draw() -> None:
        for _ in range(10 * MAX_QUEUED_WRITES):
            output.write("drawn\n")
        output.stop()

    drawing = threading.Thread(target=draw, daemon=True)
    drawing.start()
    drawing.join(TIMEOUT)
    assert not drawing.is_alive()
    with suppress(BrokenPipeError):
        file.close()


def test_being_continued_while_leaving_does_not_start_over(home: Path) -> None:
    with seated(home) as seat:
        seat.shows(MODEL, "● live")
        seat.press("q")
        deadline = time.monotonic() + TIMEOUT
        os.set_blocking(seat._ours, False)
        while seat.process.poll() is None:
            assert time.monotonic() < deadline, "it has not ended"
            seat.process.send_signal(signal.SIGCONT)
            with suppress(BlockingIOError):
                seat.read()
            time.sleep(0.003)
        assert seat.ended() == 0
        assert_as_it_was(seat)


def assert_as_it_was(seat: Seat) -> None:
    """Echo, lines, cursor, no mouse, the screen that was there before."""
    assert termios.tcgetattr(seat._ours)[:4] == seat.before[:4]
    for switched_off, switched_on in (
        (b"\x1b[?1049l", b"\x1b[?1049h"),
        (b"\x1b[?25h", b"\x1b[?25l"),
        (b"\x1b[?1000l", b"\x1b[?1000h"),
        (b"\x1b[?2004l", b"\x1b[?2004h"),
    ):
        assert seat.raw.rfind(switched_off) > seat.raw.rfind(switched_on)
