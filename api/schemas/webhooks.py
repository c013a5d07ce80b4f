"""Webhooks: addresses of an organisation's that are told what happens."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from api.paging import PageQuery
from api.schemas.base import EXAMPLE_HASH, EXAMPLE_OPERATION, Answer, Hash, Moment, Request
from api.schemas.events import EXAMPLE_EVENT_ID
from api.schemas.kinds import KindWord

EXAMPLE_URL: Final = "https://twins.aurora-motors.example/ledger"

WebhookId = Annotated[
    str,
    Field(pattern="^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", examples=[EXAMPLE_OPERATION]),
]
DeliveryWord = Literal["pending", "delivered", "failed", "skipped"]
_DAY = 86_400


class CreateWebhook(Request):
    """Have an address of yours be told what happens, from now on."""

    url: Annotated[
        str,
        Field(
            min_length=1,
            max_length=2048,
            pattern=r"""^[Hh][Tt][Tt][Pp][Ss]?://[!"$-~]+$""",
            description="of https, and of a public address",
            examples=[EXAMPLE_URL],
        ),
    ]
    name: Annotated[
        str | None,
        Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$", examples=["twins"]),
    ] = None
    kinds: Annotated[
        list[KindWord] | None,
        Field(min_length=1, max_length=37, description="left out: entries of all kinds"),
    ] = None
    organisation: Annotated[
        str | None, Field(max_length=2048, description="who acted, by id or DID")
    ] = None
    subject: Annotated[
        str | None, Field(pattern="^0x[0-9a-fA-F]{64}$", examples=[EXAMPLE_HASH])
    ] = None
    after: Annotated[
        str | None,
        Field(
            max_length=48,
            description="id of the event to begin after; `0.0`: tell all that ever happened",
            examples=[EXAMPLE_EVENT_ID],
        ),
    ] = None


class RotateSecret(Request):
    """Have another secret sign."""

    overlap: Annotated[
        int,
        Field(ge=0, le=30 * _DAY, description="seconds for which the old one signs as well"),
    ] = _DAY


class ResumeWebhook(Request):
    """Tell a webhook again, at once."""

    skip: Annotated[
        bool, Field(description="leave out the delivery that failed; it can be sent again later")
    ] = False


class Webhook(Answer):
    """A webhook of your organisation, without its secret."""

    id: WebhookId
    url: Annotated[str, Field(examples=[EXAMPLE_URL])]
    name: str | None
    kinds: list[KindWord] | None
    organisation: Hash | None
    subject: Hash | None
    state: Literal["active", "paused", "revoked"]
    reason: Annotated[
        str | None,
        Field(description="why it is paused", examples=["failed for too long"]),
    ]
    failures: Annotated[int, Field(description="attempts that failed since one did not")]
    failing_since: Moment | None
    next_attempt_at: Annotated[Moment | None, Field(description="while it is failing")]
    deliveries: Annotated[int, Field(ge=0, description="made so far: the last one's `sequence`")]
    last_event_id: Annotated[
        str, Field(description="up to here events have become deliveries", examples=["0.1713"])
    ]
    old_secret_until: Annotated[Moment | None, Field(description="until then it signs, too")]
    created_at: Moment
    updated_at: Moment


class NewSecret(Webhook):
    """A webhook with its secret; this is the only time it is shown."""

    secret: Annotated[
        str, Field(description="Standard Webhooks: HMAC-SHA256, base64", examples=["whsec_…"])
    ]


class Webhooks(Answer):
    """A page of webhooks; the header Link leads to the next one (RFC 8288)."""

    items: list[Webhook]


class Delivery(Answer):
    """An event on its way to a webhook, and what became of it."""

    id: Annotated[WebhookId, Field(description="sent as `webhook-id`, the same with each attempt")]
    sequence: Annotated[
        int | None, Field(ge=1, description="counts the webhook's, without gaps; null: a test")
    ]
    event_id: str
    type: Annotated[str, Field(examples=["ledger.entry.registered"])]
    state: DeliveryWord
    again: Annotated[bool, Field(description="is to be sent once more, out of turn")]
    attempts: int
    status: Annotated[int | None, Field(description="of the last answer", examples=[204])]
    error: Annotated[
        Literal["timeout", "no_address", "unreachable", "broken_off", "no_secret"] | None,
        Field(description="why there was no answer"),
    ]
    milliseconds: Annotated[int | None, Field(description="that the last attempt took")]
    created_at: Moment
    attempted_at: Moment | None


class OneDelivery(Delivery):
    """A delivery with what is sent."""

    event: Annotated[dict[str, Any], Field(description="a CloudEvent")]


class Deliveries(Answer):
    """A page of deliveries, the latest first; the header Link leads on (RFC 8288)."""

    items: list[Delivery]


class DeliveryQuery(PageQuery):
    """Which deliveries to list."""

    state: DeliveryWord | None = None
