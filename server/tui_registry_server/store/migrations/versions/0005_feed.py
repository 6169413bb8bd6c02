"""The feed in order of time: indexes of the activities by time, instead of by the order of commits."""

from alembic import op

revision = "0005"
down_revision = "0004"

INDEXES = {
    "ix_activities_model": ("model_id", "version"),
    "ix_activities_feed": ("model_id",),
    "ix_activities_user": ("user_id",),
    "ix_activities_type": ("activity_type",),
}


def upgrade() -> None:
    for index, columns in INDEXES.items():
        op.drop_index(index, "activities")
        op.create_index(index, "activities", (*columns, "creation_timestamp", "sequence"))
