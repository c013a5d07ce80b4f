"""Tables of webhooks: who is told of what at which address, and what became of each telling.

Columns ending in `_at` or `_until` are milliseconds since 1970; ids sort by time of making.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import BigInteger, Index, LargeBinary, Text, text
from sqlmodel import Field, SQLModel


class WebhookState(StrEnum):
    """Whether a webhook is told of anything: a paused one is not until it is resumed."""

    ACTIVE = "active"
    PAUSED = "paused"
    REVOKED = "revoked"


class DeliveryState(StrEnum):
    """What became of a delivery: `failed` are those that come once only, as pings do."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    SKIPPED = "skipped"


class Webhook(SQLModel, table=True):
    """An address of an organisation's that is told of events, one after the other.

    Those up to the place (`epoch`, `place`) of the feed have become deliveries; `next_sequence` is
    the number of the next. `secret` names where the key is kept that signs; `old_secret` the one
    before, which signs as well until `old_until`. Nothing is sent before `next_at`.
    """

    __tablename__ = "webhook"
    __table_args__ = (Index("ix_webhook_org", "org", "id"), Index("ix_webhook_state", "state"))

    id: str = Field(sa_type=Text, primary_key=True)
    org: bytes = Field(sa_type=LargeBinary)
    url: str = Field(sa_type=Text)
    name: str | None = Field(default=None, sa_type=Text)
    kinds: str | None = Field(default=None, sa_type=Text)
    actor: bytes | None = Field(default=None, sa_type=LargeBinary)
    subject: bytes | None = Field(default=None, sa_type=LargeBinary)
    secret: str = Field(sa_type=Text)
    old_secret: str | None = Field(default=None, sa_type=Text)
    old_until: int | None = Field(default=None, sa_type=BigInteger)
    state: str = Field(default=WebhookState.ACTIVE, sa_type=Text)
    reason: str | None = Field(default=None, sa_type=Text)
    epoch: int = Field(sa_type=BigInteger)
    place: int = Field(sa_type=BigInteger)
    next_sequence: int = Field(default=1, sa_type=BigInteger)
    failures: int = Field(default=0, sa_type=BigInteger)
    failing_at: int | None = Field(default=None, sa_type=BigInteger)
    next_at: int = Field(default=0, sa_type=BigInteger)
    created_at: int = Field(sa_type=BigInteger)
    updated_at: int = Field(sa_type=BigInteger)


class WebhookDelivery(SQLModel, table=True):
    """An event on its way to a webhook; its id is the message's, however often it is sent.

    `sequence` counts a webhook's deliveries without gaps; null: it is a ping. `again_at`: since
    then it is to be sent once more, out of turn. `status` and `milliseconds` are those of the last
    attempt, and `error` says why there was no answer.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        Index("ix_webhook_delivery_webhook", "webhook", "id"),
        Index(
            "ix_webhook_delivery_pending",
            "webhook",
            "sequence",
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
        Index(
            "ix_webhook_delivery_again",
            "id",
            sqlite_where=text("again_at IS NOT NULL"),
            postgresql_where=text("again_at IS NOT NULL"),
        ),
    )

    id: str = Field(sa_type=Text, primary_key=True)
    webhook: str = Field(sa_type=Text)
    sequence: int | None = Field(default=None, sa_type=BigInteger)
    event: str = Field(sa_type=Text)
    type: str = Field(sa_type=Text)
    body: str = Field(sa_type=Text)
    state: str = Field(default=DeliveryState.PENDING, sa_type=Text)
    again_at: int | None = Field(default=None, sa_type=BigInteger)
    attempts: int = Field(default=0, sa_type=BigInteger)
    status: int | None = Field(default=None, sa_type=BigInteger)
    error: str | None = Field(default=None, sa_type=Text)
    milliseconds: int | None = Field(default=None, sa_type=BigInteger)
    created_at: int = Field(sa_type=BigInteger, index=True)
    attempted_at: int | None = Field(default=None, sa_type=BigInteger)


class WebhookSender(SQLModel, table=True):
    """The one row that says which process sends, and until when; its token fences off others."""

    __tablename__ = "webhook_sender"

    id: str = Field(sa_type=Text, primary_key=True)
    lease_holder: str | None = Field(default=None, sa_type=Text)
    lease_token: int = Field(default=0, sa_type=BigInteger)
    lease_until: int = Field(default=0, sa_type=BigInteger)
