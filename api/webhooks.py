"""Makes webhooks and their secrets, and tells of both."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from api.deps import Service
from api.errors import Problem, invalid
from api.lookup import get_party
from api.schemas.webhooks import CreateWebhook, NewSecret, OneDelivery
from ledger.database.engine import reading, writing
from ledger.documents.secrets import Secrets
from ledger.domain.kinds import Kind
from ledger.domain.telling import moment
from ledger.errors import UnknownThing
from ledger.mirror.feed import BEGINNING, Place
from ledger.mirror.queries import find_tip
from ledger.outbox.clock import now
from ledger.outbox.reaching import Reach, verify_url
from ledger.outbox.webhook_tables import Webhook, WebhookDelivery
from ledger.outbox.webhooks import Wanted, make_webhook, rotate_secret
from ledger.standards.webhooks import encode_secret
from ledger.types import Hash32, parse_hash, to_hex

_UUID: Final = re.compile(b"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Desk:
    """Where webhooks are made; `secrets` keeps what signs, `reach` says what they may name."""

    secrets: Secrets
    reach: Reach

    def create(self, service: Service, org: Hash32, body: CreateWebhook) -> NewSecret:
        """Make a webhook. Raises Problem, MalformedValue, UnknownThing, TooManyWebhooks."""
        url = verify_url(body.url, self.reach)
        wanted, place = self._read(service, body)
        # Before the row, as documents' keys are; if that is refused, nobody knows of it.
        name, secret = self.secrets.make()
        try:
            with writing(service.engine) as session:
                made = make_webhook(session, org, url, wanted, name, name=body.name, place=place)
                return NewSecret(**tell_webhook(made), secret=encode_secret(secret))
        except BaseException:
            self.secrets.destroy(name)
            raise

    def _read(self, service: Service, body: CreateWebhook) -> tuple[Wanted, Place]:
        with reading(service.engine) as session:
            tip = find_tip(session)
            newest = BEGINNING if tip is None else Place(tip.epoch, tip.sequence)
            place = newest if body.after is None else Place.parse(body.after, "after")
            if place.epoch > newest.epoch:
                raise invalid("after", body.after, "is no event's of this ledger's feed")
            named = body.organisation
            actor = None if named is None else get_party(session, named, "organisation")
        kinds = None if body.kinds is None else frozenset(Kind[one.upper()] for one in body.kinds)
        subject = None if body.subject is None else parse_hash(body.subject, "subject")
        return Wanted(kinds, actor, subject), place

    def rotate(self, service: Service, org: Hash32, id: str, overlap: int) -> NewSecret:
        """Have another secret sign. Raises Problem, RevokedWebhook."""
        name, secret = self.secrets.make()
        try:
            with writing(service.engine) as session, self.telling():
                webhook, unneeded = rotate_secret(session, org, id, name, 1000 * overlap)
                told = NewSecret(**tell_webhook(webhook), secret=encode_secret(secret))
        except BaseException:
            self.secrets.destroy(name)
            raise
        if unneeded is not None:
            self.secrets.destroy(unneeded)
        return told

    @staticmethod
    @contextmanager
    def telling() -> Iterator[None]:
        """Answer 404 where the organisation has no such webhook, or it no such delivery."""
        try:
            yield
        except UnknownThing as error:
            what, value = error.fields["what"], error.fields["value"]
            detail = f"no {what} {value} of yours is known"
            raise Problem("not_found", detail) from None


def read_uuid(place: object) -> str | None:
    """The id that a cursor leads to. Raises Problem."""
    match place:
        case None:
            return None
        case (bytes(id),) if _UUID.fullmatch(id):
            return id.decode()
    raise Problem("invalid_request", "cursor: is not a cursor of this list")


def tell_webhook(webhook: Webhook) -> dict[str, Any]:
    """A webhook, as fields of an answer."""
    old_until = webhook.old_until if webhook.old_secret else None
    failing = webhook.failing_at is not None and webhook.state == "active"
    return {
        "id": webhook.id,
        "url": webhook.url,
        "name": webhook.name,
        "kinds": None if webhook.kinds is None else webhook.kinds.split(),
        "organisation": None if webhook.actor is None else to_hex(webhook.actor),
        "subject": None if webhook.subject is None else to_hex(webhook.subject),
        "state": str(webhook.state),
        "reason": webhook.reason,
        "failures": webhook.failures,
        "failing_since": _moment(webhook.failing_at),
        "next_attempt_at": _moment(webhook.next_at) if failing else None,
        "deliveries": webhook.next_sequence - 1,
        "last_event_id": str(Place(webhook.epoch, webhook.place)),
        "old_secret_until": _moment(old_until) if old_until and old_until > now() else None,
        "created_at": _moment(webhook.created_at),
        "updated_at": _moment(webhook.updated_at),
    }


def tell_delivery(delivery: WebhookDelivery) -> dict[str, Any]:
    """A delivery, as fields of an answer."""
    return {
        "id": delivery.id,
        "sequence": delivery.sequence,
        "event_id": delivery.event,
        "type": delivery.type,
        "state": str(delivery.state),
        "again": delivery.again_at is not None,
        "attempts": delivery.attempts,
        "status": delivery.status,
        "error": delivery.error,
        "milliseconds": delivery.milliseconds,
        "created_at": _moment(delivery.created_at),
        "attempted_at": _moment(delivery.attempted_at),
    }


def tell_one_delivery(delivery: WebhookDelivery) -> OneDelivery:
    """A delivery, with what it sends."""
    return OneDelivery(**tell_delivery(delivery), event=json.loads(delivery.body))


def _moment(at: int | None) -> str | None:
    return None if at is None else moment(at / 1000)
