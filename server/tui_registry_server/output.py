"""Everything that the server and its commands print, on the terminal and in the log.

It quotes what people and programs chose: names, comments, paths, messages of a database. So everything passes
wire.plain_text here, and nothing is printed elsewhere: no text can send control sequences to a terminal, or add a line.
"""

import json
import logging
import re
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NoReturn, TextIO

import click

from tui_registry_server.wire.plain_text import message, one_line

GAP = "  "
LOG_LEVELS = ("debug", "info", "warning", "error")
LOG_FORMATS = ("text", "json")
_WORD = re.compile(r"[^\s\"=\\]+")


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
    """One line per record; further lines of it, such as a traceback, are indented. The fields of a record of the access
    log follow its message, those that are not plain words in quotes."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        for name, value in getattr(record, "fields", {}).items():
            word = "-" if value is None else str(value)
            text += f" {name}={word if _WORD.fullmatch(word) else json.dumps(word)}"
        return message(text)


class JsonLogFormatter(logging.Formatter):
    """One JSON object per record, in ASCII, with the time in UTC."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry)


def set_up_log(level: str = "warning", log_format: str = "text") -> None:
    """The log goes to stderr. ``level`` is of the server's own: libraries report less, as at lower levels they would
    log queries, SQL with its values, and headers."""
    handler = logging.StreamHandler()
    if log_format == "json":
        handler.setFormatter(JsonLogFormatter())
    else:
        handler.setFormatter(LogFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("tui_registry_server").setLevel(level.upper())


def announce(text: str) -> None:
    """Print what is to be seen whatever the level of the log: as a message or, where that is JSON, in the log."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler.formatter, JsonLogFormatter):
            handler.handle(logging.LogRecord("tui_registry_server", logging.INFO, "", 0, text, (), None))
            return
    note(text)
