"""The worker that backs the registry up on a schedule: in a child process, so that requests do not wait for it.

The child is ``tui-registry backup --folder``, which decides whether a backup is due by those in the folder, one server
at a time. So servers that share a folder share its backups, and one that restarts does not start over. This process
never touches the folder: a file system that hangs must not keep it from serving, nor from ending.
"""

import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import PurePath

from tui_registry_server.rules import backup_schedule
from tui_registry_server.rules.backup_schedule import BackupSchedule

log = logging.getLogger(__name__)

START_DELAY = 5.0  # seconds: the server has others to start first
FIRST_RETRY = 60.0  # seconds after a failure, doubled with each further one, up to the schedule's
SHORTEST_LIMIT = 60 * 60.0  # seconds after which a backup that has not ended is killed, at least
END_SECONDS = 5.0  # that a backup gets to remove its partial file, as the server ends
NICENESS = 10  # of the child: requests come first


class BackupFailed(Exception):
    """Its message says why."""


class BackupWorker:
    def __init__(self, schedule: BackupSchedule) -> None:
        self._schedule = schedule

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Back up while the block runs. A backup that has not ended by then is given up."""
        task = asyncio.ensure_future(self._run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        every = self._schedule.every
        await asyncio.sleep(min(START_DELAY, every))
        failures = 0
        while True:
            try:
                newest = await self._back_up()
            except (BackupFailed, OSError) as error:
                wait = min(every, FIRST_RETRY * 2 ** min(failures, 20))
                failures += 1
                log.error("the registry was not backed up: %s; the next attempt is in %.0f seconds", error, wait)
            else:
                if failures:
                    log.warning("the registry is backed up again: %s", newest)
                failures = 0
                began = (backup_schedule.time_of(newest.name) or 0) / 1000
                wait = min(every, max(1.0, began + every - time.time()))
            await asyncio.sleep(wait)

    async def _back_up(self) -> PurePath:
        """The newest backup, which was made now if one was due. Raises BackupFailed."""
        schedule = self._schedule
        options = ("--folder", str(schedule.folder), "--keep", str(schedule.keep), "--every", f"{schedule.every}s")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "tui_registry_server", "backup", *options),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            # Not as an argument: everybody on the machine can list those, and a URL may have a password.
            env=os.environ | {"TUI_REGISTRY_DATABASE": schedule.location},
        )
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
        limit = max(SHORTEST_LIMIT, schedule.every)
        try:
            async with asyncio.timeout(limit):
                printed, problem = await process.communicate()
        except TimeoutError:
            raise BackupFailed(f"it has not ended within {limit / 60:.0f} minutes") from None
        finally:
            await _end(process)
        if process.returncode != 0:
            lines = problem.decode(errors="replace").strip().splitlines()
            raise BackupFailed(lines[-1].removeprefix("Error: ").rstrip(".") if lines else "it was killed")
        return PurePath(printed.decode(errors="replace").strip())


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a process, if it still runs."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_SECONDS):
                await process.wait()
