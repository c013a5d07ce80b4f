"""An index of the assets that are past the first stage of their lives, by stage."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

_PAST = sa.text("stage > 0")


def upgrade() -> None:
    op.create_index(
        "asset_stage",
        "asset",
        ["stage", "first_sequence"],
        sqlite_where=_PAST,
        postgresql_where=_PAST,
    )


def downgrade() -> None:
    op.drop_index("asset_stage", "asset", if_exists=True)
