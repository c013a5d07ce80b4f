"""What an organisation may have, and who read its documents."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import TypeAdapter
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from api.bodies import decode_body
from api.deps import Operator, RawBody, Served, Service, Viewing, require_role
from api.openapi import BODY, READING, body_of, problems
from api.own import Named, get_named, get_own
from api.paging import PageQuery, decode_number, link_next
from api.reading import ReadingRoute
from api.schemas.keys import Access, Accesses, Allowance, Quota, SetQuota
from ledger.database.engine import writing
from ledger.domain.telling import moment
from ledger.outbox.credential_tables import DocumentRead
from ledger.outbox.quotas import find_limits, keep_override
from ledger.outbox.reads import list_reads
from ledger.outbox.roles import KeyRole
from ledger.types import Hash32, to_hex

router = APIRouter(prefix="/v1/organisations", tags=["organisations"], route_class=ReadingRoute)

_QUOTA: Final[TypeAdapter[SetQuota]] = TypeAdapter(SetQuota)


@router.get("/{organisation}/access", responses=problems(*READING, "forbidden"))
def get_access(
    request: Request,
    response: Response,
    view: Viewing,
    organisation: Named,
    query: Annotated[PageQuery, Query()],
) -> Accesses:
    """Who was handed your organisation's documents, the latest first, the operator included.

    A read stands here within a second. It needs the role `admin` or `auditor`.
    """
    org = get_own(view, organisation)
    require_role(view.who, KeyRole.ADMIN, KeyRole.AUDITOR)
    before = decode_number("access", query.cursor)
    found = list_reads(view.session, org, before=before, limit=query.limit + 1)
    page = found[: query.limit]
    last = page[-1].id if len(found) > query.limit else None
    link_next(request, response, "access", None if last is None else (last,))
    return Accesses(items=[_tell(one) for one in page])


def _tell(row: DocumentRead) -> Access:
    return Access(
        at=moment(row.read_at / 1000),
        key=row.prefix,
        organisation=None if row.reader is None else to_hex(row.reader),
        content_hash=to_hex(row.content_hash),
        subject=None if row.subject is None else to_hex(row.subject),
        route=row.route,
    )


@router.get("/{organisation}/quota", responses=problems(*READING))
def get_quota(service: Served, view: Viewing, organisation: Named) -> Quota:
    """What your organisation may have, all its keys together."""
    org = get_own(view, organisation)
    return _tell_quota(service, view.session, org)


@router.put(
    "/{organisation}/quota",
    responses=problems(*READING, "forbidden", *BODY),
    openapi_extra=body_of("SetQuota", _QUOTA, more={"requests_per_minute": 1_000_000}),
)
async def set_quota(service: Served, _: Operator, organisation: Named, raw: RawBody) -> Quota:
    """Let an organisation have other quotas than the settings say (operator's key)."""
    body = await run_in_threadpool(decode_body, _QUOTA, raw)
    return await run_in_threadpool(_set_quota, service, organisation, body)


def _set_quota(service: Service, named: str, body: SetQuota) -> Quota:
    with writing(service.engine) as session:
        org = get_named(session, named)
        keep_override(session, org, body.requests_per_minute, body.bytes_per_day, body.in_flight)
        session.flush()
        return _tell_quota(service, session, org)


def _tell_quota(service: Service, session: Session, org: Hash32) -> Quota:
    found = find_limits(session, org, service.quotas.usual)
    return Quota(**asdict(found), each_key=Allowance(**asdict(service.quotas.per_key)))
