"""Webhooks: an organisation's admins have addresses of theirs be told what happens."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import TypeAdapter
from starlette.concurrency import run_in_threadpool

from api.bodies import decode_body
from api.deps import Admin, RawBody, Served
from api.header_fields import carrying
from api.openapi import BODY, READING, body_of, problems
from api.paging import PageQuery, decode_cursor, link_next
from api.schemas.webhooks import (
    EXAMPLE_URL,
    CreateWebhook,
    Deliveries,
    Delivery,
    DeliveryQuery,
    NewSecret,
    OneDelivery,
    ResumeWebhook,
    RotateSecret,
    Webhook,
    WebhookId,
    Webhooks,
)
from api.webhooks import (
    Desk,
    read_uuid,
    tell_delivery,
    tell_one_delivery,
    tell_webhook,
)
from ledger.database.engine import reading, writing
from ledger.mirror.feed_telling import feed_source
from ledger.outbox.deliveries import (
    add_ping,
    get_delivery,
    list_deliveries,
    send_again,
)
from ledger.outbox.webhook_tables import DeliveryState
from ledger.outbox.webhooks import get_webhook, list_webhooks, resume_webhook, revoke_webhook

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])

_CREATE: Final[TypeAdapter[CreateWebhook]] = TypeAdapter(CreateWebhook)
_ROTATE: Final[TypeAdapter[RotateSecret]] = TypeAdapter(RotateSecret)
_RESUME: Final[TypeAdapter[ResumeWebhook]] = TypeAdapter(ResumeWebhook)
_READ: Final = (*READING, "forbidden")
_BODY: Final = (*_READ, "conflict", *BODY, "storage_full")


@router.post(
    "",
    status_code=201,
    responses=problems(*_BODY, "unknown_reference", "too_many_webhooks"),
    openapi_extra=body_of(
        "CreateWebhook",
        _CREATE,
        all={"url": EXAMPLE_URL},
        some={"url": EXAMPLE_URL, "name": "twins", "kinds": ["registered", "revised"]},
    ),
)
async def create_webhook(
    request: Request, response: Response, service: Served, org: Admin, raw: RawBody
) -> NewSecret:
    """Have an address of yours be told what happens; its secret is shown only in this answer.

    Each event is a POST of a CloudEvent, signed as Standard Webhooks say. Sent again, this makes
    another one.
    """
    body = await run_in_threadpool(decode_body, _CREATE, raw)
    desk: Desk = request.app.state.webhooks
    told = await run_in_threadpool(desk.create, service, org, body)
    response.headers["Location"] = f"/v1/webhooks/{told.id}"
    response.headers["Cache-Control"] = "no-store"
    return told


@router.get("", responses=problems(*_READ))
def get_webhooks(
    request: Request,
    response: Response,
    service: Served,
    org: Admin,
    query: Annotated[PageQuery, Query()],
) -> Webhooks:
    """List your organisation's webhooks, the oldest first."""
    after = read_uuid(decode_cursor("webhooks", query.cursor))
    with reading(service.engine) as session:
        found = list_webhooks(session, org, after=after, limit=query.limit + 1)
        page = found[: query.limit]
        last = page[-1] if len(found) > query.limit else None
        link_next(request, response, "webhooks", (last.id.encode(),) if last else None)
        return Webhooks(items=[Webhook(**tell_webhook(one)) for one in page])


@router.get("/{webhook}", responses=problems(*_READ))
def get_one_webhook(service: Served, org: Admin, webhook: WebhookId) -> Webhook:
    """Read a webhook: whether it is told, or why it is not."""
    with reading(service.engine) as session, Desk.telling():
        return Webhook(**tell_webhook(get_webhook(session, org, webhook)))


@router.post(
    "/{webhook}/rotate",
    status_code=201,
    responses=problems(*_BODY, "revoked_webhook"),
    openapi_extra=body_of(
        "RotateSecret", _ROTATE, tomorrow={"overlap": 86_400}, now={"overlap": 0}
    ),
)
async def rotate(
    request: Request,
    response: Response,
    service: Served,
    org: Admin,
    webhook: WebhookId,
    raw: RawBody,
) -> NewSecret:
    """Have another secret sign; the old one signs as well for a while."""
    body = await run_in_threadpool(decode_body, _ROTATE, raw)
    desk: Desk = request.app.state.webhooks
    response.headers["Cache-Control"] = "no-store"
    return await run_in_threadpool(desk.rotate, service, org, webhook, body.overlap)


@router.post(
    "/{webhook}/resume",
    responses=problems(*_BODY, "revoked_webhook"),
    openapi_extra=body_of("ResumeWebhook", _RESUME, again={}, without={"skip": True}),
)
async def resume(service: Served, org: Admin, webhook: WebhookId, raw: RawBody) -> Webhook:
    """Tell a webhook again that is paused or fails, from where it was left."""
    body = await run_in_threadpool(decode_body, _RESUME, raw)

    def work() -> Webhook:
        with writing(service.engine) as session, Desk.telling():
            found = resume_webhook(session, org, webhook, skip=body.skip)
            return Webhook(**tell_webhook(found))

    return await run_in_threadpool(work)


@router.post("/{webhook}/revoke", responses=problems(*_READ))
def revoke(request: Request, service: Served, org: Admin, webhook: WebhookId) -> Webhook:
    """Have nothing be sent to a webhook any more, and destroy its secret; again: nothing more."""
    desk: Desk = request.app.state.webhooks
    with writing(service.engine) as session, Desk.telling():
        found = revoke_webhook(session, org, webhook, desk.secrets.destroy)
        return Webhook(**tell_webhook(found))


@router.post(
    "/{webhook}/test",
    status_code=202,
    responses=problems(*_READ, "revoked_webhook") | {202: carrying("Location")},
)
def test(response: Response, service: Served, org: Admin, webhook: WebhookId) -> Delivery:
    """Send a webhook an event that says nothing (`ledger.webhook.test`), though it be paused."""
    with writing(service.engine) as session, Desk.telling():
        ping = add_ping(session, org, webhook, feed_source(service.settings.api_url()))
        response.headers["Location"] = f"/v1/webhooks/{webhook}/deliveries/{ping.id}"
        return Delivery(**tell_delivery(ping))


@router.get("/{webhook}/deliveries", responses=problems(*_READ))
def get_deliveries(
    request: Request,
    response: Response,
    service: Served,
    org: Admin,
    webhook: WebhookId,
    query: Annotated[DeliveryQuery, Query()],
) -> Deliveries:
    """What was sent to a webhook, is to be sent, and how that went; the latest first."""
    before = read_uuid(decode_cursor("deliveries", query.cursor))
    state = DeliveryState(query.state) if query.state else None
    with reading(service.engine) as session, Desk.telling():
        get_webhook(session, org, webhook)
        found = list_deliveries(session, webhook, state=state, before=before, limit=query.limit + 1)
        page = found[: query.limit]
        last = page[-1] if len(found) > query.limit else None
        link_next(request, response, "deliveries", (last.id.encode(),) if last else None)
        return Deliveries(items=[Delivery(**tell_delivery(one)) for one in page])


@router.get("/{webhook}/deliveries/{delivery}", responses=problems(*_READ))
def get_one_delivery(
    service: Served, org: Admin, webhook: WebhookId, delivery: WebhookId
) -> OneDelivery:
    """Read a delivery, and what is sent by it."""
    with reading(service.engine) as session, Desk.telling():
        return tell_one_delivery(get_delivery(session, org, webhook, delivery))


@router.post(
    "/{webhook}/deliveries/{delivery}/redeliver",
    status_code=202,
    responses=problems(*_READ, "revoked_webhook"),
)
def redeliver(service: Served, org: Admin, webhook: WebhookId, delivery: WebhookId) -> Delivery:
    """Send a delivery again, out of turn, with the same `webhook-id`; one that waits: now."""
    with writing(service.engine) as session, Desk.telling():
        return Delivery(**tell_delivery(send_again(session, org, webhook, delivery)))
