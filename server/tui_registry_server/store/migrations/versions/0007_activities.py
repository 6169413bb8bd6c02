"""The activities without a unique constraint on their ids, as nothing is looked up by them, and, on SQLite, without
AUTOINCREMENT, as none is ever deleted. Each of these cost another page per change."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

INDEXES = {
    "ix_activities_model": ("model_id", "version", "creation_timestamp", "sequence"),
    "ix_activities_feed": ("model_id", "creation_timestamp", "sequence"),
    "ix_activities_user": ("user_id", "creation_timestamp", "sequence"),
    "ix_activities_type": ("activity_type", "creation_timestamp", "sequence"),
    "ix_activities_time": ("creation_timestamp", "sequence"),
}
TRIGGERS = sa.text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'activities' ORDER BY name")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _recreate()
    else:
        op.drop_constraint("uq_activities_id", "activities")


def _recreate() -> None:
    """SQLite cannot drop a constraint of a table. The triggers that protect the activities are recreated, too."""
    triggers = op.get_bind().scalars(TRIGGERS).all()
    new = op.create_table(
        "activities_anew",
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("activity_type", sa.Text, nullable=False),
        sa.Column("creation_timestamp", sa.BigInteger, nullable=False),
        sa.Column("principal_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("token_id", sa.Text),
        sa.Column("address", sa.Text),
        sa.Column("model_id", sa.Text),
        sa.Column("model_name", sa.Text),
        sa.Column("version", sa.Integer),
        sa.Column("from_stage", sa.Text),
        sa.Column("to_stage", sa.Text),
        sa.Column("comment", sa.Text),
        sa.Column("comment_id", sa.Text),
        sa.Column("system_comment", sa.Text),
        sa.Column("detail", sa.Text),
        sa.Column("digest", sa.Text, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("sequence", name="pk_activities"),
    )
    names = [column.name for column in new.c]
    old = sa.table("activities", *(sa.column(name) for name in names))
    op.execute(sa.insert(new).from_select(names, sa.select(*old.c).order_by(old.c.sequence)))
    op.drop_table("activities")
    op.rename_table("activities_anew", "activities")
    for index, columns in INDEXES.items():
        op.create_index(index, "activities", columns)
    for trigger in triggers:
        op.execute(trigger)
