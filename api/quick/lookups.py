"""Asks the driver itself for what is to be found, on a connection that is kept for it.

SQLite answers in less time than a thread takes to be called, and is asked at once. PostgreSQL is
asked from the event loop, for all who ask meanwhile by one statement.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextvars import Context
from typing import Any, Final

import psycopg
from sqlalchemy import Engine, LargeBinary, Text, bindparam, column, func, literal_column, select
from sqlalchemy.exc import SQLAlchemyError

from api.gathering import Gatherer
from api.quick.found import Asked, Found, Lookup, finding, read

_GATHERED: Final = 200
_COMMA: Final[Any] = literal_column("','")
_HEX: Final[Any] = literal_column("'hex'")


def open_lookup(engine: Engine) -> Lookup:
    """What finds assets in this database."""
    return _Sqlite(engine) if engine.dialect.name == "sqlite" else _Postgresql(engine)


class _Sqlite:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        asked = select(
            bindparam("prefix", type_=Text).label("prefix"),
            bindparam("asset", type_=LargeBinary).label("asset"),
        ).subquery("asked")
        self._statement = str(finding(asked).compile(dialect=engine.dialect))
        self._kept: Any = None
        self._driver: Any = None

    async def find(self, asked: Asked) -> Found | None:
        try:
            driver = self._driver or self._open()
            found = driver.execute(self._statement, (asked.prefix, asked.asset)).fetchone()
        except (sqlite3.Error, SQLAlchemyError):
            await self.close()
            return None
        return read(found, asked)

    async def close(self) -> None:
        kept, self._kept, self._driver = self._kept, None, None
        if kept is not None:
            kept.invalidate()

    def _open(self) -> Any:
        """The driver's own connection, on which each statement is a transaction of its own."""
        self._kept = Context().run(self._engine.raw_connection)  # it is no one request's
        self._driver = self._kept.driver_connection
        # Whoever waited here would keep all others waiting.
        self._driver.execute("PRAGMA busy_timeout = 0")
        return self._driver


class _Postgresql:
    def __init__(self, engine: Engine) -> None:
        self._places, self._names = engine.dialect.create_connect_args(engine.url)
        places = func.unnest(
            func.string_to_array(bindparam("prefixes", type_=Text), _COMMA),
            func.string_to_array(bindparam("assets", type_=Text), _COMMA),
        )
        listed = places.table_valued(
            column("prefix", Text), column("asset", Text), with_ordinality="place"
        ).render_derived()
        asset = func.decode(listed.c.asset, _HEX, type_=LargeBinary).label("asset")
        asked = select(listed.c.prefix, asset, listed.c.place).subquery("asked")
        statement = finding(asked, asked.c.place)
        self._statement = str(statement.compile(dialect=engine.dialect))
        self._driver: psycopg.AsyncConnection | None = None
        self._gatherer = Gatherer[Asked, Found | None](self._find_all, _GATHERED)

    async def find(self, asked: Asked) -> Found | None:
        if "," in asked.prefix:  # no key's has one, and it would pass for two
            return None
        return await self._gatherer.ask(asked)

    async def close(self) -> None:
        driver, self._driver = self._driver, None
        if driver is not None:
            await driver.close()

    async def _open(self) -> psycopg.AsyncConnection:
        """A connection, on which each statement is a transaction of its own."""
        self._driver = await psycopg.AsyncConnection.connect(
            *self._places, **self._names, autocommit=True
        )
        return self._driver

    async def _find_all(self, asked: Sequence[Asked]) -> list[Found | None]:
        """All of these, by one statement."""
        told: list[Found | None] = [None] * len(asked)
        names = {
            "prefixes": ",".join([one.prefix for one in asked]),
            "assets": ",".join([one.asset.hex() for one in asked]),
        }
        try:
            driver = self._driver or await self._open()
            cursor = driver.cursor(binary=True)
            rows = await (await cursor.execute(self._statement, names, prepare=True)).fetchall()
        except psycopg.Error:
            await self.close()
            return told
        for row in rows:
            place = row[-1] - 1
            told[place] = read(row, asked[place])
        return told
