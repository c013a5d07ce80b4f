"""What a person should do about an alarm."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("alarm", sa.Column("needs", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("alarm") as alarm:
        alarm.drop_column("needs")
