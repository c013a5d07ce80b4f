"""Which jurisdiction an organisation is of, and which documents were released to which others."""

from __future__ import annotations

from sqlalchemy import BigInteger, LargeBinary, Text
from sqlmodel import Field, SQLModel


class Jurisdiction(SQLModel, table=True):
    """The jurisdiction of an organisation, by its code in ISO 3166-1 (alpha-2)."""

    __tablename__ = "jurisdiction"

    org: bytes = Field(sa_type=LargeBinary, primary_key=True)
    code: str = Field(sa_type=Text)
    set_at: int = Field(sa_type=BigInteger)


class Release(SQLModel, table=True):
    """A document that may leave to a jurisdiction once the operation's entry stands."""

    __tablename__ = "document_release"

    content_hash: bytes = Field(sa_type=LargeBinary, primary_key=True)
    code: str = Field(sa_type=Text, primary_key=True)
    operation: str = Field(sa_type=Text, primary_key=True)
