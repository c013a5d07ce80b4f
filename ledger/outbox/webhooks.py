"""An organisation's webhooks: made, listed, resumed, their secrets rotated, and revoked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, func, literal_column, update
from sqlmodel import Session, col, select

from ledger.domain.kinds import Kind
from ledger.errors import Conflict, UnknownThing
from ledger.outbox.clock import new_id, now
from ledger.outbox.webhook_tables import DeliveryState, Webhook, WebhookDelivery, WebhookState
from ledger.types import Hash32

MOST_WEBHOOKS: Final = 20
"""Webhooks that an organisation may have, those that are revoked aside."""


class TooManyWebhooks(Conflict):
    """The organisation has as many webhooks as it may have."""

    code = "too_many_webhooks"

    def __init__(self) -> None:
        super().__init__(
            f"your organisation has {MOST_WEBHOOKS} webhooks; revoke some", most=MOST_WEBHOOKS
        )


class RevokedWebhook(Conflict):
    """The webhook was revoked: nothing is sent to it any more."""

    code = "revoked_webhook"

    def __init__(self, id: str) -> None:
        super().__init__(f"webhook {id} was revoked", webhook=id)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events a webhook is told of; None filters nothing. `actor` is who acted."""

    kinds: frozenset[Kind] | None = None
    actor: Hash32 | None = None
    subject: Hash32 | None = None


def join_kinds(kinds: frozenset[Kind] | None) -> str | None:
    """Kinds as a column holds them."""
    return None if kinds is None else " ".join([kind.label for kind in sorted(kinds)])


def read_wanted(webhook: Webhook) -> Wanted:
    """Which events a webhook is told of."""
    words = webhook.kinds.split() if webhook.kinds is not None else None
    kinds = None if words is None else frozenset(Kind[word.upper()] for word in words)
    return Wanted(kinds, webhook.actor, webhook.subject)


def make_webhook(
    session: Session,
    org: Hash32,
    url: str,
    wanted: Wanted,
    secret: str,
    *,
    name: str | None,
    place: tuple[int, int],
) -> Webhook:
    """Make a webhook that is told of what follows a place of the feed; the caller commits.

    `secret` names the secret that signs. Raises TooManyWebhooks.
    """
    standing = (col(Webhook.org) == org) & (col(Webhook.state) != WebhookState.REVOKED)
    if session.exec(select(func.count(col(Webhook.id))).where(standing)).one() >= MOST_WEBHOOKS:
        raise TooManyWebhooks
    moment = now()
    webhook = Webhook(
        id=new_id(),
        org=org,
        url=url,
        name=name,
        kinds=join_kinds(wanted.kinds),
        actor=wanted.actor,
        subject=wanted.subject,
        secret=secret,
        epoch=place[0],
        place=place[1],
        created_at=moment,
        updated_at=moment,
    )
    session.add(webhook)
    session.flush()
    return webhook


def list_webhooks(
    session: Session, org: Hash32, *, after: str | None, limit: int
) -> Sequence[Webhook]:
    """An organisation's webhooks, the oldest first."""
    wanted = select(Webhook).where(Webhook.org == org)
    if after is not None:
        wanted = wanted.where(col(Webhook.id) > after)
    return session.exec(wanted.order_by(col(Webhook.id)).limit(limit)).all()


def get_webhook(session: Session, org: Hash32, id: str, *, lock: bool = False) -> Webhook:
    """A webhook of an organisation's own. Raises UnknownThing if there is none of that id."""
    found = session.get(Webhook, id, with_for_update=lock or None)
    if found is None or found.org != org:
        raise UnknownThing("webhook", field="webhook", value=id)
    return found


def _get_standing(session: Session, org: Hash32, id: str) -> Webhook:
    webhook = get_webhook(session, org, id, lock=True)
    if webhook.state == WebhookState.REVOKED:
        raise RevokedWebhook(id)
    return webhook


def rotate_secret(
    session: Session, org: Hash32, id: str, secret: str, overlap: int
) -> tuple[Webhook, str | None]:
    """Have another secret sign; the one before signs, too, for `overlap` milliseconds.

    Returns the webhook, and the name of a secret that nobody needs any more. The caller commits.

    Raises:
        UnknownThing, RevokedWebhook: there is no such webhook.
    """
    webhook = _get_standing(session, org, id)
    unneeded = webhook.old_secret
    webhook.old_secret, webhook.secret = webhook.secret, secret
    webhook.old_until = webhook.updated_at = now()
    webhook.old_until += overlap
    session.flush()
    return webhook, unneeded


def resume_webhook(session: Session, org: Hash32, id: str, *, skip: bool) -> Webhook:
    """Have a webhook be told again, at once; `skip`: without what it failed at. The caller commits.

    Raises:
        UnknownThing, RevokedWebhook: there is no such webhook.
    """
    webhook = _get_standing(session, org, id)
    if skip and (first := find_pending(session, id)) is not None:
        first.state = DeliveryState.SKIPPED
    webhook.state, webhook.reason = WebhookState.ACTIVE, None
    webhook.failures, webhook.failing_at, webhook.next_at = 0, None, 0
    webhook.updated_at = now()
    session.flush()
    return webhook


def find_pending(session: Session, webhook: str) -> WebhookDelivery | None:
    """The delivery that a webhook is to have next, if one was made."""
    found = list_pending(session, webhook, 1)
    return found[0] if found else None


def list_pending(session: Session, webhook: str, limit: int) -> Sequence[WebhookDelivery]:
    """What a webhook is to have next, in order."""
    sequence = col(WebhookDelivery.sequence)
    # Spelt out, so that the index of what waits serves it.
    waiting: ColumnElement[bool] = literal_column("webhook_delivery.state = 'pending'")
    wanted = select(WebhookDelivery).where(
        WebhookDelivery.webhook == webhook, waiting, sequence.is_not(None)
    )
    return session.exec(wanted.order_by(sequence).limit(limit)).all()


def revoke_webhook(
    session: Session, org: Hash32, id: str, destroy: Callable[[str], None]
) -> Webhook:
    """Have nothing be sent to a webhook any more, and destroy its secrets; again: nothing more.

    Raises:
        UnknownThing: there is no such webhook.
    """
    webhook = get_webhook(session, org, id, lock=True)
    for name in (webhook.secret, webhook.old_secret):
        if name is not None:
            destroy(name)
    if webhook.state != WebhookState.REVOKED:
        webhook.state, webhook.reason = WebhookState.REVOKED, None
        webhook.updated_at = now()
        deliveries = update(WebhookDelivery).where(col(WebhookDelivery.webhook) == id)
        waiting = col(WebhookDelivery.state) == DeliveryState.PENDING
        again = col(WebhookDelivery.again_at).is_not(None)
        session.execute(deliveries.where(waiting).values(state=DeliveryState.SKIPPED))
        session.execute(deliveries.where(again).values(again_at=None))
        session.flush()
    return webhook
