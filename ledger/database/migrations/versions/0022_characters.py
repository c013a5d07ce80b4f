"""Texts are made anew: each Chinese, Japanese or Korean character is a word of its own now."""

from __future__ import annotations

from typing import Final

from alembic import op

revision = "0022"
down_revision = "0021"


# Where no mark is, all texts are dropped and made again, a portion at a time.
_FORGET: Final = "delete from search_mark"


def upgrade() -> None:
    op.execute(_FORGET)


def downgrade() -> None:
    op.execute(_FORGET)
