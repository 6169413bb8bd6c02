"""Searches by an alias find it by an index."""

from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_index("ix_aliases_alias", "aliases", ["alias", "model_id", "version"])
