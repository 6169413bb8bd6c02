"""All that the server and its commands say, on the terminal and in the log.

It quotes what people and programs chose: names, comments, paths, the words of a database. So everything passes
wire.plain_text here, and nothing is printed elsewhere: no text can steer a terminal, or add a row or a line of its own.
"""

import logging
import sys
from collections.abc import Iterable, Sequence
from typing import NoReturn, TextIO

import click

from tui_registry_server.wire.plain_text import message, one_line

GAP = "  "


def print_lines(texts: Iterable[str]) -> None:
    """The answer of a command, each text in a line of its own."""
    for text in texts:
        _write(sys.stdout, one_line(text, len(text)))


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Rows of one line each, in aligned columns."""
    from rich.cells import cell_len  # counts the cells of a terminal that a text takes

    shown = [list(headings), *([one_line(cell, len(cell)) for cell in row] for row in rows)]
    widths = [max(map(cell_len, column)) for column in zip(*shown, strict=True)]
    for row in shown:
        filled = (cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True))
        _write(sys.stdout, GAP.join(filled).rstrip())


def note(text: str) -> None:
    """Say something that is not the answer."""
    _write(sys.stderr, message(text))


def fail(text: str) -> NoReturn:
    """Say what went wrong, and end with 1."""
    note(f"Error: {text}")
    sys.exit(1)


def _write(stream: TextIO, text: str) -> None:
    click.echo(text, file=stream)


class LogFormatter(logging.Formatter):
    """A record is a line, and what belongs to it, such as a traceback, is indented."""

    def format(self, record: logging.LogRecord) -> str:
        return message(super().format(record))


def set_up_log() -> None:
    """Warnings and errors go to stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(LogFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
