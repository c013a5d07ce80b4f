"""Webhooks, what became of each delivery, and which process sends them."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

_PENDING: Final = "state = 'pending'"
_AGAIN: Final = "again_at IS NOT NULL"


def upgrade() -> None:
    op.create_table(
        "webhook",
        _text("id"),
        _binary("org"),
        *[_text("url"), _text("name", True), _text("kinds", True)],
        *[_binary("actor", True), _binary("subject", True)],
        *[_text("secret"), _text("old_secret", True), _integer("old_until", True)],
        *[_text("state"), _text("reason", True)],
        *[_integer(name) for name in ("epoch", "place", "next_sequence", "failures")],
        *[_integer("failing_at", True), _integer("next_at")],
        *[_integer(name) for name in ("created_at", "updated_at")],
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_webhook_org", "webhook", ["org", "id"])
    op.create_index("ix_webhook_state", "webhook", ["state"])
    _create_deliveries()
    op.create_table(
        "webhook_sender",
        _text("id"),
        _text("lease_holder", True),
        *[_integer(name) for name in ("lease_token", "lease_until")],
        sa.PrimaryKeyConstraint("id"),
    )


def _create_deliveries() -> None:
    table = "webhook_delivery"
    op.create_table(
        table,
        *[_text("id"), _text("webhook"), _integer("sequence", True)],
        *[_text(name) for name in ("event", "type", "body", "state")],
        *[_integer("again_at", True), _integer("attempts"), _integer("status", True)],
        *[_text("error", True), _integer("milliseconds", True)],
        *[_integer("created_at"), _integer("attempted_at", True)],
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_webhook_delivery_webhook", table, ["webhook", "id"])
    _create_index("ix_webhook_delivery_pending", ["webhook", "sequence"], _PENDING)
    _create_index("ix_webhook_delivery_again", ["id"], _AGAIN)
    op.create_index("ix_webhook_delivery_created_at", table, ["created_at"])


def _create_index(name: str, columns: list[str], where: str) -> None:
    op.create_index(
        name,
        "webhook_delivery",
        columns,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )


def downgrade() -> None:
    for table in ("webhook_sender", "webhook_delivery", "webhook"):
        op.drop_table(table)


def _text(name: str, empty: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=empty)


def _binary(name: str, empty: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.LargeBinary(), nullable=empty)


def _integer(name: str, empty: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=empty)
