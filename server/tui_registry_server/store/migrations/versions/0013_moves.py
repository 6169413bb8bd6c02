"""The moves of a model's versions from one stage to another, by time: its stage history finds them by this index,
however many versions it has that were never moved."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

MOVES = sa.text("activity_type IN ('APPLIED_TRANSITION', 'APPROVED_REQUEST', 'SYSTEM_TRANSITION')")


def upgrade() -> None:
    op.create_index(
        "ix_activities_moves",
        "activities",
        ["model_id", "creation_timestamp", "sequence", "from_stage", "to_stage", "version"],
        sqlite_where=MOVES,
        postgresql_where=MOVES,
    )
