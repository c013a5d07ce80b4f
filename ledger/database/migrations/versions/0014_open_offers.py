"""SQLite takes the youngest of the indexes that serve alike: make the one of open offers last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return
    there = {index["name"] for index in sa.inspect(connection).get_indexes("offer")}
    if "offer_open" in there:  # else a filling mirror has left it out, and makes it at its end
        op.drop_index("offer_open", "offer")
        op.create_index(
            "offer_open",
            "offer",
            ["to", "from_block", "asset", "position"],
            sqlite_where=sa.text("to_block IS NULL"),
        )


def downgrade() -> None:
    """Either order of making them was one of the revision before."""
