"""What rollbacks took back, so that whoever was told of it can be told so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "rollback",
        _key("number", sa.Integer()),
        *[_integer(name) for name in ("to_sequence", "to_block")],
        sa.Column("outdone_by", sa.BigInteger(), nullable=True),
        _integer("at"),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index(
        "rollback_standing",
        "rollback",
        ["to_sequence"],
        unique=True,
        sqlite_where=sa.text("outdone_by IS NULL"),
        postgresql_where=sa.text("outdone_by IS NULL"),
    )
    op.create_table(
        "reverted_entry",
        *[_integer(name) for name in ("rollback", "sequence", "block_number", "log_index")],
        *[_binary(name) for name in ("transaction_hash", "subject", "org")],
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        _integer("position"),
        _binary("actor"),
        _integer("timestamp"),
        *[_binary(name) for name in ("payload", "head")],
        sa.PrimaryKeyConstraint("rollback", "sequence"),
    )


def downgrade() -> None:
    op.drop_table("reverted_entry")
    op.drop_table("rollback")


def _key(name: str, on_sqlite: sa.types.TypeEngine[int]) -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(on_sqlite, "sqlite")
    return sa.Column(name, kind, nullable=False, autoincrement=False)


def _integer(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _binary(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=False)
