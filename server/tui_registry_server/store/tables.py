"""The tables. Times are milliseconds since the epoch, ids 32 hex digits, levels the numbers of rules.permissions.Level.
The ids of principals are decimal: see rules.principals.new_id.

Where history matters, a principal has two columns: ``principal_id`` for permissions, and ``user_id``, the name at that
time, which stays when the principal is deleted.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from tui_registry_server.store import webhook_tables  # noqa: F401  # so that the metadata is whole
from tui_registry_server.store.metadata import Serial, Sorted
from tui_registry_server.store.metadata import metadata as metadata  # noqa: PLC0414  # exported: here it is whole

principals = Table(
    "principals",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("name_key", Sorted, nullable=False, server_default=""),  # by which names compare: see wire.names
    Column("display_name", Text),
    Column("given_name", Text),
    Column("family_name", Text),
    Column("external_id", Text),
    Column("emails", Text),  # JSON, as received by SCIM; so are the next two
    Column("entitlements", Text),
    Column("roles", Text),
    Column("active", Boolean, nullable=False),
    Column("creation_timestamp", BigInteger, nullable=False),
    # Increases with every change of its SCIM resource, which includes groups and members.
    Column("last_updated_timestamp", BigInteger, nullable=False, server_default="0"),
    CheckConstraint("kind IN ('user', 'group', 'service_principal')", name="kind"),
    Index("uq_principals_name_key", "kind", "name_key", unique=True),
)

memberships = Table(
    "memberships",
    metadata,
    Column("group_id", ForeignKey("principals.id", ondelete="CASCADE"), primary_key=True),
    Column("member_id", ForeignKey("principals.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("issuer", Text),  # the OpenID provider whose claims made it; NULL if people or SCIM did
)

sign_ins = Table(
    "sign_ins",
    metadata,
    # Of a user whose tokens an OpenID provider issues: when the newest of them was, whose groups are in memberships.
    Column("principal_id", ForeignKey("principals.id", ondelete="CASCADE"), primary_key=True),
    Column("issuer", Text, primary_key=True),
    Column("issued_timestamp", BigInteger, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("hash", Text, nullable=False, unique=True),  # SHA-256 of the token, in hex
    Column("principal_id", ForeignKey("principals.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("comment", Text),
    Column("created_by", Text, nullable=False),  # a principal's name
    Column("created_by_id", Text),  # of that principal, if it was one and not the command line
    Column("creation_timestamp", BigInteger, nullable=False),
    Column("expiry_timestamp", BigInteger, index=True),
    Column("last_used_timestamp", BigInteger),
)

client_secrets = Table(
    "client_secrets",
    metadata,
    # With which a service principal gets access tokens (RFC 6749, 4.4).
    Column("id", Text, primary_key=True),
    Column("hash", Text, nullable=False),  # SHA-256 of the secret, in hex
    Column("principal_id", ForeignKey("principals.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_by", Text, nullable=False),  # a principal's name
    Column("creation_timestamp", BigInteger, nullable=False),
    Column("expiry_timestamp", BigInteger, nullable=False),
    Column("last_used_timestamp", BigInteger),
)

federation_rules = Table(
    "federation_rules",
    metadata,
    # Whose tokens a service principal's access tokens are exchanged for (RFC 8693).
    Column("id", Text, primary_key=True),
    Column("principal_id", ForeignKey("principals.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("issuer", Text, nullable=False, index=True),
    Column("subject", Text, nullable=False),  # a pattern: see rules.federation
    Column("audience", Text, nullable=False),
    Column("created_by", Text, nullable=False),  # a principal's name
    Column("creation_timestamp", BigInteger, nullable=False),
)

oauth_tokens = Table(
    "oauth_tokens",
    metadata,
    # Short-lived access tokens of programs: they end with the secret or the rule that they were issued for.
    Column("id", Text, primary_key=True),
    Column("hash", Text, nullable=False, unique=True),  # SHA-256 of the token, in hex
    Column("principal_id", ForeignKey("principals.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("secret_id", ForeignKey("client_secrets.id", ondelete="CASCADE"), index=True),
    Column("rule_id", ForeignKey("federation_rules.id", ondelete="CASCADE"), index=True),
    Column("creation_timestamp", BigInteger, nullable=False),
    Column("expiry_timestamp", BigInteger, nullable=False, index=True),
)

grants = Table(
    "grants",
    metadata,
    Column("object_id", Text, primary_key=True),  # a model's or a workspace's id, 'root' (the default one) or 'tokens'
    Column("principal_id", ForeignKey("principals.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("level", Integer, nullable=False),
)

workspaces = Table(
    "workspaces",
    metadata,
    Column("id", Text, primary_key=True),  # DEFAULT_WORKSPACE for the default one, which always exists
    Column("name", Sorted, nullable=False, unique=True),
    Column("description", Text),
    Column("creation_timestamp", BigInteger, nullable=False),
    Column("last_updated_timestamp", BigInteger, nullable=False),
)

registered_models = Table(
    "registered_models",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Sorted, nullable=False),
    Column("description", Text),
    Column("user_id", Text, nullable=False),
    Column("creation_timestamp", BigInteger, nullable=False),
    Column("last_updated_timestamp", BigInteger, nullable=False),
    Column("last_version", Integer, nullable=False),  # the highest number ever used: numbers are not reused
    # The digest of the last activity of it or of its versions: numbers could repeat after restoring a backup.
    Column("revision", Text, nullable=False, server_default=""),
    Column("workspace_id", ForeignKey("workspaces.id"), nullable=False, server_default=""),
    UniqueConstraint("workspace_id", "name"),
    Index("ix_registered_models_last_updated", "workspace_id", "last_updated_timestamp", "name"),
    Index("ix_registered_models_user", "workspace_id", "user_id", "name"),
    Index(
        "ix_registered_models_undescribed",
        "workspace_id",
        "name",
        sqlite_where=text("description IS NULL"),
        postgresql_where=text("description IS NULL"),
    ),
)

IN_PRODUCTION = "stage = 'Production'"
"""Literal, as in the index of the ages of these versions, which is used only then."""

model_versions = Table(
    "model_versions",
    metadata,
    Column("model_id", ForeignKey("registered_models.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("stage", Text, nullable=False),
    Column("description", Text),  # "" if it was created without one, NULL after it was cleared: as MLflow's server
    Column("source", Text, nullable=False),
    Column("storage_location", Text, nullable=False),  # the download URI: the resolved source
    Column("run_id", Text, index=True),  # "" for none, as is run_link: not NULL since migration 0012
    Column("run_link", Text),
    Column("logged_model_id", Text),
    Column("user_id", Text, nullable=False),
    Column("creation_timestamp", BigInteger, nullable=False),
    Column("last_updated_timestamp", BigInteger, nullable=False),
    CheckConstraint("stage IN ('None', 'Staging', 'Production', 'Archived')", name="stage"),
    Index("ix_model_versions_stage", "model_id", "stage", "version"),
    Index("ix_model_versions_board", "stage", "last_updated_timestamp"),
    Index(
        "ix_model_versions_age",
        *("stage", "creation_timestamp", "model_id", "version"),
        sqlite_where=text(IN_PRODUCTION),
        postgresql_where=text(IN_PRODUCTION),
    ),
    Index("ix_model_versions_last_updated", "last_updated_timestamp"),
    Index("ix_model_versions_updated", "model_id", "last_updated_timestamp", "version"),
    Index("ix_model_versions_user", "user_id", "model_id", "version"),
)


def _of_a_version() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["model_id", "version"], ["model_versions.model_id", "model_versions.version"], ondelete="CASCADE"
    )


model_tags = Table(
    "model_tags",
    metadata,
    Column("model_id", ForeignKey("registered_models.id", ondelete="CASCADE"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Index("ix_model_tags_value", "key", "value", "model_id", unique=True),  # see migration 0008
)

version_tags = Table(
    "version_tags",
    metadata,
    Column("model_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    _of_a_version(),
    Index("ix_version_tags_value", "key", "value", "model_id", "version"),
)

aliases = Table(
    "aliases",
    metadata,
    Column("model_id", Text, primary_key=True),
    Column("alias", Sorted, primary_key=True),
    Column("version", Integer, nullable=False),
    _of_a_version(),
    Index("ix_aliases_version", "model_id", "version"),
    Index("ix_aliases_alias", "alias", "model_id", "version"),
)

transition_requests = Table(
    "transition_requests",
    metadata,
    Column("id", Text, primary_key=True),
    Column("model_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("to_stage", Text, nullable=False),
    Column("principal_id", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("comment", Text),
    Column("creation_timestamp", BigInteger, nullable=False),
    _of_a_version(),
    UniqueConstraint("model_id", "version", "to_stage", "principal_id"),
    Index("ix_transition_requests_creation", "creation_timestamp", "id"),
)

comments = Table(
    "comments",
    metadata,
    Column("id", Text, primary_key=True),
    Column("model_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("principal_id", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("creation_timestamp", BigInteger, nullable=False),
    Column("last_updated_timestamp", BigInteger, nullable=False),
    _of_a_version(),
    Index("ix_comments_version", "model_id", "version", "creation_timestamp"),
)

DUE = "next_attempt_timestamp IS NOT NULL"

lineages = Table(
    "lineages",
    metadata,
    # What a tracking server knows about a version. A row is there once it is to be asked; without a next attempt it is
    # not asked again. A lease is a next attempt, too: see store.lineages.
    Column("model_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("document", Text),  # a wire.lineage.LineageDocument in JSON
    Column("problem", Text),  # of the last attempt
    Column("attempts", Integer, nullable=False),
    Column("retrieved_timestamp", BigInteger),
    Column("next_attempt_timestamp", BigInteger),
    _of_a_version(),
    Index("ix_lineages_due", "next_attempt_timestamp", sqlite_where=text(DUE), postgresql_where=text(DUE)),
)

MOVES = "activity_type IN ('APPLIED_TRANSITION', 'APPROVED_REQUEST', 'SYSTEM_TRANSITION')"
"""The activities that moved a version to a stage."""

activities = Table(
    "activities",
    metadata,
    # Every change, in the order of commits; triggers prevent updates and deletions. It has no foreign keys, so that
    # records outlive what they are about. model_id is NULL for changes of users, groups, tokens and registry-wide
    # grants.
    Column("sequence", Serial, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False),
    Column("activity_type", Text, nullable=False),
    Column("creation_timestamp", BigInteger, nullable=False),
    Column("principal_id", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("token_id", Text),
    Column("address", Text),
    Column("model_id", Text),
    Column("model_name", Text),  # at that time
    Column("version", Integer),
    Column("from_stage", Text),
    Column("to_stage", Text),
    Column("comment", Text),
    Column("comment_id", Text),  # the comment's text is in comments, where its author can delete it
    Column("system_comment", Text),
    Column("detail", Text),  # JSON: what changed, before and after
    Column("digest", Text, nullable=False, server_default=""),  # of the row and the one before: see rules.audit
    Column("workspace_id", Text),  # NULL for the default workspace, and for what is of no workspace
    Index("ix_activities_model", "model_id", "version", "creation_timestamp", "sequence"),
    Index("ix_activities_feed", "model_id", "creation_timestamp", "sequence", "workspace_id", "activity_type"),
    Index("ix_activities_user", "user_id", "creation_timestamp", "sequence"),
    Index("ix_activities_type", "activity_type", "creation_timestamp", "sequence", "workspace_id"),
    Index("ix_activities_time", "creation_timestamp", "sequence"),
    Index(
        "ix_activities_workspace",
        *("workspace_id", "creation_timestamp", "sequence"),
        sqlite_where=text("workspace_id IS NOT NULL"),
        postgresql_where=text("workspace_id IS NOT NULL"),
    ),
)

model_imports = Table(
    "model_imports",
    metadata,
    # Which model here is which one of another registry. A row stays when its model is deleted, so that an import does
    # not bring it back; so do those of version_imports.
    Column("source", Sorted, primary_key=True),  # the other registry
    Column("name", Sorted, primary_key=True),  # there
    Column("model_id", Text, nullable=False),
    Column("base", Text, nullable=False),  # JSON: what was imported, as digests: see rules.three_way_merge
    Column("activity_timestamp", BigInteger, nullable=False),  # of the last imported activity, as is the next
    Column("activity_id", Text, nullable=False),
)

version_imports = Table(
    "version_imports",
    metadata,
    Column("model_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("base", Text, nullable=False),
)

counters = Table(
    "counters",
    metadata,
    # 'identity' differs after every change of principals, memberships, tokens or registry-wide grants, so that every
    # process can detect stale cached principals. The others are constant: see store.counters.
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)
