"""Checkpoints: what the ledger was at final blocks."""

from __future__ import annotations

from sqlmodel import Session, col, select

from ledger.database.plain import rows_of
from ledger.mirror.pages import Cursor, Page, Turn, page
from ledger.mirror.tables.checkpoints import CheckpointRow


def find_checkpoint(session: Session, *, block: int | None = None) -> CheckpointRow | None:
    """Fetch the newest checkpoint, or the newest of those of that block and before."""
    number = col(CheckpointRow.block_number)
    query = select(CheckpointRow).order_by(number.desc()).limit(1)
    if block is not None:
        query = query.where(number <= block)
    return session.exec(query).one_or_none()


def list_checkpoints(
    session: Session,
    *,
    cursor: Cursor | None = None,
    limit: int = 50,
    newest_first: bool = False,
    first: int = 0,
    last: int | None = None,
) -> Page[CheckpointRow]:
    """Fetch a page of checkpoints, of blocks from `first` to `last`, in the order of those."""
    number = col(CheckpointRow.block_number)
    wanted = rows_of(CheckpointRow).where(number >= first)
    wanted = wanted if last is None else wanted.where(number <= last)
    return page(session, CheckpointRow, wanted, [number], Turn(cursor, limit, newest_first))
