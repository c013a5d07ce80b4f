"""Organisations: enrol, list, read."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import TypeAdapter
from starlette.concurrency import run_in_threadpool

from api import acceptance
from api.answering import answer, operation_path
from api.answers import as_of, tell_organisations, tell_organisations_page
from api.bodies import decode_body
from api.deps import IdempotencyKey, Operator, RawBody, Served, Viewing
from api.errors import Problem
from api.openapi import READING, body_of, problems, written
from api.paging import PageQuery, decode_cursor, link_next
from api.receipts import tell_receipt
from api.schemas.base import EXAMPLE_DID
from api.schemas.ledger import Enrolled, EnrolOrganisation, OneOrganisation, Organisations
from api.waiting import Wait
from ledger.hashing import organisation_address
from ledger.mirror.queries import find_organisation, list_organisations
from ledger.types import parse_hash, to_hex

router = APIRouter(prefix="/v1/organisations", tags=["organisations"])

_ENROL: Final[TypeAdapter[EnrolOrganisation]] = TypeAdapter(EnrolOrganisation)


@router.post(
    "",
    status_code=202,
    responses=written(Enrolled, "already_enrolled"),
    openapi_extra=body_of(
        "EnrolOrganisation", _ENROL, enterprise={"did": EXAMPLE_DID, "name": "Aurora Motors"}
    ),
)
async def enrol_organisation(
    response: Response,
    service: Served,
    _: Operator,
    raw: RawBody,
    key: IdempotencyKey,
    wait: Wait,
) -> Enrolled:
    """Let an organisation join, and issue its key: shown only in this answer."""
    body = await run_in_threadpool(decode_body, _ENROL, raw)
    taken = await run_in_threadpool(acceptance.enrol, service, body, key)
    await answer(service, response, taken, wait, f"/v1/organisations/{to_hex(taken.subject)}")
    response.headers["Cache-Control"] = "no-store"
    return Enrolled(
        id=to_hex(taken.subject),
        did=body.did,
        name=body.name,
        address=to_hex(organisation_address(taken.subject)),
        api_key=taken.api_key,
        operation=operation_path(taken.operation),
        receipt=tell_receipt(taken.receipt),
    )


@router.get("", responses=problems(*READING))
def get_organisations(
    request: Request, response: Response, view: Viewing, query: Annotated[PageQuery, Query()]
) -> Organisations:
    """List organisations, in the order of enrolment."""
    page = list_organisations(
        view.session, cursor=decode_cursor("organisations", query.cursor), limit=query.limit
    )
    link_next(request, response, "organisations", page.cursor)
    return Organisations(
        items=tell_organisations_page(view.session, page.items), as_of=as_of(view.session)
    )


@router.get("/{organisation}", responses=problems(*READING))
def get_organisation(
    response: Response,
    view: Viewing,
    organisation: Annotated[
        str, Path(max_length=2048, description="id or DID", examples=[EXAMPLE_DID])
    ],
) -> OneOrganisation:
    """Read an organisation."""
    if organisation.startswith("0x"):
        seen = find_organisation(view.session, id=parse_hash(organisation, "organisation"))
    else:
        seen = find_organisation(view.session, did=organisation)
    if seen is None:
        raise Problem("not_found", f"no organisation {organisation[:200]} is known")
    response.headers["ETag"] = f'"{seen.row.count - 1}"'
    [fields] = tell_organisations(view.session, [seen])
    return OneOrganisation(**fields, as_of=as_of(view.session))
