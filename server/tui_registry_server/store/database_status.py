"""What an operator watches of the database: its kind, its schema, its size, what is queued in it."""

from typing import NamedTuple

from sqlalchemy import Connection, func, select, text

from tui_registry_server.store import schema
from tui_registry_server.store.webhook_tables import PENDING, webhook_deliveries


class DatabaseStatus(NamedTuple):
    """kind: ``sqlite`` or ``postgresql``.
    schema: the revision of its schema.
    size: bytes, of SQLite without the write-ahead log.
    pending_deliveries: of all webhooks, those that are still to be sent.
    """

    kind: str
    schema: str
    size: int
    pending_deliveries: int


_SIZE = {
    "sqlite": text("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"),
    "postgresql": text("SELECT pg_database_size(current_database())"),
}
_PENDING = select(func.count()).select_from(webhook_deliveries).where(text(PENDING))


def read(connection: Connection) -> DatabaseStatus:
    kind = connection.dialect.name
    return DatabaseStatus(
        kind=kind,
        schema=schema.revision(connection) or "",
        size=int(connection.execute(_SIZE[kind]).scalar_one()),
        pending_deliveries=connection.execute(_PENDING).scalar_one(),
    )
