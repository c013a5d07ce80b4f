"""One period, past or not: a claim at a position, the newest listing of an asset in a world."""

from __future__ import annotations

from sqlmodel import Session, col, select

from ledger.mirror.tables import ClaimRow, ListingRow
from ledger.types import Hash32


def find_claim(session: Session, subject: Hash32, position: int) -> ClaimRow | None:
    """Fetch what was claimed of a subject by its entry at a position, be it revoked or not."""
    wanted = select(ClaimRow).where(ClaimRow.subject == subject, ClaimRow.position == position)
    return session.exec(wanted).one_or_none()


def find_listing(session: Session, asset: Hash32, world: Hash32) -> ListingRow | None:
    """Fetch the newest listing of an asset in a world, be it over or not."""
    wanted = select(ListingRow).where(ListingRow.asset == asset, ListingRow.world == world)
    newest = wanted.order_by(col(ListingRow.position).desc()).limit(1)
    return session.exec(newest).one_or_none()
