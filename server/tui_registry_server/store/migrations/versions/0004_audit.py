"""The audit log's hash chain: each activity gets a digest of itself and of the one before, and triggers protect it."""

import sqlalchemy as sa
from alembic import op

from tui_registry_server.rules.audit import GENESIS_DIGEST, digest_of
from tui_registry_server.store.activities import audit_record

revision = "0004"
down_revision = "0003"

SAID = "activities are only ever added to: they are the audit log"

SQLITE = tuple(
    f"""CREATE TRIGGER activities_no_{verb.lower()} BEFORE {verb} ON activities BEGIN
        SELECT RAISE(ABORT, '{SAID}');
    END"""
    for verb in ("UPDATE", "DELETE")
)
POSTGRESQL = (
    # The first databases sorted names by their own locale. Those that sort by code points are not changed.
    'ALTER TABLE registered_models ALTER COLUMN name TYPE text COLLATE "C"',
    'ALTER TABLE aliases ALTER COLUMN alias TYPE text COLLATE "C"',
    f"""CREATE FUNCTION activities_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '{SAID}'; END
    $$""",
    """CREATE TRIGGER activities_no_change BEFORE UPDATE OR DELETE ON activities
        FOR EACH ROW EXECUTE FUNCTION activities_are_kept()""",
    """CREATE TRIGGER activities_no_truncate BEFORE TRUNCATE ON activities
        FOR EACH STATEMENT EXECUTE FUNCTION activities_are_kept()""",
)


def upgrade() -> None:
    op.add_column("activities", sa.Column("digest", sa.Text, nullable=False, server_default=""))
    connection = op.get_bind()
    _chain(connection)
    for statement in SQLITE if connection.dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


COLUMNS = (
    *("sequence", "id", "activity_type", "creation_timestamp", "principal_id", "user_id", "token_id", "address"),
    *("model_id", "model_name", "version", "from_stage", "to_stage"),
    *("comment", "comment_id", "system_comment", "detail"),
)
BATCH = 1000


def _chain(connection: sa.Connection) -> None:
    """Give every existing activity its digest, and a number without gaps, which PostgreSQL's sequences have."""
    activities = sa.table("activities", *(sa.column(name) for name in (*COLUMNS, "digest")))
    sequence = activities.c.sequence
    rows = sa.select(*(activities.c[name] for name in COLUMNS)).order_by(sequence).limit(BATCH)
    seal = sa.update(activities).where(sequence == sa.bindparam("number"))
    seal = seal.values(sequence=sa.bindparam("next"), digest=sa.bindparam("new"))
    previous, done, count = GENESIS_DIGEST, 0, 0
    while batch := connection.execute(rows.where(sequence > done)).mappings().all():
        digests = []
        for row in batch:
            count += 1
            previous = digest_of(audit_record(dict(row) | {"sequence": count}, previous))
            digests.append({"number": row["sequence"], "next": count, "new": previous})
        connection.execute(seal, digests)
        done = batch[-1]["sequence"]
