"""What is between assets and others: who holds them, their parts, and what is stated of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from api.conditions import IfNoneMatch, not_modified, tag_of
from api.deps import View, Viewing
from api.errors import invalid
from api.history import HistoryQuery, stands_at
from api.lookup import find_wanted
from api.moments import At, find_at
from api.openapi import READING, conditional
from api.paging import decode_cursor, link_next
from api.reading import ReadingRoute
from api.relations import (
    tell_attestations,
    tell_offers,
    tell_parties,
    tell_parts,
)
from api.routes.assets import AssetId
from api.schemas.base import AsOf, HashInput
from api.schemas.relations import Attestations, Parties, Parts, WhereUsed
from api.subjects import get_asset_row
from ledger.mirror.moments import Moment, find_moment
from ledger.mirror.pages import Cursor, Page
from ledger.mirror.queries import (
    LargeTree,
    list_claims_ever,
    list_claims_of,
    list_holders,
    list_offers_of,
    list_parties,
    list_parts,
    list_tree,
    list_where_used,
)
from ledger.mirror.queries.mounts import DEEPEST
from ledger.mirror.tables import AssetRow, ClaimRow, MountRow
from ledger.types import Hash32, Party

router = APIRouter(prefix="/v1/assets", tags=["assets"], route_class=ReadingRoute)

_ANSWERS: Final = conditional(*READING, "not_yet_mirrored")


class PartiesQuery(HistoryQuery):
    """Whether those are told that were parties before."""

    past: Annotated[bool, Field(description="all that ever were parties, oldest first")] = False


class PartsQuery(HistoryQuery):
    """How deep to look."""

    depth: Annotated[
        int, Field(ge=1, le=DEEPEST, description="levels of parts; 32 are as many as there can be")
    ] = 1


class AttestationQuery(HistoryQuery):
    """Which attestations to list."""

    schema_: Annotated[
        HashInput | None, Field(alias="schema", description="stated under this schema")
    ] = None
    issuer: Annotated[str | None, Field(description="who states it, by id or DID")] = None
    valid: Annotated[
        bool | None, Field(description="only what is in force; false: only what is not")
    ] = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """The asset as of when it is asked about; `then` is None for now, `time` that of the block."""

    view: View
    row: AssetRow
    then: Moment | None
    time: int

    @property
    def as_of(self) -> AsOf:
        return stands_at(self.view, self.then)


def _ask(view: View, asset: Hash32, at: str | None) -> _Asked:
    then = find_at(view.session, at)
    row = get_asset_row(view, asset, then)
    return _Asked(view, row, then, (then or find_moment(view.session)).timestamp)


@router.get("/{asset_id}/parties", response_model=Parties, responses=_ANSWERS)
def get_parties(
    request: Request,
    response: Response,
    view: Viewing,
    asset_id: AssetId,
    query: Annotated[PartiesQuery, Query()],
    if_none_match: IfNoneMatch = None,
) -> Parties | Response:
    """Who owns the asset, keeps it, uses it and has a lien on it, since when; and what is offered.

    An offer whose time was over by the block is told as lapsed: it is open no more, though no entry
    says so.
    """
    asked = _ask(view, asset_id, query.at)
    if query.past:
        cursor = decode_cursor("parties", query.cursor)
        page = list_holders(view.session, asset_id, at=asked.then, cursor=cursor, limit=query.limit)
        link_next(request, response, "parties", page.cursor)
        held = page.items
    else:
        _refuse_cursor(query.cursor)
        held = list_parties(view.session, asset_id, at=asked.then)
    offered = list_offers_of(view.session, asset_id, at=asked.then, limit=len(Party)).items
    offers = tell_offers(offered, asked.time)
    tag = tag_of(asked.row.count - 1, offers if any(one.expires_at for one in offers) else None)
    return not_modified(response, tag, if_none_match) or Parties(
        items=tell_parties(held), offers=offers, as_of=asked.as_of
    )


def _refuse_cursor(cursor: str | None) -> None:
    if cursor is not None:
        raise invalid("cursor", cursor, "is not a cursor of this list, which is never longer")


@router.get("/{asset_id}/parts", response_model=Parts, responses=_ANSWERS)
def get_parts(
    request: Request,
    response: Response,
    view: Viewing,
    asset_id: AssetId,
    query: Annotated[PartsQuery, Query()],
    if_none_match: IfNoneMatch = None,
) -> Parts | Response:
    """What is mounted on the asset; with `depth`, what is mounted on that, and so on.

    Nearest levels come first, and on one level what was mounted first. A tree of more than 10,000
    parts is refused: ask for fewer levels, or for the parts of a part.
    """
    asked = _ask(view, asset_id, query.at)
    of = "parts" if query.depth == 1 else "tree"
    page = _page_of_parts(asked, query.depth, decode_cursor(of, query.cursor), query.limit)
    link_next(request, response, of, page.cursor)
    parts = tell_parts(page.items)
    # Its own parts are told in its own entries, but theirs are not.
    tag = tag_of(asked.row.count - 1, None if query.depth == 1 else parts)
    return not_modified(response, tag, if_none_match) or Parts(items=parts, as_of=asked.as_of)


def _page_of_parts(
    asked: _Asked, depth: int, cursor: Cursor | None, limit: int
) -> Page[tuple[int, MountRow]]:
    session, asset, then = asked.view.session, asked.row.id, asked.then
    if depth == 1:
        page = list_parts(session, asset, at=then, cursor=cursor, limit=limit)
        return Page([(1, mount) for mount in page.items], page.cursor)
    try:
        return list_tree(session, asset, depth, at=then, cursor=cursor, limit=limit)
    except LargeTree as error:
        raise invalid("depth", depth, error.message) from error


@router.get("/{asset_id}/where-used", response_model=WhereUsed, responses=_ANSWERS)
def get_where_used(
    response: Response,
    view: Viewing,
    asset_id: AssetId,
    if_none_match: IfNoneMatch = None,
    at: At = None,
) -> WhereUsed | Response:
    """The asset that this one is mounted on, what that one is mounted on, up to the whole."""
    asked = _ask(view, asset_id, at)
    mounts = list_where_used(view.session, asset_id, at=asked.then)
    chain = tell_parts(list(enumerate(mounts, 1)))
    tag = tag_of(asked.row.count - 1, chain or None)
    return not_modified(response, tag, if_none_match) or WhereUsed(items=chain, as_of=asked.as_of)


@router.get("/{asset_id}/attestations", response_model=Attestations, responses=_ANSWERS)
def get_attestations(
    request: Request,
    response: Response,
    view: Viewing,
    asset_id: AssetId,
    query: Annotated[AttestationQuery, Query()],
    if_none_match: IfNoneMatch = None,
) -> Attestations | Response:
    """What organisations state of the asset, oldest first: valid, expired or revoked."""
    asked = _ask(view, asset_id, query.at)
    page = _page_of_claims(asked, query)
    link_next(request, response, "attestations", page.cursor)
    stated = tell_attestations(view, page.items, asked.time)
    lapses = query.valid is not None or any(one.expires_at for one in stated)
    tag = tag_of(asked.row.count - 1, stated if lapses else None)
    return not_modified(response, tag, if_none_match) or Attestations(
        items=stated, as_of=asked.as_of
    )


def _page_of_claims(asked: _Asked, query: AttestationQuery) -> Page[ClaimRow]:
    session, asset = asked.view.session, asked.row.id
    wanted: dict[str, Any] = {
        "issuer": find_wanted(session, query.issuer, "issuer"),
        "schema": query.schema_,
        "at": asked.then,
        "cursor": decode_cursor("attestations", query.cursor),
        "limit": query.limit,
    }
    if query.valid:
        return list_claims_of(session, asset, good_at=asked.time, **wanted)
    spent = None if query.valid is None else asked.time
    return list_claims_ever(session, asset, spent_at=spent, **wanted)
