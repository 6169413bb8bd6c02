"""Numbers that tell one process that another has changed something; and those that a registry draws once."""

import secrets

from sqlalchemy import Connection, bindparam, insert, select, update

from tui_registry_server.rules.principals import new_id
from tui_registry_server.store.statements import Statement
from tui_registry_server.store.tables import counters

IDENTITY = "identity"
"""Another number after every change of principals, memberships, tokens and registry-wide grants. It is drawn, not
counted: where a standby is promoted that lacks the last changes, or a backup is restored, others follow them, and must
not be taken for those that a server has seen."""

_KEY = ("key 1", "key 2")
"""Numbers of 63 random bits: together the key of rules.cursors."""

WORKSPACE = "workspace"
"""Not moved: the id that Databricks' clients know the registry by. Databricks' own have as many digits, and floating
point holds them."""

NAMES = (IDENTITY, *_KEY, WORKSPACE)

_READ = Statement(select(counters.c.value).where(counters.c.name == bindparam("name")))
_ADVANCE = Statement(update(counters).where(counters.c.name == bindparam("name")).values(value=bindparam("number")))
_PRESENT = Statement(select(counters.c.name))
_INSERT = Statement(insert(counters))


def seed(connection: Connection) -> None:
    """Have those that are not there yet."""
    there = {row[0] for row in _PRESENT.run(connection)}
    if IDENTITY not in there:
        _INSERT.run(connection, name=IDENTITY, value=1)
    if WORKSPACE not in there:
        _INSERT.run(connection, name=WORKSPACE, value=int(new_id()))
    for name in _KEY:
        if name not in there:
            _INSERT.run(connection, name=name, value=secrets.randbits(63))


def key(connection: Connection) -> bytes:
    """What the registry conceals places with, the same in every process."""
    return b"".join(read(connection, name).to_bytes(8) for name in _KEY)


def read(connection: Connection, name: str) -> int:
    value: int = _READ.scalar(connection, name=name)
    return value


def advance(connection: Connection, name: str) -> None:
    _ADVANCE.run(connection, name=name, number=secrets.randbits(63))
