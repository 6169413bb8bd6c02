"""A model's revision: the digest of the last change of it or of its versions."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("registered_models", sa.Column("revision", sa.Text, nullable=False, server_default=""))
