"""Which models and versions were imported from where, and how they were then."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

SORTED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "model_imports",
        sa.Column("source", SORTED, nullable=False),
        sa.Column("name", SORTED, nullable=False),
        sa.Column("model_id", sa.Text, nullable=False),
        sa.Column("base", sa.Text, nullable=False),
        sa.Column("activity_timestamp", sa.BigInteger, nullable=False),
        sa.Column("activity_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("source", "name", name="pk_model_imports"),
    )
    op.create_table(
        "version_imports",
        sa.Column("model_id", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("base", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("model_id", "version", name="pk_version_imports"),
    )
