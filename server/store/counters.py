"""Counters that tell one process that another has changed something."""

from sqlalchemy import Connection, bindparam, select, update

from server.store.statements import Statement
from server.store.tables import counters

IDENTITY = "identity"
"""Moves with every change of principals, memberships, tokens and registry-wide grants."""

_READ = Statement(select(counters.c.value).where(counters.c.name == bindparam("name")))
_ADVANCE = Statement(update(counters).where(counters.c.name == bindparam("name")).values(value=counters.c.value + 1))


def read(connection: Connection, name: str) -> int:
    value: int = _READ.scalar(connection, name=name)
    return value


def advance(connection: Connection, name: str) -> None:
    _ADVANCE.run(connection, name=name)
