"""Signing in: groups from an OpenID provider's claims; secrets, federation rules and access tokens of programs."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column("memberships", sa.Column("issuer", sa.Text))
    op.create_table(
        "sign_ins",
        sa.Column("principal_id", sa.Text, nullable=False),
        sa.Column("issuer", sa.Text, nullable=False),
        sa.Column("issued_timestamp", sa.BigInteger, nullable=False),
        _of("sign_ins", "principal_id", "principals"),
        sa.PrimaryKeyConstraint("principal_id", "issuer", name="pk_sign_ins"),
    )
    op.create_table(
        "client_secrets",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("principal_id", sa.Text, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("creation_timestamp", sa.BigInteger, nullable=False),
        sa.Column("expiry_timestamp", sa.BigInteger, nullable=False),
        sa.Column("last_used_timestamp", sa.BigInteger),
        _of("client_secrets", "principal_id", "principals"),
        sa.PrimaryKeyConstraint("id", name="pk_client_secrets"),
    )
    op.create_table(
        "federation_rules",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("principal_id", sa.Text, nullable=False),
        sa.Column("issuer", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("audience", sa.Text, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("creation_timestamp", sa.BigInteger, nullable=False),
        _of("federation_rules", "principal_id", "principals"),
        sa.PrimaryKeyConstraint("id", name="pk_federation_rules"),
    )
    op.create_table(
        "oauth_tokens",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("principal_id", sa.Text, nullable=False),
        sa.Column("secret_id", sa.Text),
        sa.Column("rule_id", sa.Text),
        sa.Column("creation_timestamp", sa.BigInteger, nullable=False),
        sa.Column("expiry_timestamp", sa.BigInteger, nullable=False),
        _of("oauth_tokens", "principal_id", "principals"),
        _of("oauth_tokens", "secret_id", "client_secrets"),
        _of("oauth_tokens", "rule_id", "federation_rules"),
        sa.PrimaryKeyConstraint("id", name="pk_oauth_tokens"),
        sa.UniqueConstraint("hash", name="uq_oauth_tokens_hash"),
    )
    for table, column in (
        ("client_secrets", "principal_id"),
        ("federation_rules", "principal_id"),
        ("federation_rules", "issuer"),
        ("oauth_tokens", "principal_id"),
        ("oauth_tokens", "secret_id"),
        ("oauth_tokens", "rule_id"),
        ("oauth_tokens", "expiry_timestamp"),
    ):
        op.create_index(f"ix_{table}_{column}", table, [column])


def _of(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}", ondelete="CASCADE")
