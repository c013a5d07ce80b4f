"""Whether a person lets a lane go on whose nonce somebody else used."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    with op.batch_alter_table("lane") as lane:
        lane.add_column(
            sa.Column("released", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    # On its own: SQLite makes the table anew, and would have no value for its rows.
    with op.batch_alter_table("lane") as lane:
        lane.alter_column("released", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("lane") as lane:
        lane.drop_column("released")
