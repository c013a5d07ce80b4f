"""Deliveries of webhooks: made of events in their order, sent, sent again, and kept for a while."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from sqlalchemy import delete
from sqlmodel import Session, col, select

from ledger.domain.telling import moment
from ledger.errors import UnknownThing
from ledger.outbox.clock import new_id, now
from ledger.outbox.reaching import Answered
from ledger.outbox.webhook_tables import DeliveryState, Webhook, WebhookDelivery, WebhookState
from ledger.outbox.webhooks import RevokedWebhook, Wanted, get_webhook
from ledger.standards.cloudevents import tell_cloud_event
from ledger.types import Hash32

PORTION: Final = 50
"""Deliveries of a webhook that are made, and sent, before what became of them is written down."""

_FORGOTTEN: Final = 1_000


@dataclass(frozen=True, slots=True)
class Found:
    """Events that follow a place of the feed, and where they lead; `more`: others follow."""

    events: Sequence[Mapping[str, Any]]
    after: tuple[int, int]
    more: bool


class Feed(Protocol):
    """Where events come from: CloudEvents in the order in which they happened."""

    def find_tip(self, session: Session) -> tuple[int, int] | None:
        """The newest place; None before there is any."""

    def read(self, session: Session, place: tuple[int, int], wanted: Wanted, limit: int) -> Found:
        """What follows a place."""


def list_again(session: Session, limit: int) -> Sequence[WebhookDelivery]:
    """What is to be sent out of turn: pings, and what somebody asked to be sent again."""
    due = col(WebhookDelivery.again_at).is_not(None)
    wanted = select(WebhookDelivery).where(due).order_by(col(WebhookDelivery.id)).limit(limit)
    return session.exec(wanted).all()


def add_deliveries(session: Session, webhook: Webhook, found: Found) -> None:
    """Make deliveries of events, each with the webhook's next number; the caller commits."""
    ids = sorted(new_id() for _ in found.events)  # those of one millisecond are in no order
    for id, event in zip(ids, found.events, strict=True):
        told = {**event, "sequence": f"{webhook.next_sequence:020d}"}
        session.add(_delivery(id, webhook.id, told, webhook.next_sequence))
        webhook.next_sequence += 1
    webhook.epoch, webhook.place = found.after
    session.flush()


def _delivery(
    id: str, webhook: str, event: Mapping[str, Any], sequence: int | None
) -> WebhookDelivery:
    return WebhookDelivery(
        id=id,
        webhook=webhook,
        sequence=sequence,
        event=event["id"],
        type=event["type"],
        body=json.dumps(event, ensure_ascii=False, separators=(",", ":")),
        created_at=now(),
    )


def add_ping(session: Session, org: Hash32, webhook: str, source: str) -> WebhookDelivery:
    """Make a delivery that says nothing but that it comes; it is sent once, whatever else waits.

    Raises:
        UnknownThing, RevokedWebhook: there is no such webhook.
    """
    found = get_webhook(session, org, webhook)
    if found.state == WebhookState.REVOKED:
        raise RevokedWebhook(webhook)
    event = tell_cloud_event(
        id=f"test.{new_id()}",
        source=source,
        type="ledger.webhook.test",
        time=moment(now() / 1000),
        data={"webhook": webhook},
    )
    ping = _delivery(new_id(), webhook, event, None)
    ping.again_at = now()
    session.add(ping)
    session.flush()
    return ping


def list_deliveries(
    session: Session,
    webhook: str,
    *,
    state: DeliveryState | None,
    before: str | None,
    limit: int,
) -> Sequence[WebhookDelivery]:
    """A webhook's deliveries, the latest first."""
    id = col(WebhookDelivery.id)
    wanted = select(WebhookDelivery).where(WebhookDelivery.webhook == webhook)
    if state is not None:
        wanted = wanted.where(WebhookDelivery.state == state)
    if before is not None:
        wanted = wanted.where(id < before)
    return session.exec(wanted.order_by(id.desc()).limit(limit)).all()


def get_delivery(session: Session, org: Hash32, webhook: str, id: str) -> WebhookDelivery:
    """A delivery of an organisation's webhook. Raises UnknownThing if there is none."""
    found = session.get(WebhookDelivery, id)
    if found is None or found.webhook != get_webhook(session, org, webhook).id:
        raise UnknownThing("delivery", field="delivery", value=id)
    return found


def send_again(session: Session, org: Hash32, webhook: str, id: str) -> WebhookDelivery:
    """Have a delivery be sent again, with the same id; one that waits for its turn, at once.

    Raises:
        UnknownThing, RevokedWebhook: there is no such delivery, or nothing is sent there.
    """
    told = get_webhook(session, org, webhook, lock=True)
    found = get_delivery(session, org, webhook, id)
    if told.state == WebhookState.REVOKED:
        raise RevokedWebhook(webhook)
    if found.state == DeliveryState.PENDING and found.sequence is not None:
        told.next_at = 0
    else:
        found.again_at = now()
    session.flush()
    return found


def note_attempt(session: Session, id: str, answered: Answered, *, in_turn: bool) -> None:
    """Write down how an attempt ended; what was delivered once stays so. The caller commits."""
    delivery = session.get(WebhookDelivery, id)
    if delivery is None:
        return  # too old meanwhile
    delivery.attempts += 1
    delivery.attempted_at = now()
    delivery.status, delivery.error = answered.status, answered.error
    delivery.milliseconds = answered.milliseconds
    if not in_turn:
        delivery.again_at = None
    if is_success(answered):
        delivery.state = DeliveryState.DELIVERED
    elif not in_turn and delivery.sequence is None and delivery.state == DeliveryState.PENDING:
        delivery.state = DeliveryState.FAILED


def is_success(answered: Answered) -> bool:
    """Whether a delivery arrived (Standard Webhooks: 2xx alone says so)."""
    return answered.status is not None and 200 <= answered.status < 300


def forget_deliveries(session: Session, before: int) -> None:
    """Drop what was made before a time (milliseconds since 1970) and does not wait for its turn."""
    old = select(WebhookDelivery.id).where(
        col(WebhookDelivery.created_at) < before,
        col(WebhookDelivery.state) != DeliveryState.PENDING,
    )
    ids = session.exec(old.order_by(col(WebhookDelivery.created_at)).limit(_FORGOTTEN)).all()
    session.execute(delete(WebhookDelivery).where(col(WebhookDelivery.id).in_(ids)))
