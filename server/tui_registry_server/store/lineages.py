"""Statements on the lineage of versions: what a tracking server has said, and which versions it is to be asked about.

Any one of several servers takes what is due: it leases it for some time, so that another takes over if it ends.
"""

from typing import NamedTuple

from sqlalchemy import BigInteger, Connection, Integer, bindparam, case, func, insert, literal, select, update

from tui_registry_server.store.statements import Statement
from tui_registry_server.store.tables import lineages, model_versions, registered_models


class LineageRow(NamedTuple):
    """``document`` is a LineageDocument in JSON. Times are milliseconds since the epoch; without
    ``next_attempt_timestamp``, the tracking server is not asked again."""

    document: str | None
    problem: str | None
    retrieved_timestamp: int | None
    next_attempt_timestamp: int | None


class DueRow(NamedTuple):
    """A version that the tracking server is to be asked about, after so many attempts."""

    model_id: str
    name: str
    version: int
    storage_location: str
    logged_model_id: str | None
    run_id: str | None
    attempts: int
    workspace_id: str


class VersionOrigin(NamedTuple):
    """What a version says of its origin."""

    storage_location: str
    logged_model_id: str | None
    run_id: str | None


_row = lineages.c
_the_version = (_row.model_id == bindparam("model_id")) & (_row.version == bindparam("version"))
_due_by = bindparam("now", type_=BigInteger())

_READ = Statement(
    select(_row.document, _row.problem, _row.retrieved_timestamp, _row.next_attempt_timestamp).where(_the_version)
)
_INSERT = Statement(insert(lineages))
SOON = 30_000  # milliseconds
_is_soon = lineages.c.next_attempt_timestamp <= bindparam("soon", type_=BigInteger())
_ASK_AGAIN = Statement(
    update(lineages)
    .where(_the_version)
    .values(
        problem=None,
        attempts=case((_is_soon, lineages.c.attempts), else_=0),
        next_attempt_timestamp=case(
            (_is_soon, lineages.c.next_attempt_timestamp), else_=bindparam("due", type_=BigInteger())
        ),
    )
)
_DUE = Statement(
    select(
        _row.model_id,
        registered_models.c.name,
        _row.version,
        model_versions.c.storage_location,
        model_versions.c.logged_model_id,
        model_versions.c.run_id,
        _row.attempts,
        registered_models.c.workspace_id,
    )
    .select_from(
        lineages.join(
            model_versions,
            (model_versions.c.model_id == _row.model_id) & (model_versions.c.version == _row.version),
        ).join(registered_models, registered_models.c.id == _row.model_id)
    )
    .where(_row.next_attempt_timestamp <= _due_by)
    .order_by(_row.next_attempt_timestamp)
    .limit(bindparam("limit", type_=Integer()))
)
_NEXT = Statement(select(func.min(_row.next_attempt_timestamp)).where(_row.next_attempt_timestamp.is_not(None)))
_that_version = (model_versions.c.model_id == bindparam("model_id")) & (
    model_versions.c.version == bindparam("version")
)
_VERSION = Statement(
    select(model_versions.c.storage_location, model_versions.c.logged_model_id, model_versions.c.run_id).where(
        _that_version
    )
)
_SET_RUN = Statement(
    update(model_versions)
    .where(_that_version, model_versions.c.run_id == literal(""))
    .values(run_id=bindparam("found"))
)
_LEASE = Statement(update(lineages).where(_the_version).values(next_attempt_timestamp=bindparam("until")))
_KEEP = Statement(
    update(lineages)
    .where(_the_version)
    .values(
        document=bindparam("document"),
        problem=None,
        attempts=bindparam("attempts"),
        retrieved_timestamp=bindparam("now"),
        next_attempt_timestamp=bindparam("next_attempt"),
    )
)
_POSTPONE = Statement(
    update(lineages)
    .where(_the_version)
    .values(
        problem=bindparam("problem"), attempts=bindparam("attempts"), next_attempt_timestamp=bindparam("next_attempt")
    )
)


def version(connection: Connection, model_id: str, version: int) -> VersionOrigin:
    """Of a version that exists."""
    return VersionOrigin(*_VERSION.run(connection, model_id=model_id, version=version)[0])


def read(connection: Connection, model_id: str, version: int) -> LineageRow | None:
    row = _READ.run(connection, model_id=model_id, version=version).first()
    return None if row is None else LineageRow(*row)


def ask(connection: Connection, model_id: str, version: int, due: int) -> None:
    """Have the tracking server asked about a version at this time, whatever it has said before; unless it is asked soon
    anyway: who asks again and again does not have it asked more often."""
    if not _ASK_AGAIN.run(connection, model_id=model_id, version=version, due=due, soon=due + SOON).rowcount:
        _INSERT.run(
            connection,
            model_id=model_id,
            version=version,
            document=None,
            problem=None,
            attempts=0,
            retrieved_timestamp=None,
            next_attempt_timestamp=due,
        )


def next_due(connection: Connection) -> int | None:
    """When the next attempt is due, or None if there is none."""
    when: int | None = _NEXT.scalar(connection)
    return when


def lease(connection: Connection, now: int, until: int, limit: int) -> list[DueRow]:
    """Versions that are due, which nobody else gets until then."""
    rows = [DueRow(*row) for row in _DUE.run(connection, now=now, limit=limit)]
    for row in rows:
        _LEASE.run(connection, model_id=row.model_id, version=row.version, until=until)
    return rows


def keep(connection: Connection, row: DueRow, document: str, now: int, next_attempt: int | None) -> None:
    """Keep what the tracking server has said, to be asked again at a time, or not."""
    _KEEP.run(
        connection,
        model_id=row.model_id,
        version=row.version,
        document=document,
        attempts=row.attempts + 1,
        now=now,
        next_attempt=next_attempt,
    )


def postpone(connection: Connection, row: DueRow, problem: str, next_attempt: int | None) -> None:
    """Count an attempt that failed. What was said before is kept."""
    _POSTPONE.run(
        connection,
        model_id=row.model_id,
        version=row.version,
        problem=problem,
        attempts=row.attempts + 1,
        next_attempt=next_attempt,
    )


def set_run(connection: Connection, model_id: str, version: int, run_id: str) -> bool:
    """Give a version without a run this one; whether there is such a version. Its last_updated_timestamp stays: nobody
    has changed it."""
    return _SET_RUN.run(connection, model_id=model_id, version=version, found=run_id).rowcount > 0
