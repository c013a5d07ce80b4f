"""Receipts of what was accepted; who signed checkpoints, and where they are anchored."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_RECEIPT: Final = (
    ("signing", sa.BigInteger()),
    ("receipt_index", sa.Integer()),
    ("promised", sa.BigInteger()),
)


def upgrade() -> None:
    for name, kind in _RECEIPT:
        op.add_column("operation", sa.Column(name, kind, nullable=True))
    op.create_table(
        "receipt_signing",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        *[_binary(name) for name in ("domain", "leaves", "signer", "signature")],
        _integer("created_at"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "checkpoint_signature",
        _integer("block_number"),
        *[_binary(name) for name in ("witness", "digest", "block_hash", "ledger_head")],
        sa.Column("signature", sa.LargeBinary(), nullable=True),
        sa.Column("org", sa.LargeBinary(), nullable=True),
        _integer("created_at"),
        sa.PrimaryKeyConstraint("block_number", "witness", "digest"),
    )
    op.create_table(
        "checkpoint_anchor",
        *[_integer(name) for name in ("block_number", "chain_id")],
        *[_binary(name) for name in ("log", "digest")],
        _integer("signatures"),
        _binary("transaction_hash"),
        *[_integer(name) for name in ("anchored_block", "created_at")],
        sa.PrimaryKeyConstraint("block_number", "chain_id", "log"),
    )


def downgrade() -> None:
    op.drop_table("checkpoint_anchor")
    op.drop_table("checkpoint_signature")
    op.drop_table("receipt_signing")
    with op.batch_alter_table("operation") as operation:
        for name, _ in reversed(_RECEIPT):
            operation.drop_column(name)


def _binary(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=False)


def _integer(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)
