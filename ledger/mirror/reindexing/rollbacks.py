"""Notes what a swap takes back: a rebuilt mirror may stand on blocks that the old one has not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select, type_coerce
from sqlalchemy.types import NULLTYPE

from ledger.mirror.bulk import insert_rows
from ledger.mirror.reindexing.shadow import Shadow
from ledger.mirror.rollbacks import note_rollback
from ledger.mirror.steps import Values
from ledger.mirror.tables import TABLES
from ledger.mirror.tables.rollbacks import RevertedRow

_BLOCK, _ENTRY = TABLES["block"], TABLES["entry"]
_TOLD: Final = select(_BLOCK.c.number, _BLOCK.c.hash, _BLOCK.c.last_sequence)
_AS_KEPT: Final = [type_coerce(column, NULLTYPE) for column in _ENTRY.columns]
"""An entry's columns as the database has them, whatever that is."""
_REVERTED: Final = RevertedRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Gone:
    """Entries of the mirror that the rebuilt one has not, all from behind a sequence."""

    to_sequence: int
    to_block: int
    entries: Sequence[Values]


def find_gone(connection: Connection, shadow: Shadow) -> Gone | None:
    """What will be gone; only read, as PostgreSQL's swap must not come after a write."""
    with shadow.opened() as engine, engine.connect() as rebuilt:
        common = _find_common(connection, rebuilt)
    if common is None:
        return None  # it is no later state of this ledger: nobody was told of that
    behind = select(*_AS_KEPT).where(_ENTRY.c.sequence > common.last_sequence)
    entries = [tuple(row) for row in connection.execute(behind)]
    return Gone(common.last_sequence, common.number, entries) if entries else None


def _find_common(connection: Connection, rebuilt: Connection) -> Any:
    """The newest block of the mirror's that the rebuilt one has, too."""
    with connection.execute(_TOLD.order_by(_BLOCK.c.number.desc())) as blocks:
        for block in blocks:
            found = rebuilt.execute(_TOLD.where(_BLOCK.c.number == block.number)).first()
            if found == block:
                return block
    return None


def keep_gone(connection: Connection, gone: Gone) -> None:
    """Keep what a swap took back."""
    number = note_rollback(connection, gone.to_sequence, gone.to_block)
    insert_rows(connection, _REVERTED, [(number, *entry) for entry in gone.entries])
