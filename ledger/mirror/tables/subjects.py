"""The tables of subjects, each as its entries leave it.

`first_sequence` and `last_sequence` are those of its own first and last entry, by which lists are
ordered. An asset of a batch has a row from its own first entry on.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import Index, text
from sqlmodel import SQLModel

from ledger.mirror.tables.columns import binary, integer, small, truth, words
from ledger.types import Address, Hash32


def _by_party(party: str) -> Index:
    """Of the few assets that have such a party."""
    there = text(f"{party} IS NOT NULL")
    return Index(
        f"asset_{party}", party, "first_sequence", sqlite_where=there, postgresql_where=there
    )


class AssetRow(SQLModel, table=True):
    """An asset; `org` registered it, `owner` holds title.

    `offered` has a bit per party (owner lowest) of which an offer is open, be it lapsed or not.
    """

    __tablename__: ClassVar[Any] = "asset"
    __table_args__ = (
        Index("asset_sequence", "first_sequence", unique=True),
        Index("asset_owner", "owner", "first_sequence"),
        Index("asset_org", "org", "first_sequence"),
        Index("asset_schema", "schema", "first_sequence"),
        Index("asset_kind", "asset_kind", "first_sequence"),
        *map(_by_party, ("custodian", "operator", "lien_holder")),
        Index(
            "asset_stage",
            *("stage", "first_sequence"),
            sqlite_where=text("stage > 0"),
            postgresql_where=text("stage > 0"),
        ),
    )

    id: Hash32 = binary(primary_key=True)
    org: Hash32 = binary()
    owner: Hash32 = binary()
    schema_: Hash32 = binary("schema")
    asset_kind: int = small()
    birth_content_hash: Hash32 | None = binary(nullable=True)
    content_hash: Hash32 | None = binary(nullable=True)
    stage: int = small()
    frozen: bool = truth()
    custodian: Hash32 | None = binary(nullable=True)
    operator: Hash32 | None = binary(nullable=True)
    lien_holder: Hash32 | None = binary(nullable=True)
    offered: int = small()
    parent: Hash32 | None = binary(nullable=True)
    count: int = integer()
    head: Hash32 = binary()
    opened_at: int = integer()
    updated_at: int = integer()
    first_sequence: int = integer()
    last_sequence: int = integer()


class BatchRow(SQLModel, table=True):
    """A batch: `size` assets that `org` registered at once, all `owner`'s at first."""

    __tablename__: ClassVar[Any] = "batch"
    __table_args__ = (
        Index("batch_sequence", "first_sequence", unique=True),
        Index("batch_org", "org", "first_sequence"),
        Index("batch_owner", "owner", "first_sequence"),
    )

    id: Hash32 = binary(primary_key=True)
    org: Hash32 = binary()
    owner: Hash32 = binary()
    schema_: Hash32 = binary("schema")
    root: Hash32 = binary()
    size: int = integer()
    content_hash: Hash32 = binary()
    count: int = integer()
    head: Hash32 = binary()
    opened_at: int = integer()
    first_sequence: int = integer()
    last_sequence: int = integer()


class OrganisationRow(SQLModel, table=True):
    """An organisation; its accounts are periods of their own."""

    __tablename__: ClassVar[Any] = "organisation"
    __table_args__ = (
        Index("organisation_did", "did", unique=True),
        Index("organisation_address", "address", unique=True),
        Index("organisation_sequence", "first_sequence", unique=True),
    )

    id: Hash32 = binary(primary_key=True)
    did: str = words()
    address: Address = binary()
    active: bool = truth()
    count: int = integer()
    head: Hash32 = binary()
    opened_at: int = integer()
    first_sequence: int = integer()
    last_sequence: int = integer()


class SchemaRow(SQLModel, table=True):
    """A schema that `org` published; `replaces` is the version before it, or zero."""

    __tablename__: ClassVar[Any] = "schema"
    __table_args__ = (
        Index("schema_sequence", "first_sequence", unique=True),
        Index("schema_org", "org", "first_sequence"),
        Index("schema_replaces", "replaces"),
    )

    id: Hash32 = binary(primary_key=True)
    org: Hash32 = binary()
    content_hash: Hash32 = binary()
    replaces: Hash32 = binary()
    count: int = integer()
    head: Hash32 = binary()
    opened_at: int = integer()
    first_sequence: int = integer()
    last_sequence: int = integer()


class WorldRow(SQLModel, table=True):
    """A world that `org` opened, and whom it admits."""

    __tablename__: ClassVar[Any] = "world"
    __table_args__ = (
        Index("world_sequence", "first_sequence", unique=True),
        Index("world_org", "org", "first_sequence"),
    )

    id: Hash32 = binary(primary_key=True)
    org: Hash32 = binary()
    content_hash: Hash32 = binary()
    schema_: Hash32 = binary("schema")
    issuer: Hash32 = binary()
    open: bool = truth()
    count: int = integer()
    head: Hash32 = binary()
    opened_at: int = integer()
    first_sequence: int = integer()
    last_sequence: int = integer()


class FoundingRow(SQLModel, table=True):
    """The ledger itself: who governs it, whether it is paused, what is to come after it."""

    __tablename__: ClassVar[Any] = "founding"

    id: Hash32 = binary(primary_key=True)
    authority: Address = binary()
    paused: bool = truth()
    successor: Address | None = binary(nullable=True)
    count: int = integer()
    head: Hash32 = binary()
    opened_at: int = integer()
    first_sequence: int = integer()
    last_sequence: int = integer()
