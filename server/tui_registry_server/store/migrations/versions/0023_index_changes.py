"""A transition changes fewer indexes.

- The moves of a model's versions are found among its activities, by the index of these, which has their types now: an
  index of their own cost each transition an eighth of the pages that it writes.
- The index of the ages of versions has only those in Production, which is what the overview counts.
- That of a person's versions has no time: a search of many of them is by the index of all versions.
"""

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
    op.drop_index("ix_activities_moves", "activities")
    op.drop_index("ix_activities_feed", "activities")
    op.create_index(
        "ix_activities_feed",
        "activities",
        ["model_id", "creation_timestamp", "sequence", "workspace_id", "activity_type"],
    )
    op.drop_index("ix_model_versions_user", "model_versions")
    op.create_index("ix_model_versions_user", "model_versions", ["user_id", "model_id", "version"])
