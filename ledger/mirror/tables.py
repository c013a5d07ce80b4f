"""The mirror's tables; only `store` writes them.

Numbers of blocks and sequences are counted from the chain; times are seconds since 1970. A
`sequence` is an entry's place in the whole ledger, 1, 2, 3, … without gaps. Holders and accounts
are kept as periods `[from_block, to_block)`, open while `to_block` is null.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    text,
)
from sqlmodel import Field, SQLModel

from ledger.types import Address, Hash32


def _bytes(**options: Any) -> Any:
    return Field(sa_column=Column(LargeBinary, nullable=False, **options))


def _number(**options: Any) -> Any:
    return Field(sa_column=Column(BigInteger, **{"nullable": False} | options))


def _numbered() -> Any:
    """A primary key of our own counting; SQLite makes it the row's id, and saves an index."""
    number = BigInteger().with_variant(Integer, "sqlite")
    return Field(sa_column=Column(number, primary_key=True, autoincrement=False))


def _small() -> Any:
    return Field(sa_column=Column(SmallInteger, nullable=False))


def _truth() -> Any:
    return Field(sa_column=Column(Boolean, nullable=False))


class EntryRow(SQLModel, table=True):
    """An entry with its place in the ledger; `head` is its subject's head after it."""

    __tablename__: ClassVar[Any] = "entry"
    __table_args__ = (
        Index("entry_place", "subject", "position", unique=True),
        Index("entry_block", "block_number"),
        Index("entry_org", "org", "sequence"),
        Index("entry_kind", "kind", "sequence"),
    )

    sequence: int = _numbered()
    block_number: int = _number()
    log_index: int = _number()
    transaction_hash: Hash32 = _bytes()
    subject: Hash32 = _bytes()
    org: Hash32 = _bytes()
    kind: int = _small()
    position: int = _number()
    actor: Address = _bytes()
    timestamp: int = _number()
    payload: bytes = _bytes()
    head: Hash32 = _bytes()


class BlockRow(SQLModel, table=True):
    """A block that holds entries, or that the mirror stood at since the final one, or the base.

    `ledger_head` and `last_sequence` are those after it: what a rollback to it restores.
    """

    __tablename__: ClassVar[Any] = "block"

    number: int = _numbered()
    hash: Hash32 = _bytes()
    parent_hash: Hash32 = _bytes()
    timestamp: int = _number()
    ledger_head: Hash32 = _bytes()
    last_sequence: int = _number()


class MirrorRow(SQLModel, table=True):
    """The one row that says which ledger is mirrored and how far.

    `base_block` is the block before the contract's; `node_block` the newest that the node spoke
    of. `alarm` says what is wrong, until `alarm_block` is final, or, where that is null,
    until the mirror advances.
    """

    __tablename__: ClassVar[Any] = "mirror"

    id: int = _numbered()
    chain_id: int = _number()
    genesis_hash: Hash32 = _bytes()
    contract: Address = _bytes()
    domain: Hash32 = _bytes()
    base_block: int = _number()
    block_number: int = _number()
    block_hash: Hash32 = _bytes()
    ledger_head: Hash32 = _bytes()
    sequence: int = _number()
    final_block: int = _number()
    node_block: int = _number()
    alarm: str | None = Field(default=None, sa_column=Column(Text))
    alarm_block: int | None = Field(default=None, sa_column=Column(BigInteger))


class AssetRow(SQLModel, table=True):
    """An asset as its entries leave it; `org` registered it, `owner` holds title."""

    __tablename__: ClassVar[Any] = "asset"
    __table_args__ = (
        Index("asset_sequence", "first_sequence", unique=True),
        Index("asset_owner", "owner", "first_sequence"),
        Index("asset_org", "org", "first_sequence"),
        Index(
            "asset_frozen",
            "first_sequence",
            sqlite_where=text("frozen = 1"),
            postgresql_where=text("frozen"),
        ),
    )

    id: Hash32 = _bytes(primary_key=True)
    org: Hash32 = _bytes()
    owner: Hash32 = _bytes()
    schema_: Hash32 = Field(sa_column=Column("schema", LargeBinary, nullable=False))
    content_hash: Hash32 = _bytes()
    birth_content_hash: Hash32 = _bytes()
    asset_kind: int = _small()
    count: int = _number()
    head: Hash32 = _bytes()
    frozen: bool = _truth()
    opened_at: int = _number()
    updated_at: int = _number()
    first_sequence: int = _number()
    last_sequence: int = _number()


class HolderRow(SQLModel, table=True):
    """Who held an asset, as what (`owner`), from which block to which; since `position`."""

    __tablename__: ClassVar[Any] = "holder"
    __table_args__ = (Index("holder_org", "org", "from_block"),)

    asset: Hash32 = _bytes(primary_key=True)
    position: int = _number(primary_key=True)
    party: str = Field(sa_column=Column(Text, nullable=False))
    org: Hash32 = _bytes()
    from_block: int = _number()
    to_block: int | None = _number(nullable=True)


class OrganisationRow(SQLModel, table=True):
    """An organisation as its entries leave it."""

    __tablename__: ClassVar[Any] = "organisation"
    __table_args__ = (
        Index("organisation_did", "did", unique=True),
        Index("organisation_address", "address", unique=True),
        Index("organisation_sequence", "first_sequence", unique=True),
    )

    id: Hash32 = _bytes(primary_key=True)
    did: str = Field(sa_column=Column(Text, nullable=False))
    address: Address = _bytes()
    active: bool = _truth()
    count: int = _number()
    head: Hash32 = _bytes()
    opened_at: int = _number()
    first_sequence: int = _number()
    last_sequence: int = _number()


class AccountRow(SQLModel, table=True):
    """Which account could act for an organisation, from which block to which."""

    __tablename__: ClassVar[Any] = "account"
    __table_args__ = (Index("account_account", "account", "from_block"),)

    org: Hash32 = _bytes(primary_key=True)
    position: int = _number(primary_key=True)
    account: Address = _bytes()
    from_block: int = _number()
    to_block: int | None = _number(nullable=True)
