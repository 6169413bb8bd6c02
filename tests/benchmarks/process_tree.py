"""Processes and all that they started, as Linux shows them under ``/proc``."""

import os
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> float:
    """MiB of memory that a process and its descendants hold; what they share is counted for each."""
    own = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE / 2**20
    return own + sum(resident(child) for child in children(pid))


def processor_time(pid: int) -> float:
    """Seconds of processor time that a process and its descendants have taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS + sum(processor_time(child) for child in children(pid))


def children(pid: int) -> set[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return {int(child) for task in tasks for child in (task / "children").read_text().split()}
