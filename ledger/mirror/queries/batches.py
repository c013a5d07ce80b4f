"""Batches, and their assets in the order of their lines."""

from __future__ import annotations

from sqlmodel import Session, col, select

from ledger.errors import MalformedValue
from ledger.mirror.moments import Moment
from ledger.mirror.pages import Cursor, Page, Turn
from ledger.mirror.queries.assets import find_assets
from ledger.mirror.queries.states import begun, list_begun
from ledger.mirror.tables import AssetRow, BatchRow
from ledger.types import Hash32


def find_batch(session: Session, batch: Hash32, *, at: Moment | None = None) -> BatchRow | None:
    """Fetch a batch."""
    return session.exec(
        select(BatchRow).where(BatchRow.id == batch, *begun(BatchRow, at))
    ).one_or_none()


def list_batches(
    session: Session,
    *,
    organisation: Hash32 | None = None,
    owner: Hash32 | None = None,
    at: Moment | None = None,
    cursor: Cursor | None = None,
    limit: int = 50,
    newest_first: bool = False,
) -> Page[BatchRow]:
    """Fetch a page of batches in the order of registration.

    `organisation` is the one who registered them; `owner` the first owner, who is still that of all
    assets of which nothing is written.
    """
    asked = (col(BatchRow.org), organisation), (col(BatchRow.owner), owner)
    wanted = [column == value for column, value in asked if value is not None]
    return list_begun(session, BatchRow, wanted, at, Turn(cursor, limit, newest_first))


def list_batch_assets(
    session: Session,
    batch: BatchRow,
    *,
    at: Moment | None = None,
    cursor: Cursor | None = None,
    limit: int = 50,
) -> Page[AssetRow]:
    """Fetch a page of a batch's assets, in the order of its lines; the batch was there by then.

    Raises:
        MalformedValue: the cursor is not one of a batch's assets.
    """
    first = _line(cursor) + 1
    last = min(first + limit - 1, batch.size)
    number = int.from_bytes(batch.id)
    ids = [(number + index).to_bytes(32) for index in range(first, last + 1)]
    rows = find_assets(session, ids, at=at)
    return Page([rows[one] for one in ids], (last,) if last < batch.size else None)


def _line(cursor: Cursor | None) -> int:
    match cursor:
        case None:
            return 0
        case (int(line),):
            return line
        case _:
            raise MalformedValue(field="cursor", value=cursor, wanted="a cursor of this list")
