"""The tables of the chain's own order: entries, blocks, and how far the mirror is."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, Index, Text
from sqlmodel import Field, SQLModel

from ledger.mirror.tables.columns import binary, integer, numbered, small
from ledger.types import Address, Hash32


class EntryRow(SQLModel, table=True):
    """An entry with its place in the ledger; `head` is its subject's head after it."""

    __tablename__: ClassVar[Any] = "entry"
    __table_args__ = (
        Index("entry_place", "subject", "position", unique=True),
        Index("entry_org", "org", "sequence"),
        Index("entry_kind", "kind", "sequence"),
    )

    sequence: int = numbered()
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


class BlockRow(SQLModel, table=True):
    """A block that holds entries, or that the mirror stood at since the final one, or the base.

    `ledger_head` and `last_sequence` are those after it: what a rollback to it restores.
    """

    __tablename__: ClassVar[Any] = "block"
    __table_args__ = (Index("block_timestamp", "timestamp", "number"),)

    number: int = numbered()
    hash: Hash32 = binary()
    timestamp: int = integer()
    ledger_head: Hash32 = binary()
    last_sequence: int = integer()


class MirrorRow(SQLModel, table=True):
    """The one row that says which ledger is mirrored and how far.

    All up to `proven_block` is proven: the entries fold to the ledger head that the chain had after
    it. `base_block` is the block before the contract's; `node_block` the newest that the node spoke
    of. `alarm` says what is wrong, until `alarm_block` is final, or, where that is null,
    until the mirror advances.
    """

    __tablename__: ClassVar[Any] = "mirror"

    id: int = numbered()
    chain_id: int = integer()
    genesis_hash: Hash32 = binary()
    contract: Address = binary()
    domain: Hash32 = binary()
    base_block: int = integer()
    block_number: int = integer()
    block_hash: Hash32 = binary()
    ledger_head: Hash32 = binary()
    sequence: int = integer()
    proven_block: int = integer()
    final_block: int = integer()
    node_block: int = integer()
    alarm: str | None = Field(default=None, sa_column=Column(Text))
    alarm_block: int | None = Field(default=None, sa_column=Column(BigInteger))
