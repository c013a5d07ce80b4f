"""Organisations: enrol, list, read, and append to their history."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field, TypeAdapter
from starlette.concurrency import run_in_threadpool

from api import acceptance
from api.acceptance import Taken
from api.answering import answer, operation_path, tell_accepted
from api.answers import tell_organisations, tell_organisations_page
from api.bodies import decode_body
from api.conditions import IfMatch, IfNoneMatch, tag_subject
from api.deps import IdempotencyKey, Known, Operator, RawBody, Served, Viewing
from api.directory import append_to_organisation
from api.history import Place, get_history_entry, list_history, stands_at
from api.lookup import get_seen
from api.moments import At, find_at
from api.openapi import READING, body_of, conditional, problems, written
from api.paging import SortedQuery, decode_cursor, link_next
from api.reading import ReadingRoute
from api.receipts import tell_receipt
from api.schemas.assets import Accepted
from api.schemas.base import EXAMPLE_DID
from api.schemas.directory import EXAMPLES, OrganisationAct
from api.schemas.ledger import (
    Enrolled,
    EnrolOrganisation,
    Entries,
    EntryAnswer,
    OneOrganisation,
    Organisations,
)
from api.schemas.selected import SomeEntries
from api.selection import EntriesQuery, pick_entries
from api.waiting import Wait
from ledger.hashing import organisation_address
from ledger.mirror.queries import list_organisations
from ledger.types import to_hex

router = APIRouter(prefix="/v1/organisations", tags=["organisations"], route_class=ReadingRoute)

_ENROL: Final[TypeAdapter[EnrolOrganisation]] = TypeAdapter(EnrolOrganisation)
_ACT: Final[TypeAdapter[OrganisationAct]] = TypeAdapter(OrganisationAct)

OrganisationPath = Annotated[
    str, Path(max_length=2048, description="id or DID", examples=[EXAMPLE_DID])
]


class OrganisationQuery(SortedQuery):
    """Which page of organisations, as of when."""

    sort: Annotated[
        Literal["enrolled", "-enrolled"],
        Field(description="by when they were enrolled; newest first with a minus"),
    ] = "enrolled"
    at: At = None


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


@router.post(
    "/{organisation}/entries",
    status_code=202,
    responses=written(
        Accepted,
        "wrong_position",
        "precondition_failed",
        "account_of_service",
        "schema_violation",
        "unusable_schema",
    ),
    openapi_extra=body_of(
        "OrganisationAct", _ACT, **{kind: {"kind": kind, **said} for kind, said in EXAMPLES.items()}
    ),
)
async def append_organisation_entry(
    response: Response,
    service: Served,
    organisation: OrganisationPath,
    who: Known,
    raw: RawBody,
    key: IdempotencyKey,
    wait: Wait,
    if_match: IfMatch = None,
) -> Accepted:
    """Append an entry to an organisation's history.

    Its accounts are changed by a key of its own with the role `admin`, credentials are issued and
    revoked by any other organisation, and the operator's key suspends and reinstates.
    """

    def take() -> Taken:
        body = decode_body(_ACT, raw)
        return append_to_organisation(service, who, organisation, body, if_match, key)

    taken = await run_in_threadpool(take)
    path = f"/v1/organisations/{to_hex(taken.subject)}/entries/{{position}}"
    position = await answer(service, response, taken, wait, path)
    return tell_accepted(taken, position)


@router.get("", responses=problems(*READING))
def get_organisations(
    request: Request,
    response: Response,
    view: Viewing,
    query: Annotated[OrganisationQuery, Query()],
) -> Organisations:
    """List organisations, in the order of enrolment."""
    at = find_at(view.session, query.at)
    page = list_organisations(
        view.session,
        at=at,
        cursor=decode_cursor("organisations", query.cursor),
        limit=query.limit,
        newest_first=query.newest_first,
    )
    link_next(request, response, "organisations", page.cursor)
    return Organisations(
        items=tell_organisations_page(view.session, page.items), as_of=stands_at(view, at)
    )


@router.get(
    "/{organisation}",
    response_model=OneOrganisation,
    responses=conditional(*READING),
)
def get_organisation(
    response: Response,
    view: Viewing,
    organisation: OrganisationPath,
    if_none_match: IfNoneMatch = None,
    at: At = None,
) -> OneOrganisation | Response:
    """Read an organisation, now or as it was; its ETag is the position of its newest entry then."""
    moment = find_at(view.session, at)
    seen = get_seen(view.session, organisation, moment)
    if known := tag_subject(response, seen.row.count, if_none_match):
        return known
    [fields] = tell_organisations(view.session, [seen])
    return OneOrganisation(**fields, as_of=stands_at(view, moment))


@router.get(
    "/{organisation}/entries", response_model=Entries | SomeEntries, responses=problems(*READING)
)
def get_organisation_entries(
    request: Request,
    response: Response,
    view: Viewing,
    organisation: OrganisationPath,
    query: Annotated[EntriesQuery, Query()],
) -> Entries | SomeEntries:
    """The organisation's own history: its accounts, its credentials; not what it did to others."""
    at = find_at(view.session, query.at)
    seen = get_seen(view.session, organisation, at)
    return pick_entries(list_history(request, response, view, seen.row.id, query, at), query.fields)


@router.get("/{organisation}/entries/{position}", responses=problems(*READING))
def get_organisation_entry(
    view: Viewing, organisation: OrganisationPath, position: Place, at: At = None
) -> EntryAnswer:
    """One entry of the organisation's history."""
    moment = find_at(view.session, at)
    seen = get_seen(view.session, organisation, moment)
    return get_history_entry(view, seen.row.id, position, moment)
