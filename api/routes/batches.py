"""Batches: registered as a stream of lines, and read like everything else."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from api.answering import answer, operation_path
from api.answers import tell_assets, tell_batches
from api.batch_acceptance import Asking, TakenBatch, take_in
from api.conditions import IfNoneMatch, tag_subject
from api.deps import IdempotencyKey, Member, Served, Viewing
from api.errors import Problem
from api.history import HistoryQuery, stands_at
from api.lookup import find_party
from api.moments import At, find_at
from api.openapi import DESCRIBED, READING, conditional, problems, written
from api.paging import decode_cursor, link_next
from api.reading import ReadingRoute, write
from api.receipts import tell_receipt
from api.schemas.assets import EXAMPLE_DOCUMENT, Assets, DataClass, OrganisationName
from api.schemas.base import HashInput
from api.schemas.batches import AcceptedBatch, Batches, Birth, OneBatch
from api.schemas.selected import SomeAssets
from api.selection import AssetFields, pick_all
from api.subjects import get_batch_row
from api.waiting import Wait
from ledger.mirror.queries import list_batch_assets, list_batches
from ledger.types import to_hex

PATH: Final = "/v1/batches"
_LINES: Final = "application/x-ndjson"

router = APIRouter(prefix=PATH, tags=["batches"], route_class=ReadingRoute)

BatchId = Annotated[HashInput, Path(description="the batch's id")]


class BatchQuery(HistoryQuery):
    """Which batches to list."""

    organisation: Annotated[str | None, Field(description="who registered, by id or DID")] = None
    owner: Annotated[str | None, Field(description="who owned at first, by id or DID")] = None


class MemberQuery(HistoryQuery):
    """Which of a batch's assets, as of when, and which of their fields."""

    fields: AssetFields | None = None


@router.post(
    "",
    status_code=202,
    responses=written(AcceptedBatch, "serial_taken", *DESCRIBED),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                _LINES: {
                    "schema": {
                        "type": "string",
                        "description": "one JSON object a line: its serial and its document",
                    },
                    "examples": {
                        "gearbox": {"value": {"serial": "GBX-1", "document": EXAMPLE_DOCUMENT}}
                    },
                }
            },
        }
    },
)
async def register_batch(
    request: Request,
    response: Response,
    service: Served,
    org: Member,
    key: IdempotencyKey,
    wait: Wait,
    owner: Annotated[OrganisationName | None, Query()] = None,
    name: Annotated[
        str | None, Query(min_length=1, max_length=256, pattern=r"^[^\x00-\x1f\x7f]+$")
    ] = None,
    schema: Annotated[
        HashInput | None, Query(description="a published schema, by id: each document must fit it")
    ] = None,
    data_class: Annotated[DataClass | None, Query()] = None,
) -> AcceptedBatch:
    """Register up to 2^24 - 1 assets at once, one a line; all of them, or none."""
    _require_lines(request)
    found = await take_in(
        service, Asking(org, owner, name, schema, data_class, key), request.stream()
    )
    path = f"{PATH}/{to_hex(found.taken.subject)}"
    await answer(service, response, found.taken, wait, path)
    return _tell_accepted(found)


def _require_lines(request: Request) -> None:
    media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media_type != _LINES:
        raise Problem(
            "unsupported_media_type",
            f"the body must be {_LINES}, not {media_type or 'of no type'}",
            headers={"Accept-Post": _LINES},
        )


def _tell_accepted(found: TakenBatch) -> AcceptedBatch:
    return AcceptedBatch(
        id=to_hex(found.taken.subject),
        root=to_hex(found.root),
        size=found.size,
        content_hash=to_hex(found.taken.content_hash or bytes(32)),
        position=found.taken.position,
        operation=operation_path(found.taken.operation),
        receipt=tell_receipt(found.taken.receipt),
    )


@router.get("", responses=problems(*READING))
def get_batches(
    request: Request, response: Response, view: Viewing, query: Annotated[BatchQuery, Query()]
) -> Batches:
    """List batches, in the order of registration."""
    at = find_at(view.session, query.at)
    # An organisation that nobody knows registered nothing: that is an empty page.
    org = query.organisation and (
        find_party(view.session, query.organisation, "organisation") or bytes(32)
    )
    owner = query.owner and (find_party(view.session, query.owner, "owner") or bytes(32))
    page = list_batches(
        view.session,
        organisation=org or None,
        owner=owner or None,
        at=at,
        cursor=decode_cursor("batches", query.cursor),
        limit=query.limit,
    )
    link_next(request, response, "batches", page.cursor)
    return Batches(items=tell_batches(view, page.items), as_of=stands_at(view, at))


@router.get(
    "/{batch_id}",
    response_model=OneBatch,
    responses=conditional(*READING, "not_yet_mirrored"),
)
def get_batch(
    response: Response,
    view: Viewing,
    batch_id: BatchId,
    if_none_match: IfNoneMatch = None,
    at: At = None,
) -> OneBatch | Response:
    """Read a batch; nothing can be said of it any more once it is registered."""
    moment = find_at(view.session, at)
    row = get_batch_row(view, batch_id, moment)
    if same := tag_subject(response, row.count, if_none_match):
        return same
    [told] = tell_batches(view, [row])
    return OneBatch(**dict(told), as_of=stands_at(view, moment))


@router.get(
    "/{batch_id}/assets",
    response_model=Assets | SomeAssets,
    responses=problems(*READING, "not_yet_mirrored"),
)
def get_batch_assets(
    request: Request,
    response: Response,
    view: Viewing,
    batch_id: BatchId,
    query: Annotated[MemberQuery, Query()],
) -> SomeAssets | Response:
    """The batch's assets as they are, or were, in the order of its lines."""
    at = find_at(view.session, query.at)
    row = get_batch_row(view, batch_id, at)
    cursor = decode_cursor("batch", query.cursor)
    page = list_batch_assets(view.session, row, at=at, cursor=cursor, limit=query.limit)
    link_next(request, response, "batch", page.cursor)
    told, stands = tell_assets(view, page.items), stands_at(view, at)
    if query.fields is not None:
        return SomeAssets(items=pick_all(told, query.fields), as_of=stands)
    return write({"items": told, "as_of": stands}, response)


@router.get("/{batch_id}/assets/{index}", responses=problems(*READING, "not_yet_mirrored"))
def get_birth(
    view: Viewing,
    batch_id: BatchId,
    index: Annotated[int, Path(ge=1, le=2**24 - 1)],
    at: At = None,
) -> Birth:
    """What proves that an asset was born with the batch, and with which content hash."""
    row = get_batch_row(view, batch_id, find_at(view.session, at))
    kept = view.births.batches.find(batch_id) if index <= row.size else None
    if kept is None:
        raise Problem("not_found", f"line {index} of the batch is not kept here")
    return Birth(
        id=to_hex((int.from_bytes(batch_id) + index).to_bytes(32)),
        batch=to_hex(batch_id),
        index=index,
        size=row.size,
        root=to_hex(row.root),
        content_hash=to_hex(kept.content_hash(index)),
        path=[to_hex(each) for each in kept.path(index)],
    )
