"""Who held what, and what is offered to whom."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col

from ledger.database.plain import rows_of
from ledger.domain.batch import batch_id_of
from ledger.mirror.moments import Moment
from ledger.mirror.pages import Cursor, Page, Turn, page
from ledger.mirror.queries.members import find_birth
from ledger.mirror.queries.periods import (
    good,
    list_history,
    list_standing,
    list_standing_of,
    order_of,
    periods_at,
)
from ledger.mirror.queries.states import begun
from ledger.mirror.tables import AssetRow, BatchRow, HolderRow, OfferRow
from ledger.types import Hash32, Party


def list_holders(
    session: Session,
    asset: Hash32,
    *,
    at: Moment | None = None,
    cursor: Cursor | None = None,
    limit: int = 50,
    newest_first: bool = False,
) -> Page[HolderRow]:
    """Fetch a page of who held an asset, as periods of blocks; past ones are included."""
    turn = Turn(cursor, limit, newest_first)
    found = list_history(session, HolderRow, [col(HolderRow.asset) == asset], at, turn)
    if found.items or cursor is not None:
        return found
    return Page(_held_since_birth(session, asset, at), None)


def list_parties(
    session: Session, asset: Hash32, *, at: Moment | None = None
) -> Sequence[HolderRow]:
    """Fetch who is which party to an asset, one of each at the most, the owner first."""
    every = Turn(None, len(Party))
    found = list_standing_of(session, HolderRow, [col(HolderRow.asset) == asset], at, every)
    rows = found.items or _held_since_birth(session, asset, at)
    return sorted(rows, key=lambda row: Party[row.party.upper()])


def list_holdings(
    session: Session,
    org: Hash32,
    party: Party,
    *,
    at: Moment | None = None,
    cursor: Cursor | None = None,
    limit: int = 50,
    newest_first: bool = False,
) -> Page[HolderRow]:
    """Fetch a page of the assets to which an organisation was ever that party, as periods.

    They come in the order in which they began. Those of which it is that party at the moment are
    what `list_assets` lists. Of batches, those are among them of which something is written.
    """
    held = col(HolderRow.org) == org, col(HolderRow.party) == party.label
    query = rows_of(HolderRow).where(*held)
    if at is not None:
        query = query.where(col(HolderRow.from_block) <= at.block)
        written = query.join(AssetRow, col(AssetRow.id) == col(HolderRow.asset))
        query = written.where(*begun(AssetRow, at))
    found = page(session, HolderRow, query, order_of(HolderRow), Turn(cursor, limit, newest_first))
    return Page(periods_at(found.items, at), found.cursor)


def list_offers_to(
    session: Session,
    org: Hash32,
    *,
    good_at: int | None = None,
    at: Moment | None = None,
    cursor: Cursor | None = None,
    limit: int = 50,
    newest_first: bool = False,
) -> Page[OfferRow]:
    """Fetch a page of the offers that are open to an organisation, in the order of their blocks.

    `good_at`: only those that have not lapsed by that time, in seconds since 1970.
    """
    wanted = [col(OfferRow.to) == org, *good(OfferRow, good_at)]
    return list_standing(session, OfferRow, wanted, at, Turn(cursor, limit, newest_first))


def list_offers_of(
    session: Session,
    asset: Hash32,
    *,
    good_at: int | None = None,
    at: Moment | None = None,
    cursor: Cursor | None = None,
    limit: int = 50,
    newest_first: bool = False,
) -> Page[OfferRow]:
    """Fetch a page of the open offers of an asset; `good_at` as in `list_offers_to`."""
    wanted = [col(OfferRow.asset) == asset, *good(OfferRow, good_at)]
    return list_standing_of(session, OfferRow, wanted, at, Turn(cursor, limit, newest_first))


def _held_since_birth(session: Session, asset: Hash32, at: Moment | None) -> list[HolderRow]:
    """The period that the batch of an asset tells, of which nothing is written yet."""
    birth = find_birth(session, asset, at)
    batch = None if birth is None else session.get(BatchRow, batch_id_of(asset))
    if birth is None or batch is None:
        return []
    return [
        HolderRow(
            asset=asset,
            position=0,
            party=Party.OWNER.label,
            org=batch.owner,
            from_block=birth.block_number,
            to_block=None,
        )
    ]
