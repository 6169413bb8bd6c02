"""The lineage of versions, as an MLflow tracking server describes it, and when to ask for it."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

DUE = sa.text("next_attempt_timestamp IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "lineages",
        sa.Column("model_id", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("document", sa.Text),
        sa.Column("problem", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("retrieved_timestamp", sa.BigInteger),
        sa.Column("next_attempt_timestamp", sa.BigInteger),
        sa.PrimaryKeyConstraint("model_id", "version", name=op.f("pk_lineages")),
        sa.ForeignKeyConstraint(
            ["model_id", "version"],
            ["model_versions.model_id", "model_versions.version"],
            name=op.f("fk_lineages_model_id_version"),
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_lineages_due", "lineages", ["next_attempt_timestamp"], sqlite_where=DUE, postgresql_where=DUE)
