"""Indexes for the board over all models and the search by user; aliases sort in the same way on every database."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_registered_models_user", "registered_models", ["user_id", "name"])
    op.create_index("ix_model_versions_board", "model_versions", ["stage", "last_updated_timestamp"])
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("aliases", "alias", type_=sa.Text(collation="C"))
