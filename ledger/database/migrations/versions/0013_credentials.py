"""Roles and lives of keys, sign-in by wallets, quotas, who read documents, and signed entries."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_ALL_ROLES: Final = "admin reader writer"
_KEY: Final = (
    ("name", sa.Text()),
    ("replaces", sa.Text()),
    ("account", sa.LargeBinary()),
    ("expires_at", sa.BigInteger()),
    ("last_used_at", sa.BigInteger()),
)
_SIGNED: Final = (
    ("actor", sa.LargeBinary()),
    ("deadline", sa.BigInteger()),
    ("signature", sa.LargeBinary()),
)


def upgrade() -> None:
    for name, kind in _KEY:
        op.add_column("api_key", sa.Column(name, kind, nullable=True))
    with op.batch_alter_table("api_key") as key:
        # What could do everything goes on to.
        key.add_column(sa.Column("roles", sa.Text(), nullable=False, server_default=_ALL_ROLES))
    with op.batch_alter_table("api_key") as key:
        key.alter_column("roles", server_default=None)
    for name, kind in _SIGNED:
        op.add_column("operation", sa.Column(name, kind, nullable=True))
    op.create_table(
        "sign_in_nonce",
        _text("nonce"),
        _integer("expires_at"),
        sa.PrimaryKeyConstraint("nonce"),
    )
    op.create_index("ix_sign_in_nonce_expires_at", "sign_in_nonce", ["expires_at"])
    op.create_table(
        "account_role",
        _binary("org"),
        _binary("account"),
        _text("roles"),
        _integer("created_at"),
        sa.PrimaryKeyConstraint("org", "account"),
    )
    _create_quotas()
    op.create_table(
        "document_read",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        *[_binary(name) for name in ("org", "content_hash")],
        *[sa.Column(name, sa.LargeBinary(), nullable=True) for name in ("subject", "reader")],
        *[_text(name) for name in ("prefix", "route")],
        _integer("read_at"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_document_read_org", "document_read", ["org", "id"])
    op.create_index("ix_document_read_read_at", "document_read", ["read_at"])


def _create_quotas() -> None:
    op.create_table(
        "quota_window",
        *[_text(name) for name in ("subject", "measure")],
        *[_integer(name) for name in ("began_at", "taken")],
        sa.PrimaryKeyConstraint("subject", "measure"),
    )
    op.create_table(
        "quota_slots",
        *[_text(name) for name in ("subject", "process")],
        *[_integer(name) for name in ("slots", "held_until")],
        sa.PrimaryKeyConstraint("subject", "process"),
    )
    op.create_table(
        "quota_override",
        _binary("org"),
        *[
            sa.Column(name, sa.BigInteger(), nullable=True)
            for name in ("requests_per_minute", "bytes_per_day", "in_flight")
        ],
        _integer("created_at"),
        sa.PrimaryKeyConstraint("org"),
    )


def downgrade() -> None:
    for table in ("document_read", "quota_override", "quota_slots", "quota_window"):
        op.drop_table(table)
    op.drop_table("account_role")
    op.drop_table("sign_in_nonce")
    with op.batch_alter_table("operation") as operation:
        for name, _ in reversed(_SIGNED):
            operation.drop_column(name)
    with op.batch_alter_table("api_key") as key:
        key.drop_column("roles")
        for name, _ in reversed(_KEY):
            key.drop_column(name)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _binary(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=False)


def _integer(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)
