"""Tables beside the keys: sign-in by wallets, quotas, and who read which document.

Columns ending in `_at` or `_until` are milliseconds since 1970; hashes, ids and addresses are
bytes.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, Text
from sqlmodel import Field, SQLModel

_Sequence = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers INTEGER keys only


class SignInNonce(SQLModel, table=True):
    """A nonce that was given out for one sign-in; its row goes when it is used or too old."""

    __tablename__ = "sign_in_nonce"

    nonce: str = Field(sa_type=Text, primary_key=True)
    expires_at: int = Field(sa_type=BigInteger, index=True)


class AccountRole(SQLModel, table=True):
    """What an organisation lets one of its accounts on the ledger do here once it signs in."""

    __tablename__ = "account_role"

    org: bytes = Field(sa_type=LargeBinary, primary_key=True)
    account: bytes = Field(sa_type=LargeBinary, primary_key=True)
    roles: str = Field(sa_type=Text)
    created_at: int = Field(sa_type=BigInteger)


class QuotaWindow(SQLModel, table=True):
    """How much of a measure a key or an organisation's processes took since `began_at`."""

    __tablename__ = "quota_window"

    subject: str = Field(sa_type=Text, primary_key=True)
    measure: str = Field(sa_type=Text, primary_key=True)
    began_at: int = Field(sa_type=BigInteger)
    taken: int = Field(sa_type=BigInteger)


class QuotaSlots(SQLModel, table=True):
    """How many requests of an organisation a process of the API may have in flight, until when."""

    __tablename__ = "quota_slots"

    subject: str = Field(sa_type=Text, primary_key=True)
    process: str = Field(sa_type=Text, primary_key=True)
    slots: int = Field(sa_type=BigInteger)
    held_until: int = Field(sa_type=BigInteger)


class QuotaOverride(SQLModel, table=True):
    """What the operator lets an organisation have in place of the settings; null: as set."""

    __tablename__ = "quota_override"

    org: bytes = Field(sa_type=LargeBinary, primary_key=True)
    requests_per_minute: int | None = Field(default=None, sa_type=BigInteger)
    bytes_per_day: int | None = Field(default=None, sa_type=BigInteger)
    in_flight: int | None = Field(default=None, sa_type=BigInteger)
    created_at: int = Field(sa_type=BigInteger)


class DocumentRead(SQLModel, table=True):
    """A document of `org` that was handed out to `reader` (null: the operator), by which key."""

    __tablename__ = "document_read"
    __table_args__ = (Index("ix_document_read_org", "org", "id"),)

    id: int | None = Field(default=None, sa_type=_Sequence, primary_key=True)
    org: bytes = Field(sa_type=LargeBinary)
    content_hash: bytes = Field(sa_type=LargeBinary)
    subject: bytes | None = Field(default=None, sa_type=LargeBinary)
    reader: bytes | None = Field(default=None, sa_type=LargeBinary)
    prefix: str = Field(sa_type=Text)
    route: str = Field(sa_type=Text)
    read_at: int = Field(sa_type=BigInteger, index=True)
