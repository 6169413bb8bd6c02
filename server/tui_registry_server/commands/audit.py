"""``audit``: verify and export the log of every change. See rules.audit for its hash chain."""

import codecs
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, TextIO

import click

from tui_registry_server.commands.database import database_option, exit_on_error, progress_bar
from tui_registry_server.output import note, print_lines
from tui_registry_server.rules.audit import BrokenChainError, Chain, Head, parse
from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.rules.principals import DEFAULT_WORKSPACE, no_workspace
from tui_registry_server.store import activities, workspaces
from tui_registry_server.store.engine import Connection, database_url
from tui_registry_server.store.schema import open_registry

MAX_LINE = 64 * 1024 * 1024  # bytes: what a request can write into a record is a quarter of that


class _Head(click.ParamType[Head]):
    name = "head"

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> Head:
        try:
            return Head.read(value)
        except InvalidParameterValue as error:
            self.fail(error.message, param, context)


class _Time(click.ParamType[int]):
    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> int:
        """Milliseconds since the epoch. A time without a time zone is UTC."""
        try:
            time = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"'{value}' is not a time. Write it as 2026-11-23 or 2026-11-23T14:30.", param, context)
        return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)


@click.group()
def audit() -> None:
    """The log of every change: who, when, from where, with which token, and the values before and after."""


@audit.command()
@click.option("--head", type=_Head(), help="What an earlier run printed: that record must still be there as it was.")
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Verify what 'audit export' wrote, instead of the database.",
)
@database_option
def verify(*, head: Head | None, file: Path | None, database: str) -> None:
    """Check whether any record was changed, removed, added or moved since it was written.

    Every record has a digest of itself and of the one before it. Anyone who can write to the database can also
    recompute all digests, or cut off the end: save the head that this prints on another machine, and give it the next
    time.

    Exits with 0 if all is as it was written and includes the head, if one was given; with 1 if not, or if it could not
    be read; with 2 if the command was not understood.
    """
    chain = Chain(head, partial=file is not None)
    with exit_on_error(f"{file} could not be read" if file else "The database could not be read"):
        if file is not None:
            with file.open("rb") as lines:
                for record in _parsed(lines):
                    chain.verify(record)
            if not chain.count:
                raise BrokenChainError(f"There is no record in {file}.")
            chain.end()
        else:
            with open_registry(database_url(database)) as connection, progress_bar("Verifying") as progress:
                total = activities.last_sequence(connection)
                for record in activities.records(connection):
                    chain.verify(record)
                    if chain.count % activities.BATCH == 0:
                        progress(chain.count, max(total, chain.count))
                progress(total, total)
                chain.end()
    note(f"{chain.count:,} records, none of them changed.")
    if chain.first > 1:
        note(f"They begin with record {chain.first}: nothing is proved about earlier ones.")
    if chain.head is not None:
        print_lines([str(chain.head)])


@audit.command()
@click.option("--since", type=_Time(), help="From this time on (UTC, unless it has a time zone).")
@click.option(
    "--workspace",
    metavar="NAME",
    help="Only what is of this workspace: the one of this name or, if it was deleted, the last one.",
)
@click.option(
    "--output", type=click.Path(path_type=Path), help="A new file, readable by you only, instead of the terminal."
)
@database_option
def export(*, since: int | None, workspace: str | None, output: Path | None, database: str) -> None:
    """Write the records as JSON Lines, oldest first, with their digests.

    Those of the workspace 'default' are all that are not of another one, also those of users, groups and tokens. Every
    digest is of the record and of the one before it, whichever workspace that is of: 'audit verify' takes only exports
    of all workspaces.
    """
    with (
        exit_on_error("The log could not be exported"),
        open_registry(database_url(database)) as connection,
    ):
        is_meant = _of_workspace(connection, workspace)
        after = 0 if since is None else activities.last_before(connection, since)
        with _opened(output) as file:
            for record in filter(is_meant, activities.records(connection, after=after)):
                file.write(json.dumps(record, sort_keys=True, default=repr) + "\n")  # default: bytes, if tampered with


def _of_workspace(connection: Connection, name: str | None) -> Callable[[Mapping[str, Any]], bool]:
    """Whether a record is of the workspace; each is, without a name. Raises ResourceDoesNotExist."""
    if name is None:
        return lambda record: True
    workspace_id = workspaces.last_called(connection, name)
    if workspace_id is None:
        raise no_workspace(name)
    return lambda record: record.get("workspace_id", DEFAULT_WORKSPACE) == workspace_id


@contextmanager
def _opened(output: Path | None) -> Iterator[TextIO]:
    if output is None:
        yield sys.stdout
        sys.stdout.flush()
        return
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            yield file
    except BaseException:
        output.unlink()  # a part would look like the whole log
        raise


def _parsed(lines: BinaryIO) -> Iterator[dict[str, Any]]:
    """The records of an export. Blank lines, a byte order mark and the kind of line ends are ignored."""
    number = 0
    while line := lines.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            raise BrokenChainError(f"Line {number} is not a record: it is longer than any.")
        content = line.removeprefix(codecs.BOM_UTF8).strip() if number == 1 else line.strip()
        if not content:
            continue
        try:
            record = parse(content)
        except ValueError as error:
            raise BrokenChainError(f"Line {number} is not a record: {ascii(str(error))[1:-1]}.") from None
        if not isinstance(record, dict):
            raise BrokenChainError(f"Line {number} is not a record: it is not a JSON object.")
        yield record
