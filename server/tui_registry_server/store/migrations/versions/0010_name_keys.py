"""Names of users, groups and service principals compare by the same rule on every database: see wire.names. Before,
each database compared them by its own case mapping, SQLite by that of A to Z."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from tui_registry_server.rules.errors import InvalidState
from tui_registry_server.wire.names import name_key

revision = "0010"
down_revision = "0009"

MAX_NAMED = 10  # clashes listed in a message


def upgrade() -> None:
    connection = op.get_bind()
    principals = sa.table("principals", *(sa.column(name) for name in ("id", "kind", "name", "name_key")))
    columns = sa.select(principals.c.id, principals.c.kind, principals.c.name).order_by(principals.c.id)
    rows = connection.execute(columns).all()
    _refuse_clashes(rows)
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.add_column("principals", sa.Column("name_key", text, nullable=False, server_default=""))
    op.drop_index("uq_principals_name", "principals")
    if rows:
        set_key = sa.update(principals).where(principals.c.id == sa.bindparam("of"))
        set_key = set_key.values(name_key=sa.bindparam("key"))
        connection.execute(set_key, [{"of": row.id, "key": name_key(row.name)} for row in rows])
    op.create_index("uq_principals_name_key", "principals", ["kind", "name_key"], unique=True)


def _refuse_clashes(rows: Sequence[Any]) -> None:
    """Raises InvalidState: only the operator can know whether two such principals are one person, so none is merged or
    renamed."""
    same = defaultdict(list)
    for row in rows:
        same[row.kind, name_key(row.name)].append(row)
    clashes = [each for each in same.values() if len(each) > 1]
    if not clashes:
        return
    listed = "; ".join(
        f"{each[0].kind.replace('_', ' ')}s {' and '.join(f'{row.name!r} (id {row.id})' for row in each)}"
        for each in clashes[:MAX_NAMED]
    )
    raise InvalidState(
        f"The database was not upgraded, and not changed: names that differ only in letter case or in the encoding of "
        f"accents are the same now, and it has {listed}{' and others' if len(clashes) > MAX_NAMED else ''}. With the "
        "version of tui-registry that wrote it, rename or delete all but one of each, and start this version again."
    )
