"""Keeps a checkpoint now and then, of what is final: at most one an hour of the chain's time."""

from __future__ import annotations

from typing import Final

from sqlalchemy import delete
from sqlmodel import Session, col, select

from ledger.mirror.tables import BlockRow, MirrorRow
from ledger.mirror.tables.checkpoints import CheckpointRow

APART: Final = 3600
"""Seconds of the chain's time that are between two checkpoints, at the least."""


def keep_checkpoint(
    session: Session, mirror: MirrorRow, now: int, apart: int = APART
) -> CheckpointRow | None:
    """Keep what is final and proven, if `apart` seconds are over since the last, and entries came.

    `now` is when that is, in seconds since 1970; `mirror` says what is final.
    """
    number = col(BlockRow.number)
    sure = number <= min(mirror.final_block, mirror.proven_block)
    block_query = select(BlockRow).where(sure).order_by(number.desc()).limit(1)
    block = session.exec(block_query).one_or_none()
    if block is None or block.last_sequence == 0:
        return None
    newest = col(CheckpointRow.block_number).desc()
    last = session.exec(select(CheckpointRow).order_by(newest).limit(1)).one_or_none()
    if last and (block.last_sequence <= last.sequence or block.timestamp < last.timestamp + apart):
        return None
    kept = CheckpointRow(
        block_number=block.number,
        block_hash=block.hash,
        ledger_head=block.ledger_head,
        sequence=block.last_sequence,
        timestamp=block.timestamp,
        made_at=now,
    )
    session.add(kept)
    return kept


def forget_checkpoints(session: Session, above: int) -> None:
    """Drop those of blocks above that one: the chain dropped blocks that were final."""
    session.connection().execute(
        delete(CheckpointRow).where(col(CheckpointRow.block_number) > above)
    )
