"""Finds a key, an asset, its serial and where the mirror is, by one statement of the driver's.

The statement is made once. SQLite answers in less time than a thread takes to be called, and is
asked at once; PostgreSQL is asked in a worker thread, for all who ask meanwhile in one round trip.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import psycopg
from sqlalchemy import Engine, LargeBinary, Text, bindparam, select
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col

from api.gathering import Gatherer
from ledger.mirror.tables import AssetRow, MirrorRow
from ledger.outbox.clock import now
from ledger.outbox.keys import BadKey, Credential, compare_key
from ledger.outbox.tables import ApiKey, Registration
from ledger.types import Hash32

_GATHERED: Final = 200


class Asked(NamedTuple):
    """Which asset is asked for, by whom, and what is known of it already (If-None-Match)."""

    prefix: str
    secret: str
    asset: Hash32
    if_none_match: str | None


class Found(NamedTuple):
    """Who asked, and the asset, with the block at which all of it stands."""

    who: Credential
    asset: Any
    serial: str | None
    block: int
    block_hash: Hash32
    final_block: int


def _cells(of: Any, *but: str) -> tuple[list[Any], Any]:
    """A table's columns `but` some, and a tuple that has their cells under the row's own names."""
    attributes = [one for one in of.__mapper__.column_attrs if one.key not in but]
    fields = [(one.key, Any) for one in attributes]
    return [one.columns[0] for one in attributes], NamedTuple(f"{of.__name__}Cells", fields)


_ASSET_COLUMNS, _AssetCells = _cells(AssetRow, "offered", "first_sequence", "last_sequence")
_KEY_COLUMNS, _KeyCells = _cells(ApiKey, "name", "replaces", "created_at")
_BEFORE: Final = 4
_ASSETS_FROM: Final = _BEFORE + len(_KEY_COLUMNS)
_TOLD: Final[list[Any]] = [
    *(MirrorRow.block_number, MirrorRow.block_hash, MirrorRow.final_block, Registration.serial),
    *_KEY_COLUMNS,
    *_ASSET_COLUMNS,
]
_STATEMENT: Final = (
    select(*_TOLD)
    .select_from(MirrorRow)
    .join(ApiKey, col(ApiKey.prefix) == bindparam("prefix", type_=Text))
    .join(AssetRow, col(AssetRow.id) == bindparam("asset", type_=LargeBinary))
    .outerjoin(Registration, col(Registration.asset) == col(AssetRow.id))
)


class Lookup:
    """The connection that is kept for this; used by one event loop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        compiled = _STATEMENT.compile(dialect=engine.dialect)
        self._statement = str(compiled)
        self._kept: Any = None
        self._driver: Any = None
        self._gatherer = (
            None
            if engine.dialect.name == "sqlite"
            else Gatherer[Asked, Found | None](self._find_all, _GATHERED)
        )

    async def find(self, asked: Asked) -> Found | None:
        """What is asked for; None: it has to be asked for in the usual way."""
        if self._gatherer is not None:
            return await self._gatherer.ask(asked)
        try:
            return _read(self._open().execute(self._statement, _places(asked)).fetchone(), asked)
        except (sqlite3.Error, SQLAlchemyError):
            self.close()
            return None

    def close(self) -> None:
        """Give the connection back; it is taken again when it is needed."""
        kept, self._kept, self._driver = self._kept, None, None
        if kept is not None:
            kept.invalidate()

    def _open(self) -> Any:
        """The driver's own connection, on which each statement is a transaction of its own."""
        if self._driver is None:
            self._kept = self._engine.raw_connection()
            driver: Any = self._kept.driver_connection
            if self._gatherer is None:
                # Whoever waited here would keep all others waiting.
                driver.execute("PRAGMA busy_timeout = 0")
            else:
                driver.autocommit = True
            self._driver = driver
        return self._driver

    def _find_all(self, asked: Sequence[Asked]) -> list[Found | None]:
        """All of these, in one round trip."""
        try:
            driver = self._open()
            with driver.pipeline():
                cursors = [
                    driver.execute(self._statement, _names(one), prepare=True) for one in asked
                ]
            rows = [cursor.fetchone() for cursor in cursors]
        except (psycopg.Error, SQLAlchemyError):
            self.close()
            return [None] * len(asked)
        return [_read(row, one) for row, one in zip(rows, asked, strict=True)]


def _names(asked: Asked) -> dict[str, Any]:
    return {"prefix": asked.prefix, "asset": asked.asset}


def _places(asked: Asked) -> tuple[str, Hash32]:
    return asked.prefix, asked.asset


def _read(row: Sequence[Any] | None, asked: Asked) -> Found | None:
    """What the statement found, if that is plain: an organisation's or the operator's key."""
    if row is None:
        return None
    key = _KeyCells._make(row[_BEFORE:_ASSETS_FROM])
    who = compare_key(key, asked.secret, now())
    asset = _AssetCells._make(row[_ASSETS_FROM:])
    if isinstance(who, BadKey) or who.account is not None:
        return None
    number, block_hash, final, serial = row[:_BEFORE]
    return Found(who, asset, serial, number, block_hash, final)
