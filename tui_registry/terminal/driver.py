"""A terminal driver that writes only what the terminal's encoding has, and releases the terminal while suspended.

Textual's own driver stops its process by SIGSTOP, which also stops one that nobody will continue, and resumes on every
SIGCONT, also without a stop of its own. It handles signals at any point of the program, even in the middle of a write.
And it ends the program when a key is not valid UTF-8.
"""

import asyncio
import codecs
import os
import signal
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver

from tui_registry_server import charset

RETRIES, RETRY_INTERVAL = 100, 0.1  # of taking the terminal back; the interval in seconds


class TerminalFile:
    """The terminal, to write to. What it does not take, as it is closed, is dropped: Textual's thread would end at the
    first error, and the console wait forever for room in a queue that nobody empties any more."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            self._file.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._file.flush()

    def fileno(self) -> int:
        number: int = self._file.fileno()
        return number


class TerminalDriver(LinuxDriver):
    """``written_at``: when the last text was passed to the thread that writes it, by the monotonic clock. From then on
    a user may see it, and answer, long before anything else is done here on a busy machine."""

    written_at = 0.0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._is_plain = not charset.is_utf8()
        self._file = TerminalFile(self._file)  # type: ignore[assignment]  # it has what Textual's thread uses of a file
        for number in (signal.SIGTSTP, signal.SIGCONT):  # Textual's own handlers
            signal.signal(number, signal.SIG_DFL)
        linux_driver.getincrementaldecoder = _tolerant_decoder  # type: ignore[attr-defined]  # the decoder of Textual's input thread

    def start_application_mode(self) -> None:
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual gives it no types
        self._install_signal_handlers()

    def stop_application_mode(self) -> None:
        """Also called when the console ends: the SIGCONT that comes with a closed terminal's SIGHUP must not start it
        again."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTSTP, signal.SIGCONT):
            loop.remove_signal_handler(number)
        super().stop_application_mode()

    def write(self, data: str) -> None:
        data = charset.plain(data) if self._is_plain else data
        self.written_at = time.monotonic()
        super().write(data)

    def suspend(self, *, group: bool = True) -> None:
        """Release the terminal and stop until the process is continued; with its whole process ``group``, as the shell
        waits for all of it, and a wrapper may be in it. Has no effect where nobody could continue it."""
        self.suspend_application_mode()
        if group:
            signal.signal(signal.SIGTSTP, signal.SIG_IGN)
            os.killpg(0, signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        signal.pthread_kill(threading.get_ident(), signal.SIGTSTP)
        self._resume()

    @contextmanager
    def released(self) -> Iterator[None]:
        """Leave the terminal to another program until the block ends. The block must not return to the event loop:
        what the console draws would have nowhere to go. If ctrl+z stops the program, it stops the console, too, and the
        shell continues both."""
        self.suspend_application_mode()
        modes: Any = None
        try:
            with suppress(termios.error):
                modes = termios.tcgetattr(self.fileno)
            yield
        finally:
            with suppress(termios.error):  # the terminal is gone
                if modes is not None:  # a program that fails leaves its own
                    termios.tcsetattr(self.fileno, termios.TCSADRAIN, modes)
            self._resume()

    def _on_continued(self) -> None:
        """Continued after a stop that it could not handle: other programs have used the terminal, in their own
        modes."""
        self.suspend_application_mode()
        self._resume()

    def _resume(self) -> None:
        """Take the terminal back. In the background Textual stops the process again, and does not resume."""
        self._must_signal_resume = True
        writing = self._writer_thread
        for _ in range(RETRIES):
            self.resume_application_mode()
            if self._writer_thread is not writing:
                return
            time.sleep(RETRY_INTERVAL)
        self._app.exit(return_code=1)

    def _install_signal_handlers(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTSTP, partial(self.suspend, group=False))
        loop.add_signal_handler(signal.SIGCONT, self._on_continued)


def _tolerant_decoder(encoding: str) -> Any:
    return partial(codecs.getincrementaldecoder(encoding), errors="replace")
