"""The tables of webhooks and their deliveries: see store.tables."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text, text

from tui_registry_server.store.metadata import Serial, metadata

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("dialect", Text, nullable=False),  # of its API, events and payloads: see rules.webhook_events.Dialect
    Column("name", Text),
    Column("description", Text),
    Column("url", Text, nullable=False),  # of the receiver; of a job, its workspace
    Column("job_id", Text),  # the job to run instead
    Column("enable_ssl_verification", Boolean, nullable=False),
    Column("secrets", Text),  # encrypted: see rules.secret_box
    Column("events", Text, nullable=False),  # a JSON array
    Column("status", Text, nullable=False),
    Column("model_id", Text),  # NULL for the whole registry; a deleted model's webhooks report that, so no foreign key
    Column("model_name", Text),  # when it was created
    Column("principal_id", Text, nullable=False),  # who created or last changed it: it sends what they may read
    Column("user_id", Text, nullable=False),
    Column("creation_timestamp", BigInteger, nullable=False),
    Column("last_updated_timestamp", BigInteger, nullable=False),
    Column("since", BigInteger, nullable=False),  # the last activity that it is not notified of: before it, or disabled
    # One server at a time sends a webhook's events, until its lease ends.
    Column("lease_owner", Text, nullable=False, server_default=""),
    Column("lease_timestamp", BigInteger, nullable=False, server_default="0"),
    Column("format", Text, nullable=False, server_default="JSON"),  # of its messages
    Column("digest", Text),  # how often it notifies a follower; NULL for webhooks, which are not somebody's follows
    Column("workspace_id", Text, nullable=False, server_default=""),  # whose events it sends
    CheckConstraint("dialect IN ('databricks', 'mlflow')", name="dialect"),
    CheckConstraint("status IN ('ACTIVE', 'TEST_MODE', 'DISABLED')", name="status"),
    Index("ix_webhooks_creation", "creation_timestamp", "id"),
    Index("ix_webhooks_model_id", "model_id"),
    Index("ix_webhooks_principal_id", "principal_id"),
)

PENDING = "status = 'PENDING'"
"""The deliveries that are still to be sent. Literal, as in the index of them, which is used only then."""
DEAD = "status = 'DEAD'"
"""Those that were given up."""

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    # In the order in which a webhook's are sent.
    Column("number", Serial, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False),
    Column("webhook_id", ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    Column("sequence", BigInteger, nullable=False),  # of the activity, from which the payload is made when it is sent
    Column("event", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("creation_timestamp", BigInteger, nullable=False),
    Column("queued_timestamp", BigInteger, nullable=False),  # since when it is tried: its creation, or its replay
    Column("due_timestamp", BigInteger, nullable=False),  # of the next attempt
    Column("sent_timestamp", BigInteger),  # of the last attempt, as are the following
    Column("latency_ms", Integer),
    Column("response_status", Integer),
    Column("response_body", Text),
    Column("error", Text),
    CheckConstraint("status IN ('PENDING', 'DELIVERED', 'DEAD', 'WITHHELD')", name="status"),
    Index("ix_webhook_deliveries_id", "id", unique=True),
    Index("ix_webhook_deliveries_webhook", "webhook_id", "number"),
    Index(
        "ix_webhook_deliveries_pending",
        *("webhook_id", "number"),
        sqlite_where=text(PENDING),
        postgresql_where=text(PENDING),
    ),
    Index("ix_webhook_deliveries_dead", "webhook_id", sqlite_where=text(DEAD), postgresql_where=text(DEAD)),
)
