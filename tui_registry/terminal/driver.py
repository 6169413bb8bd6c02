"""A terminal driver that writes what the terminal can show, and lets go of it while the console is suspended.

Textual's own stops its process by SIGSTOP, which also stops one that nobody will continue, and starts again on every
SIGCONT, also on one that follows no stop of its own. It acts on signals wherever the program is, in the middle of
writing too. And it ends the program when a key arrives that is not UTF-8.
"""

import asyncio
import codecs
import os
import signal
import threading
import time
from functools import partial
from typing import Any

from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver

from tui_registry_server import charset

RETRIES, RETRY_INTERVAL = 100, 0.1  # to take the terminal back, and seconds between them


class TerminalDriver(LinuxDriver):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._is_plain = not charset.is_utf8()
        for number in (signal.SIGTSTP, signal.SIGCONT):  # Textual's own handlers
            signal.signal(number, signal.SIG_DFL)
        linux_driver.getincrementaldecoder = _tolerant  # type: ignore[attr-defined]  # what Textual's thread decodes by

    def start_application_mode(self) -> None:
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual gives it no types
        self._listen()

    def stop_application_mode(self) -> None:
        """Also called when the console ends: the SIGCONT that comes with a closed terminal's SIGHUP must not start it
        again."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTSTP, signal.SIGCONT):
            loop.remove_signal_handler(number)
        super().stop_application_mode()

    def write(self, data: str) -> None:
        super().write(charset.plain(data) if self._is_plain else data)

    def suspend(self, *, group: bool = True) -> None:
        """Give the terminal back and stop until somebody continues the process; with its whole ``group``, as the shell
        waits for all of it, and a wrapper may be in it. Nothing is stopped where nobody could continue it."""
        self.suspend_application_mode()
        if group:
            signal.signal(signal.SIGTSTP, signal.SIG_IGN)
            os.killpg(0, signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        signal.pthread_kill(threading.get_ident(), signal.SIGTSTP)
        self._come_back()

    def _was_stopped(self) -> None:
        """It goes on after a stop that it was not told of: others have used the terminal, in their own modes."""
        self.suspend_application_mode()
        self._come_back()

    def _come_back(self) -> None:
        """In the background Textual stops the process again, and does not start."""
        self._must_signal_resume = True
        writing = self._writer_thread
        for _ in range(RETRIES):
            self.resume_application_mode()
            if self._writer_thread is not writing:
                return
            time.sleep(RETRY_INTERVAL)
        self._app.exit(return_code=1)

    def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTSTP, partial(self.suspend, group=False))
        loop.add_signal_handler(signal.SIGCONT, self._was_stopped)


def _tolerant(encoding: str) -> Any:
    return partial(codecs.getincrementaldecoder(encoding), errors="replace")
