"""Checks of the database: it opens, is sound, has the schema of this program, and its audit log is unbroken."""

import sqlite3
from collections.abc import Iterator

from tui_registry_server.doctor.subject import Server, now
from tui_registry_server.rules.audit import BrokenChainError, Chain, format_time
from tui_registry_server.rules.errors import InvalidState
from tui_registry_server.store import activities, schema
from tui_registry_server.store.engine import redact_url
from tui_registry_server.store.schema import SchemaTooNewError
from tui_registry_server.wire.diagnosis import Finding, Status

RECORDS = 1000  # of the audit log's newest that are verified
CLOCK_WARN, CLOCK_FAIL = 2_000, 60_000  # milliseconds between two clocks
RESTORE = "Restore a backup: tui-registry restore FILE --force. Until then do not write to it."


def opens(server: Server) -> Iterator[Finding]:
    with server.reading() as connection:
        if server.file is None:
            (version,) = connection.exec_driver_sql("SHOW server_version").one()
            yield Finding(Status.OK, f"{redact_url(server.options.database)} opens: PostgreSQL {version}.")
        else:
            connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").one()
            yield Finding(Status.OK, f"{server.file} opens: SQLite {sqlite3.sqlite_version}.")


def has_schema(server: Server) -> Iterator[Finding]:
    with server.reading() as connection:
        try:
            schema.check(connection)
        except SchemaTooNewError as error:
            yield Finding(Status.FAIL, str(error), "Install the version of tui-registry that wrote it.")
        except InvalidState as error:
            yield Finding(Status.WARN, error.message, "The next start of the server upgrades it. Back it up before.")
        else:
            yield Finding(Status.OK, f"The schema is {schema.NEWEST}, this program's.")


def is_sound(server: Server) -> Iterator[Finding]:
    """PostgreSQL checks its own pages."""
    if server.file is None:
        return
    with server.reading() as connection:
        (result,) = connection.exec_driver_sql("PRAGMA quick_check(1)").one()
    if result == "ok":
        yield Finding(Status.OK, "SQLite's quick check finds nothing.")
    else:
        yield Finding(Status.FAIL, f"The file is damaged: {result}.", RESTORE)


def has_audit_log(server: Server) -> Iterator[Finding]:
    with server.reading() as connection:
        last = activities.last_sequence(connection)
        chain = Chain(partial=True)
        try:
            for record in activities.records(connection, after=max(0, last - RECORDS)):
                chain.verify(record)
        except BrokenChainError as error:
            yield Finding(
                Status.FAIL, error.message, "Find out who wrote to the database; compare with a backup and saved heads."
            )
            return
    if chain.head is None:
        yield Finding(Status.OK, "The audit log is empty.")
    else:
        yield Finding(Status.OK, f"The last {chain.count:,} records are unbroken; the head is {chain.head}.")


def has_clock(server: Server) -> Iterator[Finding]:
    """This machine's clock, compared with the newest record's time and with PostgreSQL's clock."""
    with server.reading() as connection:
        newest = activities.head(connection).last_timestamp
        if (ahead := newest - now()) > CLOCK_WARN:
            yield Finding(
                Status.FAIL if ahead > CLOCK_FAIL else Status.WARN,
                f"The newest record is of {format_time(newest)}, in the future: a clock was or is wrong.",
                "Synchronise the clocks of all servers, by NTP. Records keep that time until it has come.",
            )
        if server.file is None:
            (there,) = connection.exec_driver_sql("SELECT extract(epoch FROM clock_timestamp()) * 1000").one()
            yield differs("PostgreSQL's clock", float(there) - now())
        elif ahead <= CLOCK_WARN:
            yield Finding(Status.OK, f"It is {format_time(now())}, and no record is of a later time.")


def differs(whose: str, milliseconds: float, *, accuracy: int = 0) -> Finding:
    """What it means that somebody else's clock is so much ahead of ours, if that is known this accurately."""
    apart = max(0.0, abs(milliseconds) - accuracy)
    status = Status.FAIL if apart > CLOCK_FAIL else Status.WARN if apart > CLOCK_WARN else Status.OK
    if status == Status.OK:
        return Finding(status, f"{whose} and this machine's agree.")
    direction = "ahead of" if milliseconds > 0 else "behind"
    return Finding(
        status, f"{whose} is {apart / 1000:,.0f} seconds {direction} this machine's.", "Synchronise both, by NTP."
    )
