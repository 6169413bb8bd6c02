"""Reports in Markdown, with the date, the environment and the command of the measurements."""

import os
import platform
import sqlite3
import sys
import time
from collections.abc import Iterable, Sequence
from importlib.metadata import version


def print_heading(title: str, *packages: str) -> None:
    """The title, then date, cores, versions (of the packages that matter here) and command."""
    module = sys.modules["__main__"].__spec__
    command = " ".join(("python -m", module.name if module else sys.argv[0], *sys.argv[1:]))
    versions = ", ".join(
        (
            f"Python {platform.python_version()}",
            f"SQLite {sqlite3.sqlite_version}",
            *(f"{each} {version(each)}" for each in packages),
        )
    )
    print(f"## {title}\n\n{time.strftime('%Y-%m-%d', time.gmtime())}, {os.cpu_count()} cores, {versions}\n")
    print(f"    {command}\n", flush=True)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Numbers are rounded to about three significant digits; the first column is text."""
    print(f"| {' | '.join(columns)} |")
    print(f"|{'|'.join(('---', *['---:'] * (len(columns) - 1)))}|")
    for row in rows:
        print(f"| {' | '.join(_formatted(cell) for cell in row)} |")
    print(flush=True)


def _formatted(cell: object) -> str:
    if not isinstance(cell, float):
        return f"{cell:,}" if isinstance(cell, int) else str(cell)
    return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:.1f}" if abs(cell) >= 10 else f"{cell:.2f}"
