"""PostgreSQL finds texts near a place: the index of their tokens has stretches of ids, too."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_STRETCHES: Final = (
    "(ARRAY[(search_text.id >> 14) * 5 + 0, (search_text.id >> 16) * 5 + 1,"
    " (search_text.id >> 18) * 5 + 2, (search_text.id >> 20) * 5 + 3,"
    " (search_text.id >> 22) * 5 + 4])"
)


def upgrade() -> None:
    _index("tokens", sa.text(_STRETCHES))


def downgrade() -> None:
    _index("tokens")


def _index(*columns: str | sa.TextClause) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("search_text_tokens", "search_text")
        op.create_index("search_text_tokens", "search_text", [*columns], postgresql_using="gin")
