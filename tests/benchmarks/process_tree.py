"""Memory and processor time of processes and their descendants, from Linux' ``/proc``."""

import os
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> float:
    """The resident memory of a process and its descendants in MiB; shared memory is counted for each."""
    own = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE / 2**20
    return own + sum(resident(child) for child in children(pid))


def processor_time(pid: int) -> float:
    """The processor time of a process and its descendants in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS + sum(processor_time(child) for child in children(pid))


def children(pid: int) -> set[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return {int(child) for task in tasks for child in (task / "children").read_text().split()}
