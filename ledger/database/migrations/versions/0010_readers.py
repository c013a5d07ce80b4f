"""Indexes that hold the orders of lists, as of any block too; checkpoints."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_PERIODS: Final = (
    ("account", "account", "org"),
    ("claim", "issuer", "subject"),
    ("claim", "schema", "subject"),
    ("listing", "world", "asset"),
    ("mount", "parent", "part"),
    ("offer", "to", "asset"),
)
_PARTIES: Final = ("custodian", "operator", "lien_holder")


def upgrade() -> None:
    for table, column, key in _PERIODS:
        op.drop_index(f"{table}_{column}", table)
        op.create_index(f"{table}_{column}", table, [column, "from_block", key, "position"])
    op.drop_index("holder_org", "holder")
    op.create_index("holder_org", "holder", ["org", "party", "from_block", "asset", "position"])
    _create_partial("offer_open", "offer", ["to", "from_block", "asset", "position"], "to_block")
    op.drop_index("asset_frozen", "asset")
    op.create_index("asset_schema", "asset", ["schema", "first_sequence"])
    op.create_index("asset_kind", "asset", ["asset_kind", "first_sequence"])
    for party in _PARTIES:
        _create_partial(f"asset_{party}", "asset", [party, "first_sequence"], party, held=True)
    op.create_index("batch_owner", "batch", ["owner", "first_sequence"])
    op.create_index("block_timestamp", "block", ["timestamp", "number"])
    op.create_table(
        "checkpoint",
        # SQLite makes only INTEGER keys its row ids.
        sa.Column(
            "block_number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("block_hash", sa.LargeBinary(), nullable=False),
        sa.Column("ledger_head", sa.LargeBinary(), nullable=False),
        *[
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("sequence", "timestamp", "made_at")
        ],
        sa.PrimaryKeyConstraint("block_number"),
    )


def downgrade() -> None:
    op.drop_table("checkpoint")
    op.drop_index("block_timestamp", "block")
    op.drop_index("batch_owner", "batch")
    for party in _PARTIES:
        op.drop_index(f"asset_{party}", "asset")
    op.drop_index("asset_kind", "asset")
    op.drop_index("asset_schema", "asset")
    op.create_index(
        "asset_frozen",
        "asset",
        ["first_sequence"],
        sqlite_where=sa.text("frozen = 1"),
        postgresql_where=sa.text("frozen"),
    )
    op.drop_index("offer_open", "offer")
    op.drop_index("holder_org", "holder")
    op.create_index("holder_org", "holder", ["org", "from_block"])
    for table, column, _ in _PERIODS:
        op.drop_index(f"{table}_{column}", table)
        op.create_index(f"{table}_{column}", table, [column, "from_block"])


def _create_partial(
    name: str, table: str, columns: list[str], of: str, *, held: bool = False
) -> None:
    where = sa.text(f"{of} IS {'NOT ' if held else ''}NULL")
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
