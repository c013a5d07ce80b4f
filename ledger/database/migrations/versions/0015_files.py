"""Files that were uploaded: which document describes each, and where its bytes lie."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "document_file",
        sa.Column("content_hash", sa.LargeBinary(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False, unique=True),
    )


def downgrade() -> None:
    op.drop_table("document_file")
