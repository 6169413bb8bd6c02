"""Workspaces: a model's name is unique in its workspace only. What there was before is in the default one, whose id is
an empty text; activities of the default one have none, so that their digests stay."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

SORTED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
UNDESCRIBED = sa.text("description IS NULL")
MOVES = sa.text("activity_type IN ('APPLIED_TRANSITION', 'APPROVED_REQUEST', 'SYSTEM_TRANSITION')")
APART = sa.text("workspace_id IS NOT NULL")

INDEXES = {
    "ix_registered_models_last_updated": ("workspace_id", "last_updated_timestamp", "name"),
    "ix_registered_models_user": ("workspace_id", "user_id", "name"),
}

# SQLite cannot drop the constraint that makes names unique: the table is replaced. Its foreign keys are not enforced
# meanwhile (see store.schema), so that nothing refers to rows that are gone; its triggers go with it.
SQLITE = (
    """CREATE TABLE registered_models_new (
        id TEXT NOT NULL,
        name TEXT NOT NULL,
        description TEXT,
        user_id TEXT NOT NULL,
        creation_timestamp BIGINT NOT NULL,
        last_updated_timestamp BIGINT NOT NULL,
        last_version INTEGER NOT NULL,
        revision TEXT DEFAULT '' NOT NULL,
        workspace_id TEXT DEFAULT '' NOT NULL,
        CONSTRAINT pk_registered_models PRIMARY KEY (id),
        CONSTRAINT uq_registered_models_workspace_id_name UNIQUE (workspace_id, name),
        CONSTRAINT fk_registered_models_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id)
    )""",
    """INSERT INTO registered_models_new (id, name, description, user_id, creation_timestamp, last_updated_timestamp,
        last_version, revision) SELECT id, name, description, user_id, creation_timestamp, last_updated_timestamp,
        last_version, revision FROM registered_models""",
    "DROP TABLE registered_models",
    "ALTER TABLE registered_models_new RENAME TO registered_models",
    """CREATE TRIGGER registered_models_insert AFTER INSERT ON registered_models BEGIN
        INSERT INTO model_names (model_id, name) VALUES (new.id, new.name);
    END""",
    """CREATE TRIGGER registered_models_delete AFTER DELETE ON registered_models BEGIN
        DELETE FROM model_names WHERE model_id = old.id;
    END""",
    """CREATE TRIGGER registered_models_rename AFTER UPDATE OF name ON registered_models BEGIN
        UPDATE model_names SET name = new.name WHERE model_id = new.id;
    END""",
)


def upgrade() -> None:
    op.create_table(
        "workspaces",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", SORTED, nullable=False),
        sa.Column("description", sa.Text),
        sa.Column("creation_timestamp", sa.BigInteger, nullable=False),
        sa.Column("last_updated_timestamp", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workspaces"),
        sa.UniqueConstraint("name", name="uq_workspaces_name"),
    )
    op.execute(  # a new registry gets it from store.schema, a restored one from its backup
        "INSERT INTO workspaces (id, name, creation_timestamp, last_updated_timestamp) "
        "SELECT '', 'default', 0, 0 WHERE EXISTS (SELECT id FROM registered_models)"
    )
    if op.get_bind().dialect.name == "sqlite":
        for statement in SQLITE:
            op.execute(statement)
    else:
        for index in (*INDEXES, "ix_registered_models_undescribed"):
            op.drop_index(index, "registered_models")
        op.add_column("registered_models", sa.Column("workspace_id", sa.Text, nullable=False, server_default=""))
        op.drop_constraint("uq_registered_models_name", "registered_models")
        op.create_unique_constraint(
            "uq_registered_models_workspace_id_name", "registered_models", ["workspace_id", "name"]
        )
        op.create_foreign_key(
            "fk_registered_models_workspace_id", "registered_models", "workspaces", ["workspace_id"], ["id"]
        )
    for index, columns in INDEXES.items():
        op.create_index(index, "registered_models", list(columns))
    op.create_index(
        "ix_registered_models_undescribed",
        "registered_models",
        ["workspace_id", "name"],
        sqlite_where=UNDESCRIBED,
        postgresql_where=UNDESCRIBED,
    )
    op.add_column("webhooks", sa.Column("workspace_id", sa.Text, nullable=False, server_default=""))
    op.add_column("activities", sa.Column("workspace_id", sa.Text))
    op.create_index(
        "ix_activities_workspace",
        "activities",
        ["workspace_id", "creation_timestamp", "sequence"],
        sqlite_where=APART,
        postgresql_where=APART,
    )
    op.drop_index("ix_activities_moves", "activities")
    for index, first in (("ix_activities_feed", "model_id"), ("ix_activities_type", "activity_type")):
        op.drop_index(index, "activities")
        op.create_index(index, "activities", [first, "creation_timestamp", "sequence", "workspace_id"])
    op.create_index(  # again, and last: of equally good ones, SQLite takes the index that was created last
        "ix_activities_moves",
        "activities",
        ["model_id", "creation_timestamp", "sequence", "from_stage", "to_stage", "version"],
        sqlite_where=MOVES,
        postgresql_where=MOVES,
    )
