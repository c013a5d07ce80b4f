"""The ledger itself as a subject: what governance says of it."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import TypeAdapter
from starlette.concurrency import run_in_threadpool

from api.answering import answer, tell_accepted
from api.bodies import decode_body
from api.conditions import IfMatch, IfNoneMatch, tag_subject
from api.deps import IdempotencyKey, Operator, RawBody, Served, Viewing
from api.governing import append_to_ledger, get_founding
from api.history import Place, get_history_entry, list_history, stands_at
from api.moments import At, find_at
from api.openapi import READING, body_of, conditional, problems, written
from api.reading import ReadingRoute
from api.schemas.assets import Accepted
from api.schemas.governing import EXAMPLES, LedgerAct, LedgerAnswer
from api.schemas.ledger import Entries, EntryAnswer
from api.schemas.selected import SomeEntries
from api.selection import EntriesQuery, pick_entries
from api.waiting import Wait
from ledger.domain.telling import moment
from ledger.types import to_hex

router = APIRouter(prefix="/v1/ledger", tags=["ledger"], route_class=ReadingRoute)

_ACT: Final[TypeAdapter[LedgerAct]] = TypeAdapter(LedgerAct)
_PATH: Final = "/v1/ledger/entries"


@router.post(
    "/entries",
    status_code=202,
    responses=written(Accepted, "wrong_position", "precondition_failed"),
    openapi_extra=body_of(
        "LedgerAct", _ACT, **{kind: {"kind": kind, **said} for kind, said in EXAMPLES.items()}
    ),
)
async def append_ledger_entry(
    response: Response,
    service: Served,
    who: Operator,
    raw: RawBody,
    key: IdempotencyKey,
    wait: Wait,
    if_match: IfMatch = None,
) -> Accepted:
    """Pause the ledger, resume it, or name its successor (operator's key).

    While it is paused, requests are accepted and wait; nothing is lost.
    """
    body = await run_in_threadpool(decode_body, _ACT, raw)
    taken = await run_in_threadpool(append_to_ledger, service, who, body, if_match, key)
    position = await answer(service, response, taken, wait, f"{_PATH}/{{position}}")
    return tell_accepted(taken, position)


@router.get(
    "",
    response_model=LedgerAnswer,
    responses=conditional(*READING),
)
def get_ledger(
    response: Response,
    view: Viewing,
    if_none_match: IfNoneMatch = None,
    at: At = None,
) -> LedgerAnswer | Response:
    """Read who governs the ledger, whether it is paused, and what is to come after it."""
    then = find_at(view.session, at)
    row = get_founding(view.session, then)
    if known := tag_subject(response, row.count, if_none_match):
        return known
    return LedgerAnswer(
        id=to_hex(row.id),
        authority=to_hex(row.authority),
        paused=row.paused,
        successor=to_hex(row.successor) if row.successor and any(row.successor) else None,
        position=row.count - 1,
        head=to_hex(row.head),
        founded_at=moment(row.opened_at),
        entries=_PATH,
        as_of=stands_at(view, then),
    )


@router.get("/entries", response_model=Entries | SomeEntries, responses=problems(*READING))
def get_ledger_entries(
    request: Request, response: Response, view: Viewing, query: Annotated[EntriesQuery, Query()]
) -> Entries | SomeEntries:
    """The ledger's own history, oldest first; that of all subjects is at `/v1/entries`."""
    at = find_at(view.session, query.at)
    return pick_entries(
        list_history(request, response, view, get_founding(view.session, at).id, query, at),
        query.fields,
    )


@router.get("/entries/{position}", responses=problems(*READING))
def get_ledger_entry(view: Viewing, position: Place, at: At = None) -> EntryAnswer:
    """One entry of the ledger's own history."""
    then = find_at(view.session, at)
    return get_history_entry(view, get_founding(view.session, then).id, position, then)
