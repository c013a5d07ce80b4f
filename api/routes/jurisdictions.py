"""To which jurisdiction an organisation belongs: what its important documents do not leave."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import Field, TypeAdapter
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from api.bodies import decode_body
from api.deps import Operator, RawBody, Served, Service, Viewing
from api.export_gate import CODE
from api.openapi import BODY, READING, body_of, problems
from api.own import Named, get_named, get_own
from api.reading import ReadingRoute
from api.schemas.base import Answer, Request
from ledger.database.engine import writing
from ledger.outbox.classes import find_jurisdiction, keep_jurisdiction
from ledger.types import Hash32

router = APIRouter(prefix="/v1/organisations", tags=["organisations"], route_class=ReadingRoute)

Code = Annotated[
    str, Field(pattern=f"^{CODE}$", description="ISO 3166-1, alpha-2", examples=["CN"])
]


class SetJurisdiction(Request):
    """To which jurisdiction an organisation belongs from now on."""

    jurisdiction: Code


class OwnJurisdiction(Answer):
    """To which jurisdiction an organisation belongs."""

    jurisdiction: Annotated[Code | None, Field(description="null: nobody has said")]


_SET: Final[TypeAdapter[SetJurisdiction]] = TypeAdapter(SetJurisdiction)


@router.get("/{organisation}/jurisdiction", responses=problems(*READING))
def get_jurisdiction(view: Viewing, organisation: Named) -> OwnJurisdiction:
    """To which jurisdiction your organisation belongs."""
    return _tell(view.session, get_own(view, organisation))


@router.put(
    "/{organisation}/jurisdiction",
    responses=problems(*READING, "forbidden", *BODY),
    openapi_extra=body_of("SetJurisdiction", _SET, china={"jurisdiction": "CN"}),
)
async def set_jurisdiction(
    service: Served, _: Operator, organisation: Named, raw: RawBody
) -> OwnJurisdiction:
    """Say to which jurisdiction an organisation belongs (operator's key).

    Documents that it sent before keep the one that they were sent from.
    """
    body = await run_in_threadpool(decode_body, _SET, raw)
    return await run_in_threadpool(_set, service, organisation, body)


def _set(service: Service, named: str, body: SetJurisdiction) -> OwnJurisdiction:
    with writing(service.engine) as session:
        org = get_named(session, named)
        keep_jurisdiction(session, org, body.jurisdiction)
        session.flush()
        return _tell(session, org)


def _tell(session: Session, org: Hash32) -> OwnJurisdiction:
    return OwnJurisdiction(jurisdiction=find_jurisdiction(session, org))
