"""The table of checkpoints: what the ledger was at some final blocks, to be held against it."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlmodel import SQLModel

from ledger.mirror.tables.columns import binary, integer, numbered
from ledger.types import Hash32


class CheckpointRow(SQLModel, table=True):
    """A final block with the ledger head and the last sequence after it.

    `timestamp` is the block's; `made_at` when the mirror kept it, in seconds since 1970.
    """

    __tablename__: ClassVar[Any] = "checkpoint"

    block_number: int = numbered()
    block_hash: Hash32 = binary()
    ledger_head: Hash32 = binary()
    sequence: int = integer()
    timestamp: int = integer()
    made_at: int = integer()
