"""A program that runs beside the console, whose output is kept, up to a limit."""

import asyncio
import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

MAX_OUTPUT = 64 * 1024  # bytes that are kept: the last ones
LATE_OUTPUT_SECONDS = 0.5  # after the program has ended: a child of its own may keep its output open for ever
KILL_SECONDS = 3.0  # after SIGTERM


class BackgroundProcess:
    """In a session of its own, without a terminal and without input.

    title: for people. code: its exit code, the negative number of the signal that ended it, or None while it runs.
    """

    def __init__(self, title: str, arguments: Sequence[str]) -> None:
        self.title = title
        self.arguments = list(arguments)
        self.code: int | None = None
        self.seconds = 0.0  # that it ran
        self.received = 0  # bytes
        self._output = bytearray()
        self._started = time.monotonic()
        self._process: asyncio.subprocess.Process | None = None

    @property
    def output(self) -> str:
        """Standard output and error, as one text; not sanitized."""
        text = self._output.decode("utf-8", errors="replace")
        if self.received <= MAX_OUTPUT:
            return text
        _, _, whole_lines = text.partition("\n")
        return f"… only the last {MAX_OUTPUT:,} bytes are kept\n{whole_lines or text}"

    @property
    def is_running(self) -> bool:
        return self.code is None

    async def run(self, variables: Mapping[str, str]) -> None:
        """Run it to its end; it is ended if this is cancelled. Raises OSError if it cannot be started."""
        reading, writing = os.pipe()
        transport: asyncio.ReadTransport | None = None
        try:
            reader = asyncio.StreamReader()
            transport, _ = await asyncio.get_running_loop().connect_read_pipe(
                lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(reading, "rb", buffering=0)
            )
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *self.arguments,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=writing,
                    stderr=writing,
                    env=dict(variables),
                    start_new_session=True,
                )
            finally:
                os.close(writing)
            collecting = asyncio.create_task(self._collect(reader))
            try:
                self.code = await self._process.wait()
                await asyncio.wait({collecting}, timeout=LATE_OUTPUT_SECONDS)
            finally:
                collecting.cancel()
        finally:
            self.seconds = time.monotonic() - self._started
            await self.end()
            if transport is not None:
                transport.close()

    async def _collect(self, reader: asyncio.StreamReader) -> None:
        while content := await reader.read(8192):
            self.received += len(content)
            self._output += content
            del self._output[:-MAX_OUTPUT]

    async def end(self) -> None:
        """End it and its children, if it still runs: kindly first."""
        process = self._process
        if process is None or not self.is_running:
            return
        self._signal(process.pid, signal.SIGTERM)
        try:
            self.code = await asyncio.wait_for(process.wait(), KILL_SECONDS)
        except TimeoutError:
            self._signal(process.pid, signal.SIGKILL)
            self.code = await process.wait()

    def _signal(self, group: int, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)
