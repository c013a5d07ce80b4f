"""Assets: register, find, read, and append to their history."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from api.acceptance import Taken
from api.acts import ACT
from api.acts import Sent as Act
from api.answering import answer, tell_accepted
from api.answers import tell_assets, tell_documents
from api.asset_lists import AssetQuery, list_wanted
from api.conditions import IfMatch, IfNoneMatch, tag_subject
from api.deps import Caller, IdempotencyKey, Member, RawBody, Served, Viewing
from api.gathering import Gatherer
from api.history import HistoryQuery, Place, get_history_entry, list_history, stands_at
from api.moments import At, find_at
from api.openapi import DESCRIBED, READING, body_of, conditional, problems, written
from api.paging import decode_cursor, link_next
from api.reading import ReadingRoute, write
from api.registration import REGISTER, Sent, may_name_schema, register_apart
from api.schemas.acts import EXAMPLES
from api.schemas.assets import (
    EXAMPLE_DOCUMENT,
    Accepted,
    Documents,
    FoundAssets,
    OneAsset,
    Unlisted,
)
from api.schemas.base import EXAMPLE_DID, EXAMPLE_HASH, HashInput
from api.schemas.ledger import Entries, EntryAnswer
from api.schemas.selected import SomeAssets, SomeEntries, SomeEntry, SomeOfAsset
from api.selection import AssetFields, EntriesQuery, EntryFields, pick, pick_all, pick_entries
from api.subjects import get_asset_row
from api.together import Together
from api.waiting import Wait
from ledger.mirror.moments import Moment
from ledger.mirror.queries import (
    AssetFilter,
    EntryFilter,
    count_unlisted,
    list_entries,
)
from ledger.types import to_hex

router = APIRouter(prefix="/v1/assets", tags=["assets"], route_class=ReadingRoute)

AssetId = Annotated[HashInput, Path(description="the asset's id")]


async def get_gatherer(request: Request) -> Gatherer[Sent, Taken]:
    """Where single registrations gather."""
    gatherer: Gatherer[Sent, Taken] = request.app.state.registrations
    return gatherer


Gathered = Annotated[Gatherer[Sent, Taken], Depends(get_gatherer)]


async def get_together(request: Request) -> Together:
    """Where single entries gather."""
    together: Together = request.app.state.together
    return together


Joined = Annotated[Together, Depends(get_together)]


@router.post(
    "",
    status_code=202,
    responses=written(Accepted, "serial_taken", *DESCRIBED),
    openapi_extra=body_of(
        "RegisterAsset",
        REGISTER,
        gearbox={"serial": "AM-GBX-000417", "document": EXAMPLE_DOCUMENT},
        of_a_schema={
            "serial": "AM-GBX-000419",
            "schema": EXAMPLE_HASH,
            "document": EXAMPLE_DOCUMENT,
        },
        for_another={
            "serial": "AM-GBX-000418",
            "owner": EXAMPLE_DID,
            "asset_kind": "instance",
            "document": EXAMPLE_DOCUMENT,
        },
    ),
)
async def register_asset(
    response: Response,
    service: Served,
    gatherer: Gathered,
    org: Member,
    raw: RawBody,
    key: IdempotencyKey,
    wait: Wait,
) -> Accepted:
    """Register an asset with its passport, under a serial of your own."""
    sent = Sent(org, raw, key)
    if may_name_schema(raw):
        taken = await run_in_threadpool(register_apart, service, sent)
    else:
        taken = await gatherer.ask(sent)
    path = f"/v1/assets/{to_hex(taken.subject)}"
    position = await answer(service, response, taken, wait, path)
    return tell_accepted(taken, position)


@router.post(
    "/{asset_id}/entries",
    status_code=202,
    responses=written(
        Accepted, "wrong_position", "precondition_failed", "export_refused", *DESCRIBED
    ),
    openapi_extra=body_of(
        "Act", ACT, **{kind: {"kind": kind, **said} for kind, said in EXAMPLES.items()}
    ),
)
async def append_entry(
    response: Response,
    service: Served,
    together: Joined,
    asset_id: AssetId,
    who: Caller,
    raw: RawBody,
    key: IdempotencyKey,
    wait: Wait,
    if_match: IfMatch = None,
) -> Accepted:
    """Append an entry to an asset's history: by whoever may say that of it.

    An entry that builds on one which is still on its way, be it another organisation's, is taken.
    """

    taken = await together.append(Act(who, asset_id, raw, if_match, key))
    path = f"/v1/assets/{to_hex(taken.subject)}/entries/{{position}}"
    position = await answer(service, response, taken, wait, path)
    return tell_accepted(taken, position)


@router.get("", response_model=FoundAssets | SomeAssets, responses=problems(*READING))
def get_assets(
    request: Request, response: Response, view: Viewing, query: Annotated[AssetQuery, Query()]
) -> SomeAssets | Response:
    """List assets, in the order of registration, or as `sort` says.

    Assets of batches are among them once something is written of them: `unlisted` counts the others
    of an owner, or of who registered.

    Some lists have orders of their own: in a world by listing, on a parent by mounting, frozen ones
    by freezing, those whose id begins with `q` by id, those that words are found of by when this
    service was told of them; as of a moment, those of a party by when it became that, and those
    that were past the first stage by when they came to theirs. Filters that no index serves
    together are refused.
    """
    at = find_at(view.session, query.at)
    found = list_wanted(view, query, at)
    link_next(request, response, found.of, found.page.cursor)
    told, stands = tell_assets(view, found.page.items), stands_at(view, at)
    if query.fields is not None:
        return SomeAssets(items=pick_all(told, query.fields), as_of=stands)
    unlisted = None
    if found.wanted is not None and query.cursor is None and not query.is_bounded:
        unlisted = _find_unlisted(view.session, found.wanted, query.at, at)
    return write({"items": told, "as_of": stands, "unlisted": unlisted}, response)


def _find_unlisted(
    session: Session, wanted: AssetFilter, asked_at: str | None, at: Moment | None
) -> Unlisted | None:
    number = count_unlisted(session, wanted, at=at)
    orgs = {"owner": wanted.owner, "organisation": wanted.organisation}
    asked = {name: to_hex(org) for name, org in orgs.items() if org is not None}
    query = urlencode(asked | ({} if asked_at is None else {"at": asked_at}))
    return Unlisted(assets=number, batches=f"/v1/batches?{query}") if number else None


@router.get(
    "/{asset_id}",
    response_model=OneAsset | SomeOfAsset,
    responses=conditional(*READING, "not_yet_mirrored"),
)
def get_asset(
    response: Response,
    view: Viewing,
    asset_id: AssetId,
    if_none_match: IfNoneMatch = None,
    at: At = None,
    fields: Annotated[AssetFields | None, Query()] = None,
) -> OneAsset | SomeOfAsset | Response:
    """Read an asset, now or as it was; its ETag is the position of its newest entry then."""
    moment = find_at(view.session, at)
    row = get_asset_row(view, asset_id, moment)
    if same := tag_subject(response, row.count, if_none_match):
        return same
    [told] = tell_assets(view, [row])
    if fields is not None:
        return SomeOfAsset(**pick(told, fields), as_of=stands_at(view, moment))
    return OneAsset(**told, as_of=stands_at(view, moment))


@router.get(
    "/{asset_id}/entries",
    response_model=Entries | SomeEntries,
    responses=problems(*READING, "not_yet_mirrored"),
)
def get_asset_entries(
    request: Request,
    response: Response,
    view: Viewing,
    asset_id: AssetId,
    query: Annotated[EntriesQuery, Query()],
) -> Entries | SomeEntries:
    """The asset's whole history, oldest first."""
    at = find_at(view.session, query.at)
    get_asset_row(view, asset_id, at)
    return pick_entries(list_history(request, response, view, asset_id, query, at), query.fields)


@router.get(
    "/{asset_id}/entries/{position}",
    response_model=EntryAnswer | SomeEntry,
    responses=problems(*READING, "not_yet_mirrored"),
)
def get_asset_entry(
    view: Viewing,
    asset_id: AssetId,
    position: Place,
    at: At = None,
    fields: Annotated[EntryFields | None, Query()] = None,
) -> EntryAnswer | SomeEntry:
    """One entry of the asset's history."""
    moment = find_at(view.session, at)
    get_asset_row(view, asset_id, moment)
    entry = get_history_entry(view, asset_id, position, moment)
    return entry if fields is None else SomeEntry(**pick(entry, fields))


@router.get("/{asset_id}/documents", responses=problems(*READING, "not_yet_mirrored"))
def get_asset_documents(
    request: Request,
    response: Response,
    view: Viewing,
    asset_id: AssetId,
    query: Annotated[HistoryQuery, Query()],
) -> Documents:
    """The documents that its entries point at, as far as you may read them, oldest first."""
    at = find_at(view.session, query.at)
    row = get_asset_row(view, asset_id, at)
    page = list_entries(
        view.session,
        EntryFilter(subject=asset_id),
        at=at,
        cursor=decode_cursor("documents", query.cursor),
        limit=query.limit,
    )
    link_next(request, response, "documents", page.cursor)
    return Documents(items=tell_documents(view, row, page.items), as_of=stands_at(view, at))
