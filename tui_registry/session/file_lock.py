"""Locks between the processes of a machine, on files or folders that are held open."""

import fcntl
import time

POLL_INTERVAL = 0.02  # seconds


def acquire(descriptor: int, kind: int, *, timeout: float) -> bool:
    """Lock an open file or folder until it is closed. ``kind``: fcntl.LOCK_SH or LOCK_EX. Returns False, if another
    process still has it after so many seconds. Raises OSError where the file system has no locks."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_INTERVAL)
        else:
            return True
