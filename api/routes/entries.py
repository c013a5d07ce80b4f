"""The whole stream of entries."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field, TypeAdapter
from starlette.concurrency import run_in_threadpool

from api.acceptance import Taken
from api.answering import answer, tell_accepted
from api.answers import tell_entries
from api.bodies import decode_body
from api.conditions import IfMatch
from api.deps import Caller, IdempotencyKey, Member, RawBody, Served, Viewing
from api.history import stands_at
from api.lookup import find_party
from api.moments import find_at
from api.openapi import READING, body_of, problems, written
from api.paging import decode_cursor, link_next
from api.reading import ReadingRoute
from api.relaying import relay
from api.schemas.assets import Accepted
from api.schemas.kinds import KindWord
from api.schemas.ledger import Entries
from api.schemas.relaying import EXAMPLE_RELAYED, RelayEntry
from api.schemas.selected import SomeEntries
from api.selection import EntriesQuery, pick_entries
from api.waiting import Wait
from ledger.domain.kinds import Kind
from ledger.mirror.queries import EntryFilter, list_entries
from ledger.types import to_hex

router = APIRouter(prefix="/v1/entries", tags=["entries"], route_class=ReadingRoute)

_RELAY: Final[TypeAdapter[RelayEntry]] = TypeAdapter(RelayEntry)
_COLLECTIONS: Final = {
    Kind.ENROLLED: "organisations",
    Kind.SCHEMA_PUBLISHED: "schemas",
    Kind.WORLD_OPENED: "worlds",
    Kind.REGISTERED: "assets",
}
"""Where subjects are read, by the first kind of those that are about such."""


class EntryQuery(EntriesQuery):
    """Which entries to list."""

    kind: KindWord | None = None
    organisation: Annotated[str | None, Field(description="who acted, by id or DID")] = None


@router.post(
    "",
    status_code=202,
    responses=written(
        Accepted,
        "wrong_position",
        "wrong_chain",
        "precondition_failed",
        "bad_signature",
        "unknown_account",
        "signature_expired",
    ),
    openapi_extra=body_of("RelayEntry", _RELAY, observed=EXAMPLE_RELAYED),
)
async def relay_entry(
    response: Response,
    service: Served,
    who: Caller,
    org: Member,
    raw: RawBody,
    key: IdempotencyKey,
    wait: Wait,
    if_match: IfMatch = None,
) -> Accepted:
    """Have an entry appended that a wallet of your organisation signed (EIP-712).

    The service sends it and pays for it, and can change nothing of it: the ledger holds it as your
    account's. The same entry again is the same operation.
    """
    body = await run_in_threadpool(decode_body, _RELAY, raw)
    taken = await run_in_threadpool(relay, service, who, org, body, if_match, key)
    position = await answer(service, response, taken, wait, _place(taken, body))
    return tell_accepted(taken, position)


def _place(taken: Taken, body: RelayEntry) -> str:
    """Where the entry is read once it stands: among the others of its subject."""
    kind = Kind[body.kind.upper()]
    if kind is Kind.BATCH_REGISTERED:
        return f"/v1/batches/{to_hex(taken.subject)}"
    collection = _COLLECTIONS[max(first for first in _COLLECTIONS if first <= kind)]
    return f"/v1/{collection}/{to_hex(taken.subject)}/entries/{{position}}"


@router.get("", response_model=Entries | SomeEntries, responses=problems(*READING))
def get_entries(
    request: Request, response: Response, view: Viewing, query: Annotated[EntryQuery, Query()]
) -> Entries | SomeEntries:
    """Everything that ever happened, in the order the ledger holds it."""
    at, named = find_at(view.session, query.at), query.organisation
    page = list_entries(
        view.session,
        EntryFilter(
            kind=Kind[query.kind.upper()] if query.kind else None,
            organisation=(
                (find_party(view.session, named, "organisation") or b"none") if named else None
            ),
        ),
        at=at,
        cursor=decode_cursor("entries", query.cursor),
        limit=query.limit,
    )
    link_next(request, response, "entries", page.cursor)
    told = Entries(items=tell_entries(view, page.items), as_of=stands_at(view, at))
    return pick_entries(told, query.fields)
