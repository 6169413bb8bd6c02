"""When principals last changed: SCIM's lastModified and, as it always increases, its version."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    column = sa.Column("last_updated_timestamp", sa.BigInteger, nullable=False, server_default="0")
    op.add_column("principals", column)
    op.execute("UPDATE principals SET last_updated_timestamp = creation_timestamp")
