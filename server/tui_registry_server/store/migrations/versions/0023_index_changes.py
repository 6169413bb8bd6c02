"""A transition changes fewer indexes. That of the ages of versions has only those in Production, which is what the
overview counts; and that of a person's versions no time: a search of many of them is by the index of all versions'."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

IN_PRODUCTION = sa.text("stage = 'Production'")


def upgrade() -> None:
    op.drop_index("ix_model_versions_age", "model_versions")
    op.create_index(
        "ix_model_versions_age",
        "model_versions",
        ["stage", "creation_timestamp", "model_id", "version"],
        sqlite_where=IN_PRODUCTION,
        postgresql_where=IN_PRODUCTION,
    )
    op.drop_index("ix_model_versions_user", "model_versions")
    op.create_index("ix_model_versions_user", "model_versions", ["user_id", "model_id", "version"])
