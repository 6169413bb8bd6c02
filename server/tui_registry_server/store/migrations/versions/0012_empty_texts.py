"""A version without a description, a run or a link has empty ones, as MLflow's server stores and answers it. Only a
description that was cleared is NULL. A model's empty description is NULL, and left out."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    for column in ("description", "run_id", "run_link"):
        op.execute(f"UPDATE model_versions SET {column} = '' WHERE {column} IS NULL")  # noqa: S608  # no value of others
    op.execute("UPDATE registered_models SET description = NULL WHERE description = ''")
