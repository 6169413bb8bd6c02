"""Rows as CSV, for spreadsheets, or as JSON Lines, for programs; and the file that they are written to."""

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from errno import EISDIR
from pathlib import Path

from tui_registry.session.config import replace_private, write_private
from tui_registry.terminal.sanitize import lines
from tui_registry.widgets.row import Row, Value, plain

_FORMULA = re.compile(r"(?:^|[,;|\t])\s*[=+\-@＝＋－＠]")
"""What a spreadsheet takes for a formula, and may run, also one that divides cells by another character."""


class Format(StrEnum):
    """By the ends of the names of files."""

    CSV = "csv"
    JSON_LINES = "jsonl"


def exported(rows: Sequence[Row], columns: Mapping[str, int], format_: Format) -> str:
    """The values of these columns, which are given with their indexes in the rows, by the columns' names."""
    return (_csv if format_ is Format.CSV else _json_lines)(rows, columns)


def write(name: str, text: str, *, overwrite: bool) -> Path:
    """Write a file that only its owner can read; ``~`` in its name is a home. Returns its path. Raises FileExistsError
    unless ``overwrite``; other OSErrors; ValueError and RuntimeError for a name that cannot be one."""
    file = Path(name).expanduser().absolute()
    if overwrite:
        replace_private(file, text)
        return file
    try:
        write_private(file, text)
    except FileExistsError:
        if not file.is_file():
            raise IsADirectoryError(EISDIR, "something that is not a file has this name") from None
        raise
    return file


def _csv(rows: Sequence[Row], columns: Mapping[str, int]) -> str:
    """As RFC 4180 has it, with a line of names, each row on a line of its own. Texts pass terminal.sanitize, as the
    file may be printed, and those that a spreadsheet would run begin with an apostrophe."""
    stream = io.StringIO()
    writer = csv.writer(stream, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow([_cell(name) for name in columns])
    writer.writerows([_cell(row.value(index)) for index in columns.values()] for row in rows)
    return stream.getvalue()


def _cell(value: Value) -> str | int | float | None:
    text = plain(value)
    if not isinstance(text, str):
        return text
    text = " ".join(lines(text, len(text)))
    return f"'{text}" if _FORMULA.search(text) else text


def _json_lines(rows: Sequence[Row], columns: Mapping[str, int]) -> str:
    """One object a line, in ASCII. Nothing in the texts is changed."""
    return "".join(
        json.dumps({name: _json(row.value(index)) for name, index in columns.items()}) + "\n" for row in rows
    )


def _json(value: Value) -> str | int | float | None:
    number = plain(value)
    # JSON has no such numbers.
    return str(number) if isinstance(number, float) and number - number != 0 else number
