"""Find what is written to a subject as a parent, so that its next position is known beforehand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

_MOUNTS = "kind IN (43, 44)"


def upgrade() -> None:
    op.create_index(
        "ix_operation_parent",
        "operation",
        ["payload", "sequence"],
        sqlite_where=sa.text(_MOUNTS),
        postgresql_where=sa.text(_MOUNTS),
    )


def downgrade() -> None:
    op.drop_index("ix_operation_parent", "operation")
