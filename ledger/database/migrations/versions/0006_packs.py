"""Where each document lies in the store: in which pack, from which byte, how long.

Documents that were stored one a file are no longer found.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    with op.batch_alter_table("document") as document:
        document.add_column(sa.Column("pack", sa.Text(), nullable=False, server_default=""))
        for name in ("pack_offset", "pack_length"):
            column = sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")
            document.add_column(column)
    # On its own: SQLite makes the table anew, and would have no value for its rows.
    with op.batch_alter_table("document") as document:
        for name in ("pack", "pack_offset", "pack_length"):
            document.alter_column(name, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("document") as document:
        for name in ("pack", "pack_offset", "pack_length"):
            document.drop_column(name)
