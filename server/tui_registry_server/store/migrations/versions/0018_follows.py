"""The form of webhooks' messages, follows, and an index of the deliveries that were given up, to be counted."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

DEAD = sa.text("status = 'DEAD'")


def upgrade() -> None:
    op.add_column("webhooks", sa.Column("format", sa.Text, nullable=False, server_default="JSON"))
    op.add_column("webhooks", sa.Column("digest", sa.Text))
    op.create_index("ix_webhooks_model_id", "webhooks", ["model_id"])
    op.create_index("ix_webhooks_principal_id", "webhooks", ["principal_id"])
    op.create_index(
        "ix_webhook_deliveries_dead", "webhook_deliveries", ["webhook_id"], sqlite_where=DEAD, postgresql_where=DEAD
    )
