"""What the overview counts is found by indexes: models without a description, the oldest versions of a stage, and the
tokens that expire next."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

UNDESCRIBED = sa.text("description IS NULL")


def upgrade() -> None:
    op.create_index(
        "ix_registered_models_undescribed",
        "registered_models",
        ["name"],
        sqlite_where=UNDESCRIBED,
        postgresql_where=UNDESCRIBED,
    )
    op.create_index("ix_model_versions_age", "model_versions", ["stage", "creation_timestamp", "model_id", "version"])
    op.create_index("ix_tokens_expiry_timestamp", "tokens", ["expiry_timestamp"])
