"""Data classes of documents, jurisdictions of organisations, and what was released to others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

_LABELLED = ("document", "batch_registration")


def upgrade() -> None:
    for table in _LABELLED:
        op.add_column(table, sa.Column("data_class", sa.Text(), nullable=True))
        op.add_column(table, sa.Column("jurisdiction", sa.Text(), nullable=True))
    op.create_table(
        "jurisdiction",
        sa.Column("org", sa.LargeBinary(), primary_key=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "document_release",
        sa.Column("content_hash", sa.LargeBinary(), primary_key=True),
        sa.Column("code", sa.Text(), primary_key=True),
        sa.Column("operation", sa.Text(), primary_key=True),
    )


def downgrade() -> None:
    op.drop_table("document_release")
    op.drop_table("jurisdiction")
    for table in _LABELLED:
        op.drop_column(table, "jurisdiction")
        op.drop_column(table, "data_class")
