"""A unique index of tags by value on SQLite: so that it is used as a covering index to check whether a model has a tag,
instead of looking up the tag itself."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":  # on PostgreSQL the index has the beginnings of the values
        op.drop_index("ix_model_tags_value", "model_tags")
        op.create_index("ix_model_tags_value", "model_tags", ("key", "value", "model_id"), unique=True)
