"""Webhooks, and their deliveries."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("dialect", sa.Text, nullable=False),
        sa.Column("name", sa.Text),
        sa.Column("description", sa.Text),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("job_id", sa.Text),
        sa.Column("enable_ssl_verification", sa.Boolean, nullable=False),
        sa.Column("secrets", sa.Text),
        sa.Column("events", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("model_id", sa.Text),
        sa.Column("model_name", sa.Text),
        sa.Column("principal_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("creation_timestamp", sa.BigInteger, nullable=False),
        sa.Column("last_updated_timestamp", sa.BigInteger, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("lease_owner", sa.Text, nullable=False, server_default=""),
        sa.Column("lease_timestamp", sa.BigInteger, nullable=False, server_default="0"),
        sa.CheckConstraint("dialect IN ('databricks', 'mlflow')", name=op.f("ck_webhooks_dialect")),
        sa.CheckConstraint("status IN ('ACTIVE', 'TEST_MODE', 'DISABLED')", name=op.f("ck_webhooks_status")),
        sa.PrimaryKeyConstraint("id", name="pk_webhooks"),
    )
    op.create_index("ix_webhooks_creation", "webhooks", ["creation_timestamp", "id"])
    op.create_table(
        "webhook_deliveries",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False, autoincrement=True),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("webhook_id", sa.Text, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("creation_timestamp", sa.BigInteger, nullable=False),
        sa.Column("queued_timestamp", sa.BigInteger, nullable=False),
        sa.Column("due_timestamp", sa.BigInteger, nullable=False),
        sa.Column("sent_timestamp", sa.BigInteger),
        sa.Column("latency_ms", sa.Integer),
        sa.Column("response_status", sa.Integer),
        sa.Column("response_body", sa.Text),
        sa.Column("error", sa.Text),
        sa.CheckConstraint(
            "status IN ('PENDING', 'DELIVERED', 'DEAD', 'WITHHELD')", name=op.f("ck_webhook_deliveries_status")
        ),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhooks.id"], name="fk_webhook_deliveries_webhook_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("number", name="pk_webhook_deliveries"),
    )
    op.create_index("ix_webhook_deliveries_id", "webhook_deliveries", ["id"], unique=True)
    op.create_index("ix_webhook_deliveries_webhook", "webhook_deliveries", ["webhook_id", "number"])
    pending = sa.text("status = 'PENDING'")
    op.create_index(
        "ix_webhook_deliveries_pending",
        "webhook_deliveries",
        ["webhook_id", "number"],
        sqlite_where=pending,
        postgresql_where=pending,
    )
