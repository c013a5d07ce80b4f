"""Subjects' texts, and how far they follow the mirror."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0009"
down_revision = "0008"

# SQLite makes only INTEGER keys its row ids.
_SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "search_text",
        sa.Column("id", _SEQUENCE, autoincrement=False, nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("org", sa.LargeBinary(), nullable=False),
        sa.Column("apart", sa.Boolean(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("tokens", sa.Text().with_variant(TSVECTOR(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("search_text_subject", "search_text", ["subject"])
    op.create_index("search_text_sequence", "search_text", ["sequence"])
    op.create_table(
        "search_mark",
        sa.Column("sequence", _SEQUENCE, autoincrement=False, nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("search_text_tokens", "search_text", ["tokens"], postgresql_using="gin")
    else:
        _index_in_sqlite()


def _index_in_sqlite() -> None:
    # `ascii` leaves tokens as they are, of whatever script: they are only parted by blanks.
    op.execute(
        "create virtual table search_index using fts5"
        " (tokens, content='search_text', content_rowid='id', tokenize='ascii')"
    )
    op.execute(
        "create trigger search_text_added after insert on search_text begin"
        " insert into search_index (rowid, tokens) values (new.id, new.tokens); end"
    )
    op.execute(
        "create trigger search_text_removed after delete on search_text begin"
        " insert into search_index (search_index, rowid, tokens)"
        " values ('delete', old.id, old.tokens); end"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("drop table search_index")
    op.drop_table("search_mark")
    op.drop_table("search_text")
