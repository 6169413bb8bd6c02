"""Everything that the server and its commands print, on the terminal and in the log.

It quotes what people and programs chose: names, comments, paths, messages of a database. So everything passes
wire.plain_text here, and nothing is printed elsewhere: no text can send control sequences to a terminal, or add a line.
"""

import logging
import sys
from collections.abc import Iterable, Sequence
from typing import NoReturn, TextIO

import click

from tui_registry_server.wire.plain_text import message, one_line

GAP = "  "


def print_lines(texts: Iterable[str]) -> None:
    """Print the result of a command, one line per text."""
    for text in texts:
        _write(sys.stdout, one_line(text, len(text)))


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows of one line each, in aligned columns."""
    from rich.cells import cell_len  # the width of a text in terminal cells

    lines = [list(headings), *([one_line(cell, len(cell)) for cell in row] for row in rows)]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        padded = (cell + " " * (width - cell_len(cell)) for cell, width in zip(line, widths, strict=True))
        _write(sys.stdout, GAP.join(padded).rstrip())


def note(text: str) -> None:
    """Print a message to stderr: it is not part of the result."""
    _write(sys.stderr, message(text))


def fail(text: str) -> NoReturn:
    """Print an error message, and exit with 1."""
    note(f"Error: {text}")
    sys.exit(1)


def _write(stream: TextIO, text: str) -> None:
    click.echo(text, file=stream)


class LogFormatter(logging.Formatter):
    """One line per record; further lines of it, such as a traceback, are indented."""

    def format(self, record: logging.LogRecord) -> str:
        return message(super().format(record))


def set_up_log() -> None:
    """Warnings and errors go to stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(LogFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
