"""How far the mirror is proven; blocks without what nobody asks, entries without their index.

Entries of the blocks above one are those above its last sequence: an index of blocks was one too
many.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.drop_index("entry_block", "entry")
    with op.batch_alter_table("block") as block:
        block.drop_column("parent_hash")
    with op.batch_alter_table("mirror") as mirror:
        mirror.add_column(sa.Column("proven_block", sa.BigInteger(), nullable=True))
    op.execute("update mirror set proven_block = block_number")
    with op.batch_alter_table("mirror") as mirror:
        mirror.alter_column("proven_block", existing_type=sa.BigInteger(), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("mirror") as mirror:
        mirror.drop_column("proven_block")
    # What a block followed is not remembered any more, and nobody asks.
    with op.batch_alter_table("block") as block:
        block.add_column(
            sa.Column("parent_hash", sa.LargeBinary(), nullable=False, server_default="")
        )
    with op.batch_alter_table("block") as block:
        block.alter_column("parent_hash", server_default=None)
    op.create_index("entry_block", "entry", ["block_number"])
