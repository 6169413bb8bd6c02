"""Indexes for large registries: model names by trigrams, tags by their values, versions of a model and of a user by
time, activities of a model, of a type and by time."""

from alembic import op
from sqlalchemy import text

revision = "0003"
down_revision = "0002"

INDEXES = (
    ("ix_model_versions_updated", "model_versions", ("model_id", "last_updated_timestamp", "version")),
    ("ix_model_versions_user", "model_versions", ("user_id", "last_updated_timestamp")),
    ("ix_activities_feed", "activities", ("model_id", "sequence")),
    ("ix_activities_type", "activities", ("activity_type", "sequence")),
    ("ix_activities_time", "activities", ("creation_timestamp", "sequence")),
)

# Names are found by their trigrams in an FTS5 table, whose content is another table with stable row ids. Triggers
# update both in the transaction of the model's change.
SQLITE = (
    "CREATE INDEX ix_model_tags_value ON model_tags (key, value, model_id)",
    "CREATE INDEX ix_version_tags_value ON version_tags (key, value, model_id, version)",
    """CREATE TABLE model_names (
        number INTEGER PRIMARY KEY,
        model_id TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL
    )""",
    """CREATE VIRTUAL TABLE model_name_trigrams
        USING fts5(name, content='model_names', content_rowid='number', tokenize='trigram')""",
    """CREATE TRIGGER model_names_insert AFTER INSERT ON model_names BEGIN
        INSERT INTO model_name_trigrams (rowid, name) VALUES (new.number, new.name);
    END""",
    """CREATE TRIGGER model_names_delete AFTER DELETE ON model_names BEGIN
        INSERT INTO model_name_trigrams (model_name_trigrams, rowid, name) VALUES ('delete', old.number, old.name);
    END""",
    """CREATE TRIGGER model_names_update AFTER UPDATE ON model_names BEGIN
        INSERT INTO model_name_trigrams (model_name_trigrams, rowid, name) VALUES ('delete', old.number, old.name);
        INSERT INTO model_name_trigrams (rowid, name) VALUES (new.number, new.name);
    END""",
    """CREATE TRIGGER registered_models_insert AFTER INSERT ON registered_models BEGIN
        INSERT INTO model_names (model_id, name) VALUES (new.id, new.name);
    END""",
    """CREATE TRIGGER registered_models_delete AFTER DELETE ON registered_models BEGIN
        DELETE FROM model_names WHERE model_id = old.id;
    END""",
    """CREATE TRIGGER registered_models_rename AFTER UPDATE OF name ON registered_models BEGIN
        UPDATE model_names SET name = new.name WHERE model_id = new.id;
    END""",
    "INSERT INTO model_names (model_id, name) SELECT id, name FROM registered_models",
)

# The rows of an index have at most 2,704 bytes there, values of tags more: the index has prefixes of them.
POSTGRESQL = (
    "CREATE INDEX ix_model_tags_value ON model_tags (key, substr(value, 1, 100), model_id)",
    "CREATE INDEX ix_version_tags_value ON version_tags (key, substr(value, 1, 100), model_id, version)",
)


def upgrade() -> None:
    for index, table, columns in INDEXES:
        op.create_index(index, table, columns)
    op.drop_index("ix_model_tags_key", "model_tags")
    op.drop_index("ix_version_tags_key", "version_tags")
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SQLITE if on_sqlite else POSTGRESQL:
        op.execute(statement)
    if not on_sqlite:
        _create_trigrams()


def _create_trigrams() -> None:
    """By an extension that most servers have, but that not every role may create; without it, all names are scanned."""
    connection = op.get_bind()
    trusted = (
        "SELECT 1 FROM pg_available_extension_versions WHERE name = 'pg_trgm' AND (installed OR trusted OR usesuper)"
    )
    may_create = f"{trusted.replace('usesuper', 'current_setting(' + repr('is_superuser') + ')::boolean')} LIMIT 1"
    if connection.execute(text(may_create)).first() is not None:
        op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        op.execute("CREATE INDEX ix_registered_models_trigrams ON registered_models USING gin (name gin_trgm_ops)")
