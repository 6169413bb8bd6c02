"""Servers that start quickly: each is forked from a process that has imported the program already.

Otherwise, tests that kill a hundred servers would spend most of their time on starting them.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.live_registry import ROOT, TIMEOUT


class ForkedServer:
    """``start`` serves a database, ``kill`` ends that server by SIGKILL. One at a time."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "server.log"
        self._state = folder / "fork.json"
        self._pid = 0
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.forked_server"],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def start(self, database: str) -> str:
        """The server's URL."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._state.unlink(missing_ok=True)
        self._process.stdin.write(json.dumps({"database": database, "state_file": str(self._state)}) + "\n")
        self._process.stdin.flush()
        self._pid = int(self._process.stdout.readline())
        deadline = time.monotonic() + TIMEOUT
        while not self._state.exists():
            assert time.monotonic() < deadline, self.log.read_text()
            assert _runs(self._pid), self.log.read_text()
            time.sleep(0.005)
        url: str = json.loads(self._state.read_text())["url"]
        return url

    @property
    def pid(self) -> int:
        return self._pid

    def kill(self) -> None:
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            while _runs(self._pid):
                time.sleep(0.002)
            self._pid = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(TIMEOUT)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _serve_forks() -> None:
    """Fork a child that serves for each line of stdin, and print its process id."""
    from tui_registry_server import service

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    for line in sys.stdin:
        asked = json.loads(line)
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            options = service.Options(
                database=asked["database"], host="127.0.0.1", port=0, state_file=Path(asked["state_file"])
            )
            service.run(options)
            os._exit(0)
        print(pid, flush=True)


if __name__ == "__main__":
    _serve_forks()
