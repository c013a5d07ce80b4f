"""Ways to falsify a mirror, made from the tables' own description: new columns come by themselves.

Each is undone when its block ends, so that one mirror serves for all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Engine, Table, and_, delete, insert, select, update
from sqlalchemy.types import Boolean, LargeBinary, SmallInteger, Text

from ledger.mirror.auditing.audit import AUDITED
from ledger.mirror.tables import TABLES

Row = dict[str, Any]
_FAR = 1_000_003

COLUMNS = [(table.name, column.name) for table in TABLES.values() for column in table.columns]
"""The place of every cell that is rebuilt."""


@dataclass(frozen=True)
class Tampered:
    """What a row was, and what stands in a cell of it now."""

    row: Row
    value: Any


def is_key(table: str, column: str) -> bool:
    """Whether a column is of the primary key."""
    return AUDITED[table].columns[column].primary_key


def key_of(table: str, row: Mapping[str, Any]) -> Row:
    """The primary key of a row."""
    return {column.name: row[column.name] for column in AUDITED[table].primary_key}


@contextmanager
def tampered(engine: Engine, table: str, column: str, *, empty: bool = False) -> Iterator[Tampered]:
    """Change a cell of one row in the middle: one that is null, if `empty`, or one that is not."""
    at = AUDITED[table]
    cell = at.columns[column]
    rows = [row for row in read(engine, at) if (row[column] is None) == empty]
    row = rows[len(rows) // 2]
    value = other(cell, row[column])
    changed = row | {column: value}
    _write(engine, update(at).where(_is(at, row)).values({column: value}))
    try:
        yield Tampered(row, value)
    finally:
        _write(engine, update(at).where(_is(at, changed)).values({column: row[column]}))


@contextmanager
def missing(engine: Engine, table: str) -> Iterator[Row]:
    """Take one row out of the middle."""
    at = AUDITED[table]
    rows = list(read(engine, at))
    row = rows[len(rows) // 2]
    _write(engine, delete(at).where(_is(at, row)))
    try:
        yield row
    finally:
        _insert(engine, at, row)


@contextmanager
def added(engine: Engine, table: str) -> Iterator[Row]:
    """Put in a row like one in the middle, but where none is."""
    at = AUDITED[table]
    rows = list(read(engine, at))
    unique = {one.name for one in at.primary_key}
    for index in at.indexes:
        unique |= {one.name for one in index.columns if index.unique}
    row = {
        name: other(at.columns[name], value) if name in unique else value
        for name, value in rows[len(rows) // 2].items()
    }
    _insert(engine, at, row)
    try:
        yield row
    finally:
        _write(engine, delete(at).where(_is(at, row)))


def other(column: Column[Any], value: Any) -> Any:
    """Another value that a column can hold."""
    match column.type:
        case Boolean():
            return not value
        case LargeBinary():
            return bytes(32) if value is None else bytes([value[0] ^ 0x80, *value[1:]])
        case Text():
            return f"{value or 'some'}x"
        case SmallInteger():
            return value ^ 1
        case _:
            return value - 1 if value and value > _FAR**2 else (value or 0) + _FAR


def read(engine: Engine, table: Table) -> Iterator[Row]:
    with engine.connect() as connection:
        for row in connection.execute(select(table).order_by(*table.primary_key)).mappings():
            yield dict(row)


def _is(table: Table, row: Row) -> Any:
    return and_(*(column == row[column.name] for column in table.primary_key))


def _insert(engine: Engine, table: Table, row: Row) -> None:
    with engine.begin() as connection:
        connection.execute(insert(table).values(row))


def _write(engine: Engine, statement: Any) -> None:
    with engine.begin() as connection:
        assert connection.execute(statement).rowcount == 1
