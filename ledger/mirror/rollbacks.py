"""Keeps what a rollback takes from the mirror, so that whoever was told of it can be told so."""

from __future__ import annotations

import time
from typing import Final

from sqlalchemy import Connection, func, insert, literal, select, update
from sqlmodel import Session, col

from ledger.mirror.tables import TABLES
from ledger.mirror.tables.rollbacks import RevertedRow, RollbackRow

_ENTRY: Final = TABLES["entry"]
_COLUMNS: Final = [column.name for column in _ENTRY.columns]


def keep_rollback(session: Session, sequence: int, to_sequence: int, to_block: int) -> None:
    """Keep the entries from behind `to_sequence` up to `sequence`, which are about to go."""
    if sequence <= to_sequence:
        return  # nobody was told of anything
    connection = session.connection()
    number = note_rollback(connection, to_sequence, to_block)
    gone = select(literal(number), *[_ENTRY.c[name] for name in _COLUMNS])
    gone = gone.where(_ENTRY.c.sequence > to_sequence)
    connection.execute(insert(RevertedRow).from_select(["rollback", *_COLUMNS], gone))


def note_rollback(connection: Connection, to_sequence: int, to_block: int) -> int:
    """Note that all entries behind a sequence are taken back; the rollback's number."""
    newest = connection.execute(select(func.max(col(RollbackRow.number)))).scalar()
    number = (newest or 0) + 1
    standing = col(RollbackRow.outdone_by).is_(None)
    outdone = standing & (col(RollbackRow.to_sequence) >= to_sequence)
    connection.execute(update(RollbackRow).where(outdone).values(outdone_by=number))
    noted = {"number": number, "to_sequence": to_sequence, "to_block": to_block}
    connection.execute(insert(RollbackRow), [noted | {"at": time.time_ns() // 1_000_000}])
    return number
