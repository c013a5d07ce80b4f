"""Holds checkpoints, which are kept and not rebuilt, against a mirror that was."""

from __future__ import annotations

from sqlalchemy import and_, delete, exists, func, or_, select
from sqlmodel import Session

from ledger.mirror.tables import TABLES
from ledger.mirror.tables.checkpoints import CheckpointRow


def drop_false_checkpoints(session: Session) -> None:
    """Drop those that the mirror's blocks contradict, or that are of none of its past.

    Of a block without entries the mirror may remember neither hash nor time: what the ledger was
    after it is that of the last block before.
    """
    told = CheckpointRow.__table__  # type: ignore[attr-defined]
    number, blocks = told.c.block_number, TABLES["block"]
    block = blocks.alias()
    before = select(func.max(blocks.c.number)).where(blocks.c.number <= number).correlate(told)
    agrees = exists().where(
        block.c.number == before.scalar_subquery(),
        block.c.ledger_head == told.c.ledger_head,
        block.c.last_sequence == told.c.sequence,
        or_(
            and_(block.c.number < number, block.c.timestamp <= told.c.timestamp),
            and_(block.c.hash == told.c.block_hash, block.c.timestamp == told.c.timestamp),
        ),
    )
    newest = select(func.max(blocks.c.number)).scalar_subquery()
    session.connection().execute(delete(told).where(or_(~agrees, number > newest)))
