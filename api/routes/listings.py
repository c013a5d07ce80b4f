"""Listings: the worlds in which an asset stands, and the assets that stand in a world."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from api.conditions import IfNoneMatch, not_modified, tag_of
from api.deps import View, Viewing
from api.history import HistoryQuery, stands_at
from api.moments import find_at
from api.openapi import READING, conditional
from api.paging import decode_cursor, link_next
from api.reading import ReadingRoute
from api.relations import tell_listings
from api.routes.assets import AssetId
from api.routes.worlds import WorldId, get_world_row
from api.schemas.relations import ListingAnswer, Listings
from api.subjects import get_asset_row
from ledger.mirror.moments import Moment, find_moment
from ledger.mirror.pages import Page
from ledger.mirror.queries import list_listings_in, list_listings_of
from ledger.mirror.tables import ListingRow
from ledger.types import Hash32

router = APIRouter(prefix="/v1", route_class=ReadingRoute)

_ANSWERS: Final = conditional(*READING, "not_yet_mirrored")


class ListingQuery(HistoryQuery):
    """Which listings to list."""

    shown: Annotated[bool, Field(description="only those that their worlds show")] = False


@router.get(
    "/assets/{asset_id}/listings", response_model=Listings, responses=_ANSWERS, tags=["assets"]
)
def get_asset_listings(
    request: Request,
    response: Response,
    view: Viewing,
    asset_id: AssetId,
    query: Annotated[ListingQuery, Query()],
    if_none_match: IfNoneMatch = None,
) -> Listings | Response:
    """The worlds in which the asset is listed, and whether they show it."""
    then = find_at(view.session, query.at)
    row = get_asset_row(view, asset_id, then)
    page, items = _list(list_listings_of, "listings", view, asset_id, query, then)
    link_next(request, response, "listings", page.cursor)
    tag = tag_of(row.count - 1, items or None)
    return not_modified(response, tag, if_none_match) or Listings(
        items=items, as_of=stands_at(view, then)
    )


@router.get(
    "/worlds/{world_id}/listings", response_model=Listings, responses=_ANSWERS, tags=["worlds"]
)
def get_world_listings(
    request: Request,
    response: Response,
    view: Viewing,
    world_id: WorldId,
    query: Annotated[ListingQuery, Query()],
    if_none_match: IfNoneMatch = None,
) -> Listings | Response:
    """What is listed in the world, in the order of listing, and whether it is shown."""
    then = find_at(view.session, query.at)
    row = get_world_row(view, world_id, then)
    page, items = _list(list_listings_in, "listed", view, world_id, query, then)
    link_next(request, response, "listed", page.cursor)
    # Entries of assets list and delist, and none of the world's own.
    tag = tag_of(row.count - 1, items)
    return not_modified(response, tag, if_none_match) or Listings(
        items=items, as_of=stands_at(view, then)
    )


def _list(
    lists: Callable[..., Page[ListingRow]],
    of: str,
    view: View,
    subject: Hash32,
    query: ListingQuery,
    then: Moment | None,
) -> tuple[Page[ListingRow], list[ListingAnswer]]:
    time = (then or find_moment(view.session)).timestamp
    cursor = decode_cursor(of, query.cursor)

    def list_them(shown_at: int | None) -> Page[ListingRow]:
        return lists(
            view.session, subject, shown_at=shown_at, at=then, cursor=cursor, limit=query.limit
        )

    shown = list_them(time)
    # Whatever a page of all has that is shown is among the first of those that are.
    page = shown if query.shown else list_them(None)
    places = frozenset((row.asset, row.position) for row in shown.items)
    return page, tell_listings(page.items, places, time)
