"""Assets: register, find, read, and append to their history."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from pydantic import Field, TypeAdapter
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from api.acceptance import Taken
from api.acts import append
from api.answering import answer, tell_accepted
from api.answers import as_of, tell_assets, tell_assets_page, tell_documents, tell_entries
from api.bodies import decode_body
from api.conditions import is_known
from api.deps import Caller, IdempotencyKey, Member, RawBody, Served, View, Viewing
from api.errors import Problem
from api.gathering import Gatherer
from api.lookup import find_party
from api.moments import At, find_at, tell_moment
from api.openapi import READING, body_of, problems, written
from api.paging import PageQuery, decode_cursor, link_next
from api.registration import REGISTER, Sent
from api.schemas.acts import EXAMPLES, Act
from api.schemas.assets import (
    EXAMPLE_DOCUMENT,
    Accepted,
    AssetKindWord,
    Documents,
    FoundAssets,
    OneAsset,
    Unlisted,
)
from api.schemas.base import EXAMPLE_DID, HashInput
from api.schemas.ledger import Entries, EntryAnswer
from api.search import find_ids
from api.subjects import get_asset_row
from api.waiting import Wait
from ledger.mirror.queries import (
    AssetFilter,
    EntryFilter,
    count_unlisted,
    find_entry,
    list_assets,
    list_entries,
)
from ledger.types import AssetKind, to_hex

router = APIRouter(prefix="/v1/assets", tags=["assets"])

_ACT: Final[TypeAdapter[Act]] = TypeAdapter(Act)

AssetId = Annotated[HashInput, Path(description="the asset's id")]


async def get_gatherer(request: Request) -> Gatherer[Sent, Taken]:
    """Where single registrations gather."""
    gatherer: Gatherer[Sent, Taken] = request.app.state.registrations
    return gatherer


Gathered = Annotated[Gatherer[Sent, Taken], Depends(get_gatherer)]


class AssetQuery(PageQuery):
    """Which assets to list."""

    owner: Annotated[str | None, Field(description="who holds title, by id or DID")] = None
    organisation: Annotated[str | None, Field(description="who registered, by id or DID")] = None
    serial: Annotated[str | None, Field(max_length=256, description="whole serial")] = None
    asset_kind: AssetKindWord | None = None
    frozen: bool | None = None
    q: Annotated[
        str | None,
        Field(
            max_length=300,
            description="id or its beginning, owner's DID, whole serial, or words of serials and"
            " documents",
        ),
    ] = None


@router.post(
    "",
    status_code=202,
    responses=written(Accepted, "serial_taken"),
    openapi_extra=body_of(
        "RegisterAsset",
        REGISTER,
        gearbox={"serial": "AM-GBX-000417", "document": EXAMPLE_DOCUMENT},
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
    taken = await gatherer.ask(Sent(org, raw, key))
    path = f"/v1/assets/{to_hex(taken.subject)}"
    position = await answer(service, response, taken, wait, path)
    return tell_accepted(taken, position)


@router.post(
    "/{asset_id}/entries",
    status_code=202,
    responses=written(Accepted, "wrong_position", "precondition_failed"),
    openapi_extra=body_of(
        "Act", _ACT, **{kind: {"kind": kind, **said} for kind, said in EXAMPLES.items()}
    ),
)
async def append_entry(
    response: Response,
    service: Served,
    asset_id: AssetId,
    who: Caller,
    raw: RawBody,
    key: IdempotencyKey,
    wait: Wait,
    if_match: Annotated[str | None, Header(description="its ETag", examples=['"3"'])] = None,
) -> Accepted:
    """Append an entry to an asset's history: by whoever may say that of it.

    An entry that builds on one which is still on its way, be it another organisation's, is taken.
    """

    def take() -> Taken:
        body = decode_body(_ACT, raw)
        return append(service, who, asset_id, body, if_match, key)

    taken = await run_in_threadpool(take)
    path = f"/v1/assets/{to_hex(taken.subject)}/entries/{{position}}"
    position = await answer(service, response, taken, wait, path)
    return tell_accepted(taken, position)


@router.get("", responses=problems(*READING))
def get_assets(
    request: Request, response: Response, view: Viewing, query: Annotated[AssetQuery, Query()]
) -> FoundAssets:
    """List assets, in the order of registration.

    Assets of batches are among them once something is written of them: `unlisted` counts the others
    of an owner, or of who registered.

    Frozen ones come in the order in which they were frozen, those whose id begins with `q` in that
    of their ids, and those that words are found of in that in which this service was told of them.
    """
    wanted, cursor = _filter(view, query), decode_cursor("assets", query.cursor)
    page = list_assets(view.session, wanted, cursor=cursor, limit=query.limit)
    link_next(request, response, "assets", page.cursor)
    return FoundAssets(
        items=tell_assets_page(view, page.items),
        as_of=as_of(view.session),
        unlisted=None if cursor else _find_unlisted(view.session, wanted),
    )


def _find_unlisted(session: Session, wanted: AssetFilter) -> Unlisted | None:
    number = count_unlisted(session, wanted)
    asked = {"owner": wanted.owner, "organisation": wanted.organisation}
    query = urlencode({name: to_hex(org) for name, org in asked.items() if org is not None})
    return Unlisted(assets=number, batches=f"/v1/batches?{query}") if number else None


def _filter(view: View, query: AssetQuery) -> AssetFilter:
    session = view.session
    # An organisation that nobody knows owns nothing: that is an empty page.
    owner = query.owner and (find_party(session, query.owner, "owner") or bytes(32))
    registrar = query.organisation and (
        find_party(session, query.organisation, "organisation") or bytes(32)
    )
    found = find_ids(view, serial=query.serial, q=query.q)
    return AssetFilter(
        owner=found.owner if found.owner and not owner else (owner or None),
        organisation=registrar or None,
        asset_kind=AssetKind[query.asset_kind.upper()] if query.asset_kind else None,
        frozen=query.frozen,
        ids=found.ids,
        id_prefix=found.id_prefix,
        search=found.search,
    )


@router.get(
    "/{asset_id}",
    response_model=OneAsset,
    responses={
        304: {"description": "It is still as you have it"},
        **problems(*READING, "not_yet_mirrored"),
    },
)
def get_asset(
    response: Response,
    view: Viewing,
    asset_id: AssetId,
    if_none_match: Annotated[str | None, Header()] = None,
    at: At = None,
) -> OneAsset | Response:
    """Read an asset, now or as it was; its ETag is the position of its newest entry then."""
    moment = find_at(view.session, at)
    row = get_asset_row(view, asset_id, moment)
    etag = f'"{row.count - 1}"'
    if is_known(etag, if_none_match):
        return Response(status_code=304, headers={"ETag": etag})
    response.headers["ETag"] = etag
    [fields] = tell_assets(view, [row])
    return OneAsset(**fields, as_of=tell_moment(moment) if moment else as_of(view.session))


@router.get("/{asset_id}/entries", responses=problems(*READING, "not_yet_mirrored"))
def get_asset_entries(
    request: Request,
    response: Response,
    view: Viewing,
    asset_id: AssetId,
    query: Annotated[PageQuery, Query()],
) -> Entries:
    """The asset's whole history, oldest first."""
    get_asset_row(view, asset_id)
    page = list_entries(
        view.session,
        EntryFilter(subject=asset_id),
        cursor=decode_cursor("history", query.cursor),
        limit=query.limit,
    )
    link_next(request, response, "history", page.cursor)
    return Entries(items=tell_entries(view, page.items), as_of=as_of(view.session))


@router.get("/{asset_id}/entries/{position}", responses=problems(*READING, "not_yet_mirrored"))
def get_asset_entry(
    view: Viewing, asset_id: AssetId, position: Annotated[int, Path(ge=0, le=2**53 - 1)]
) -> EntryAnswer:
    """One entry of the asset's history."""
    get_asset_row(view, asset_id)
    row = find_entry(view.session, asset_id, position)
    if row is None:
        raise Problem("not_found", f"the asset has no entry at position {position}")
    return tell_entries(view, [row])[0]


@router.get("/{asset_id}/documents", responses=problems(*READING, "not_yet_mirrored"))
def get_asset_documents(
    request: Request,
    response: Response,
    view: Viewing,
    asset_id: AssetId,
    query: Annotated[PageQuery, Query()],
) -> Documents:
    """The documents that its entries point at, as far as you may read them, oldest first."""
    row = get_asset_row(view, asset_id)
    page = list_entries(
        view.session,
        EntryFilter(subject=asset_id),
        cursor=decode_cursor("documents", query.cursor),
        limit=query.limit,
    )
    link_next(request, response, "documents", page.cursor)
    return Documents(items=tell_documents(view, row, page.items), as_of=as_of(view.session))
