"""The client's methods about webhooks: have an address told what happens, and see how that went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ledger.client.answers import Time
from ledger.client.flows import (
    Flow,
    Listing,
    act,
    chosen,
    find,
    get,
    listing,
    method,
    put_forward,
    segment,
    told,
)

_WEBHOOKS: Final = "/v1/webhooks"


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """An address that is told what happens; `secret` signs, and is told once: when it is made."""

    id: str
    url: str
    state: str
    deliveries: int
    last_event_id: str
    created_at: Time
    updated_at: Time
    failures: int = 0
    name: str | None = None
    kinds: list[str] | None = None
    organisation: str | None = None
    subject: str | None = None
    reason: str | None = None
    failing_since: Time | None = None
    next_attempt_at: Time | None = None
    old_secret_until: Time | None = None
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class DeliveryAnswer:
    """An event on its way to a webhook; `sequence` None: a test. `event` where one is asked for."""

    id: str
    event_id: str
    type: str
    state: str
    again: bool
    attempts: int
    created_at: Time
    sequence: int | None = None
    status: int | None = None
    error: str | None = None
    milliseconds: int | None = None
    attempted_at: Time | None = None
    event: dict[str, Any] | None = None


class WebhookCalls:
    """Webhooks and deliveries are named by id; each needs a key with the role `admin`."""

    @method
    @staticmethod
    def create_webhook(
        url: str,
        *,
        name: str | None = None,
        kinds: Sequence[str] | None = None,
        organisation: str | None = None,
        subject: str | None = None,
        after: str | None = None,
    ) -> Flow[WebhookAnswer]:
        """Have an address be told what happens; asked again after an answer was lost, it makes two.

        `after` is the id of the event to begin after (`0.0`: from the beginning); else from now on.
        """
        wanted = told(
            url=url, name=name, kinds=kinds, organisation=organisation, subject=subject, after=after
        )
        return put_forward(_WEBHOOKS, wanted, WebhookAnswer)

    @listing
    @staticmethod
    def list_webhooks(*, page: int | None = None) -> Listing[WebhookAnswer]:
        """Your organisation's webhooks."""
        return Listing(_WEBHOOKS, chosen(limit=page), WebhookAnswer)

    @method
    @staticmethod
    def find_webhook(webhook: str) -> Flow[WebhookAnswer | None]:
        """A webhook by id, or None."""
        return find(_of(webhook), WebhookAnswer)

    @method
    @staticmethod
    def rotate_webhook_secret(webhook: str, *, overlap: int = 86_400) -> Flow[WebhookAnswer]:
        """Have another secret sign; the old one signs as well for `overlap` seconds more."""
        return put_forward(f"{_of(webhook)}/rotate", {"overlap": overlap}, WebhookAnswer)

    @method
    @staticmethod
    def resume_webhook(webhook: str, *, skip: bool = False) -> Flow[WebhookAnswer]:
        """Tell a paused webhook again, at once; `skip` leaves out the delivery that failed."""
        return put_forward(f"{_of(webhook)}/resume", {"skip": skip}, WebhookAnswer)

    @method
    @staticmethod
    def revoke_webhook(webhook: str) -> Flow[WebhookAnswer]:
        """Have an address be told nothing any more. Raises ApiProblem."""
        return act(f"{_of(webhook)}/revoke", WebhookAnswer)

    @method
    @staticmethod
    def test_webhook(webhook: str) -> Flow[DeliveryAnswer]:
        """Have a test be sent. Raises ApiProblem."""
        return act(f"{_of(webhook)}/test", DeliveryAnswer)

    @listing
    @staticmethod
    def list_deliveries(
        webhook: str, *, state: str | None = None, page: int | None = None
    ) -> Listing[DeliveryAnswer]:
        """What a webhook was sent or is to be sent, the latest first."""
        params = chosen(state=state, limit=page)
        return Listing(f"{_of(webhook)}/deliveries", params, DeliveryAnswer)

    @method
    @staticmethod
    def get_delivery(webhook: str, delivery: str) -> Flow[DeliveryAnswer]:
        """A delivery with the event that it brings. Raises ApiProblem."""
        return get(f"{_of(webhook)}/deliveries/{segment(delivery)}", DeliveryAnswer)

    @method
    @staticmethod
    def redeliver(webhook: str, delivery: str) -> Flow[DeliveryAnswer]:
        """Have a delivery be sent once more. Raises ApiProblem."""
        return act(f"{_of(webhook)}/deliveries/{segment(delivery)}/redeliver", DeliveryAnswer)


def _of(webhook: str) -> str:
    return f"{_WEBHOOKS}/{segment(webhook)}"
