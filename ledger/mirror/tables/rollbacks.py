"""The tables of what was mirrored and is no longer on the chain: kept, as it had been told.

They are none of those that the chain tells of, and outlast a mirror that is built anew.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import Index, text
from sqlmodel import SQLModel

from ledger.mirror.tables.columns import binary, integer, numbered, small
from ledger.types import Address, Hash32


class RollbackRow(SQLModel, table=True):
    """A rollback, by number 1, 2, 3, …: all entries after `to_sequence` were taken back.

    `outdone_by` is the first later one that went as far back or farther; of those that none outdid,
    a later one went less far back. `at` is when it was noticed, in milliseconds since 1970.
    """

    __tablename__: ClassVar[Any] = "rollback"
    __table_args__ = (
        Index(
            "rollback_standing",
            "to_sequence",
            unique=True,
            sqlite_where=text("outdone_by IS NULL"),
            postgresql_where=text("outdone_by IS NULL"),
        ),
    )

    number: int = numbered()
    to_sequence: int = integer()
    to_block: int = integer()
    outdone_by: int | None = integer(nullable=True)
    at: int = integer()


class RevertedRow(SQLModel, table=True):
    """An entry as it was before that rollback took it back; its columns are those of `entry`."""

    __tablename__: ClassVar[Any] = "reverted_entry"

    rollback: int = integer(primary_key=True)
    sequence: int = integer(primary_key=True)
    block_number: int = integer()
    log_index: int = integer()
    transaction_hash: Hash32 = binary()
    subject: Hash32 = binary()
    org: Hash32 = binary()
    kind: int = small()
    position: int = integer()
    actor: Address = binary()
    timestamp: int = integer()
    payload: bytes = binary()
    head: Hash32 = binary()
