"""Counters, by which processes notice each other's changes; and random numbers that are generated once per registry."""

import secrets

from sqlalchemy import Connection, bindparam, insert, select, update

from tui_registry_server.rules.principals import new_id
from tui_registry_server.store.statements import Statement
from tui_registry_server.store.tables import counters

IDENTITY = "identity"
"""Differs after every change of principals, memberships, tokens, workspaces and registry-wide grants. It is random, not
incremented: after a standby that lacks the last changes is promoted, or a backup restored, the following changes must
not get numbers that a server has already seen."""

_KEY = ("key 1", "key 2")
"""Two numbers of 63 random bits, which together are the key of rules.cursors."""

WORKSPACE = "workspace"
"""Constant: the workspace id for Databricks' clients. It has as many digits as Databricks' own, which floating point
represents exactly."""

WEBHOOKS = "webhooks"
"""The sequence number of the last activity that webhooks were notified of, or that none was to be notified of."""

NAMES = (IDENTITY, *_KEY, WORKSPACE, WEBHOOKS)

_READ = Statement(select(counters.c.value).where(counters.c.name == bindparam("name")))
_ADVANCE = Statement(update(counters).where(counters.c.name == bindparam("name")).values(value=bindparam("number")))
_PRESENT = Statement(select(counters.c.name))
_INSERT = Statement(insert(counters))


def seed(connection: Connection) -> None:
    """Insert those that do not exist yet."""
    existing = {row[0] for row in _PRESENT.run(connection)}
    if IDENTITY not in existing:
        _INSERT.run(connection, name=IDENTITY, value=1)
    if WORKSPACE not in existing:
        _INSERT.run(connection, name=WORKSPACE, value=int(new_id()))
    if WEBHOOKS not in existing:
        _INSERT.run(connection, name=WEBHOOKS, value=0)
    for name in _KEY:
        if name not in existing:
            _INSERT.run(connection, name=name, value=secrets.randbits(63))


def key(connection: Connection) -> bytes:
    """The registry's encryption key for rules.cursors, the same in every process."""
    return b"".join(read(connection, name).to_bytes(8) for name in _KEY)


def read(connection: Connection, name: str) -> int:
    value: int = _READ.scalar(connection, name=name)
    return value


def write(connection: Connection, name: str, value: int) -> None:
    _ADVANCE.run(connection, name=name, number=value)


def advance(connection: Connection, name: str) -> None:
    _ADVANCE.run(connection, name=name, number=secrets.randbits(63))
