"""Worlds: open, close, list, read; where assets are shown."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import Field, TypeAdapter
from starlette.concurrency import run_in_threadpool

from api.answering import answer, tell_accepted
from api.bodies import decode_body
from api.catalogue import append_to_world, open_world
from api.catalogue_answers import tell_worlds, tell_worlds_page
from api.conditions import IfNoneMatch, tag_subject
from api.deps import Caller, IdempotencyKey, Member, RawBody, Served, View, Viewing
from api.history import Place, get_history_entry, list_history, not_there, stands_at
from api.lookup import find_wanted
from api.moments import At, find_at
from api.openapi import READING, body_of, conditional, problems, written
from api.paging import SortedQuery, decode_cursor, link_next
from api.reading import ReadingRoute
from api.schemas.assets import Accepted
from api.schemas.base import EXAMPLE_DID, EXAMPLE_HASH, HashInput
from api.schemas.catalogue import EXAMPLE_WORLD, OneWorld, OpenWorld, WorldAct, Worlds
from api.schemas.ledger import Entries, EntryAnswer
from api.schemas.selected import SomeEntries
from api.selection import EntriesQuery, pick_entries
from api.waiting import Wait
from ledger.domain.kinds import Kind
from ledger.mirror.moments import Moment
from ledger.mirror.queries import find_world, list_worlds
from ledger.mirror.tables import WorldRow
from ledger.types import to_hex

router = APIRouter(prefix="/v1/worlds", tags=["worlds"], route_class=ReadingRoute)

_OPEN: Final[TypeAdapter[OpenWorld]] = TypeAdapter(OpenWorld)
_ACT: Final[TypeAdapter[WorldAct]] = TypeAdapter(WorldAct)

WorldId = Annotated[HashInput, Path(description="the world's id")]


class WorldQuery(SortedQuery):
    """Which worlds to list."""

    sort: Annotated[
        Literal["opened", "-opened"],
        Field(description="by when they were opened; newest first with a minus"),
    ] = "opened"
    organisation: Annotated[str | None, Field(description="who opened it, by id or DID")] = None
    at: At = None


@router.post(
    "",
    status_code=202,
    responses=written(Accepted),
    openapi_extra=body_of(
        "OpenWorld",
        _OPEN,
        to_all={"document": EXAMPLE_WORLD},
        to_certified={
            "document": EXAMPLE_WORLD,
            "admission": {"schema": EXAMPLE_HASH, "issuer": EXAMPLE_DID},
        },
    ),
)
async def post_world(
    response: Response,
    service: Served,
    who: Caller,
    org: Member,
    raw: RawBody,
    key: IdempotencyKey,
    wait: Wait,
) -> Accepted:
    """Open a world, in which those that it admits list their assets.

    Its document can be read by every organisation of the ledger.
    """
    body = await run_in_threadpool(decode_body, _OPEN, raw)
    taken = await run_in_threadpool(open_world, service, who, org, body, key)
    position = await answer(service, response, taken, wait, f"/v1/worlds/{to_hex(taken.subject)}")
    return tell_accepted(taken, position)


@router.post(
    "/{world_id}/entries",
    status_code=202,
    responses=written(Accepted, "wrong_position", "precondition_failed"),
    openapi_extra=body_of(
        "WorldAct",
        _ACT,
        world_closed={"kind": "world_closed", "document": {"reason": "moved to another world"}},
    ),
)
async def append_world_entry(
    response: Response,
    service: Served,
    world_id: WorldId,
    who: Caller,
    raw: RawBody,
    key: IdempotencyKey,
    wait: Wait,
    if_match: Annotated[str | None, Header(description="its ETag", examples=['"0"'])] = None,
) -> Accepted:
    """Close a world, by the key of who opened it: it shows nothing any more."""
    body = await run_in_threadpool(decode_body, _ACT, raw)
    taken = await run_in_threadpool(append_to_world, service, who, world_id, body, if_match, key)
    path = f"/v1/worlds/{to_hex(taken.subject)}/entries/{{position}}"
    position = await answer(service, response, taken, wait, path)
    return tell_accepted(taken, position)


@router.get("", responses=problems(*READING))
def get_worlds(
    request: Request, response: Response, view: Viewing, query: Annotated[WorldQuery, Query()]
) -> Worlds:
    """List worlds, in the order of opening."""
    at = find_at(view.session, query.at)
    page = list_worlds(
        view.session,
        organisation=find_wanted(view.session, query.organisation, "organisation"),
        at=at,
        cursor=decode_cursor("worlds", query.cursor),
        limit=query.limit,
        newest_first=query.newest_first,
    )
    link_next(request, response, "worlds", page.cursor)
    return Worlds(items=tell_worlds_page(view, page.items), as_of=stands_at(view, at))


@router.get(
    "/{world_id}",
    response_model=OneWorld,
    responses=conditional(*READING, "not_yet_mirrored"),
)
def get_world(
    response: Response,
    view: Viewing,
    world_id: WorldId,
    if_none_match: IfNoneMatch = None,
    at: At = None,
) -> OneWorld | Response:
    """Read a world, and whom it admits; its ETag is the position of its newest entry."""
    moment = find_at(view.session, at)
    row = get_world_row(view, world_id, moment)
    if known := tag_subject(response, row.count, if_none_match):
        return known
    [fields] = tell_worlds(view, [row])
    return OneWorld(**fields, as_of=stands_at(view, moment))


@router.get(
    "/{world_id}/entries",
    response_model=Entries | SomeEntries,
    responses=problems(*READING, "not_yet_mirrored"),
)
def get_world_entries(
    request: Request,
    response: Response,
    view: Viewing,
    world_id: WorldId,
    query: Annotated[EntriesQuery, Query()],
) -> Entries | SomeEntries:
    """The world's history, oldest first."""
    at = find_at(view.session, query.at)
    get_world_row(view, world_id, at)
    return pick_entries(list_history(request, response, view, world_id, query, at), query.fields)


@router.get("/{world_id}/entries/{position}", responses=problems(*READING, "not_yet_mirrored"))
def get_world_entry(
    view: Viewing, world_id: WorldId, position: Place, at: At = None
) -> EntryAnswer:
    """One entry of the world's history."""
    moment = find_at(view.session, at)
    get_world_row(view, world_id, moment)
    return get_history_entry(view, world_id, position, moment)


def get_world_row(view: View, world: bytes, at: Moment | None) -> WorldRow:
    """The world, if it was there by then. Raises Problem."""
    row = find_world(view.session, world, at=at)
    if row is None:
        raise not_there(view, "world", world, Kind.WORLD_OPENED, at)
    return row
