"""The kinds of columns that the mirror's tables are made of."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, SmallInteger, Text
from sqlmodel import Field


def binary(name: str | None = None, **options: Any) -> Any:
    """Hashes, addresses and other bytes; `name` where Python needs another one than SQL."""
    return Field(sa_column=Column(name, LargeBinary, **{"nullable": False} | options))


def integer(**options: Any) -> Any:
    """A number of up to 63 bits."""
    return Field(sa_column=Column(BigInteger, **{"nullable": False} | options))


def numbered() -> Any:
    """A primary key of our own counting; SQLite makes it the row's id, and saves an index."""
    kind = BigInteger().with_variant(Integer, "sqlite")
    return Field(sa_column=Column(kind, primary_key=True, autoincrement=False))


def small() -> Any:
    """A number of up to 15 bits."""
    return Field(sa_column=Column(SmallInteger, nullable=False))


def truth() -> Any:
    """Yes or no."""
    return Field(sa_column=Column(Boolean, nullable=False))


def words() -> Any:
    """Text."""
    return Field(sa_column=Column(Text, nullable=False))
