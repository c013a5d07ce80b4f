"""Assets in worlds: what is listed, and what of it is shown."""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, or_
from sqlmodel import Session, col, select

from ledger.mirror.moments import Moment
from ledger.mirror.pages import Cursor, Page, Turn
from ledger.mirror.queries.periods import (
    good,
    list_standing,
    list_standing_of,
    periods_at,
    standing,
)
from ledger.mirror.tables import ClaimRow, HolderRow, ListingRow, WorldRow
from ledger.types import ZERO_HASH, Hash32, Party


def find_listing(
    session: Session, asset: Hash32, world: Hash32, *, at: Moment | None = None
) -> ListingRow | None:
    """Fetch the newest listing of an asset in a world, be it over or not."""
    wanted = select(ListingRow).where(ListingRow.asset == asset, ListingRow.world == world)
    if at is not None:
        # Said so that no index can serve it: of one asset, the positions give the order.
        wanted = wanted.where(col(ListingRow.from_block) + 0 <= at.block)
    newest = wanted.order_by(col(ListingRow.position).desc()).limit(1)
    return next(iter(periods_at(session.exec(newest).all(), at)), None)


def list_listings_of(
    session: Session,
    asset: Hash32,
    *,
    shown_at: int | None = None,
    at: Moment | None = None,
    cursor: Cursor | None = None,
    limit: int = 50,
    newest_first: bool = False,
) -> Page[ListingRow]:
    """Fetch a page of the listings of an asset.

    `shown_at`: only those that were shown at that time, in seconds since 1970: not expired, of an
    asset that is still its lister's, who is still admitted.
    """
    wanted = [col(ListingRow.asset) == asset, *_shown(shown_at, at)]
    return list_standing_of(session, ListingRow, wanted, at, Turn(cursor, limit, newest_first))


def list_listings_in(
    session: Session,
    world: Hash32,
    *,
    shown_at: int | None = None,
    at: Moment | None = None,
    cursor: Cursor | None = None,
    limit: int = 50,
    newest_first: bool = False,
) -> Page[ListingRow]:
    """Fetch a page of the listings in a world, in the order of blocks; as `list_listings_of`."""
    wanted = [col(ListingRow.world) == world, *_shown(shown_at, at)]
    return list_standing(session, ListingRow, wanted, at, Turn(cursor, limit, newest_first))


def _shown(time: int | None, at: Moment | None) -> list[ColumnElement[bool]]:
    """What the contract's `isListed` asks; a world's end ends its listings."""
    if time is None:
        return []
    owned = exists().where(
        col(HolderRow.asset) == col(ListingRow.asset),
        col(HolderRow.party) == Party.OWNER.label,
        col(HolderRow.org) == col(ListingRow.org),
        *standing(HolderRow, at),
    )
    admitted = exists().where(
        col(ClaimRow.subject) == col(ListingRow.org),
        col(ClaimRow.position) == col(ListingRow.credential),
        col(ClaimRow.issuer) == col(ListingRow.issuer),
        col(ClaimRow.schema_) == col(WorldRow.schema_),
        *good(ClaimRow, time),
        *standing(ClaimRow, at),
    )
    in_world = col(WorldRow.id) == col(ListingRow.world)
    admits_all = col(WorldRow.schema_) == ZERO_HASH
    return [*good(ListingRow, time), owned, in_world, or_(admits_all, admitted)]
