"""An index of serials, whoever gave them: every search asks whether its word is one."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.create_index("ix_registration_serial", "registration", ["serial"])


def downgrade() -> None:
    op.drop_index("ix_registration_serial", "registration", if_exists=True)
