"""The tables of what lasts from block to block: who held what, and all that is between subjects.

A period is `[from_block, to_block)`, open while `to_block` is null, and begins with the entry at
`position` of the subject in the table's first column. What `expires` (seconds since 1970; zero:
never) ends no period, as no entry says so: whoever asks compares.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import Index, text
from sqlmodel import SQLModel

from ledger.mirror.tables.columns import binary, integer, words
from ledger.types import Address, Hash32


class HolderRow(SQLModel, table=True):
    """Who was which party to an asset (`owner`, `custodian`, `operator`, `lien_holder`).

    The owner of a batch's asset is there from the batch's block on, once the asset has an entry of
    its own.
    """

    __tablename__: ClassVar[Any] = "holder"
    __table_args__ = (Index("holder_org", "org", "party", "from_block", "asset", "position"),)

    asset: Hash32 = binary(primary_key=True)
    position: int = integer(primary_key=True)
    party: str = words()
    org: Hash32 = binary()
    from_block: int = integer()
    to_block: int | None = integer(nullable=True)


class OfferRow(SQLModel, table=True):
    """What a party stands for was offered to an organisation."""

    __tablename__: ClassVar[Any] = "offer"
    __table_args__ = (
        Index("offer_to", "to", "from_block", "asset", "position"),
        Index(
            "offer_open",
            *("to", "from_block", "asset", "position"),
            sqlite_where=text("to_block IS NULL"),
            postgresql_where=text("to_block IS NULL"),
        ),
    )

    asset: Hash32 = binary(primary_key=True)
    position: int = integer(primary_key=True)
    party: str = words()
    to: Hash32 = binary()
    expires: int = integer()
    from_block: int = integer()
    to_block: int | None = integer(nullable=True)


class AccountRow(SQLModel, table=True):
    """Which account could act for an organisation."""

    __tablename__: ClassVar[Any] = "account"
    __table_args__ = (Index("account_account", "account", "from_block", "org", "position"),)

    org: Hash32 = binary(primary_key=True)
    position: int = integer(primary_key=True)
    account: Address = binary()
    from_block: int = integer()
    to_block: int | None = integer(nullable=True)


class MountRow(SQLModel, table=True):
    """An asset was a part of another."""

    __tablename__: ClassVar[Any] = "mount"
    __table_args__ = (Index("mount_parent", "parent", "from_block", "part", "position"),)

    part: Hash32 = binary(primary_key=True)
    position: int = integer(primary_key=True)
    parent: Hash32 = binary()
    from_block: int = integer()
    to_block: int | None = integer(nullable=True)


class ClaimRow(SQLModel, table=True):
    """An attestation of an asset or a credential of an organisation stood unrevoked."""

    __tablename__: ClassVar[Any] = "claim"
    __table_args__ = (
        Index("claim_issuer", "issuer", "from_block", "subject", "position"),
        Index("claim_schema", "schema", "from_block", "subject", "position"),
    )

    subject: Hash32 = binary(primary_key=True)
    position: int = integer(primary_key=True)
    issuer: Hash32 = binary()
    schema_: Hash32 = binary("schema")
    content_hash: Hash32 = binary()
    expires: int = integer()
    from_block: int = integer()
    to_block: int | None = integer(nullable=True)


class ListingRow(SQLModel, table=True):
    """An asset was listed in a world by `org`.

    It is shown while `org` owns it, and the credential that admitted `org` is in force.
    """

    __tablename__: ClassVar[Any] = "listing"
    __table_args__ = (Index("listing_world", "world", "from_block", "asset", "position"),)

    asset: Hash32 = binary(primary_key=True)
    position: int = integer(primary_key=True)
    world: Hash32 = binary()
    org: Hash32 = binary()
    rendition: Hash32 = binary()
    licence: Hash32 = binary()
    expires: int = integer()
    issuer: Hash32 = binary()
    credential: int = integer()
    from_block: int = integer()
    to_block: int | None = integer(nullable=True)
