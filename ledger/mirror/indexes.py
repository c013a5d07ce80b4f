"""Leaves out, while an empty mirror is filled, the indexes that only readers need.

Built at the end they cost a fraction, and what filling costs does not grow with what is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from sqlalchemy import Engine, Index, inspect

from ledger.database.engine import reading, writing
from ledger.mirror.tables import TABLES

_FILLED: Final = [TABLES[name] for name in ("entry", "asset", "holder", "offer", "mount", "claim")]
"""The tables that grow with entries and assets; folding asks them by their primary keys alone."""

_SORTING: Final = 8
"""MiB to sort an index in: SQLite sorts in as much memory as it keeps pages in, and no sooner in
more."""


def find_missing_indexes(engine: Engine) -> list[Index]:
    """The indexes that are left out now."""
    with reading(engine) as session:
        asked = inspect(session.connection())
        there = {index["name"] for table in _FILLED for index in asked.get_indexes(table.name)}
    return [index for index in _indexes() if index.name not in there]


def leave_out_indexes(engine: Engine) -> list[Index]:
    """Drop the indexes that only readers need, and return them."""
    indexes = list(_indexes())
    with writing(engine) as session:
        for index in indexes:
            index.drop(session.connection(), checkfirst=True)
    return indexes


def build_indexes(engine: Engine, missing: Sequence[Index]) -> None:
    """Build what was left out. Raises as a commit does; what was built by then may stay."""
    if engine.dialect.name == "postgresql":
        _build_beside(engine, missing)
    else:
        _build_sorting(engine, missing)


def _build_beside(engine: Engine, missing: Sequence[Index]) -> None:
    """Build those of the largest table on one connection, and meanwhile the others on another."""
    largest = _FILLED[0]
    shares = [[one for one in missing if (one.table is largest) is its] for its in (True, False)]
    with ThreadPoolExecutor(len(shares)) as threads:
        for _ in threads.map(partial(_build, engine), filter(None, shares)):
            pass


def _build_sorting(engine: Engine, missing: Sequence[Index]) -> None:
    _build(engine, missing, f"PRAGMA cache_size = {-1024 * _SORTING}")
    engine.dispose()  # the next connection keeps as many pages as before


def _build(engine: Engine, missing: Sequence[Index], first: str = "") -> None:
    with writing(engine) as session:
        connection = session.connection()
        if first:
            connection.exec_driver_sql(first)
        for index in missing:
            index.create(connection, checkfirst=True)


def _indexes() -> Iterator[Index]:
    for table in _FILLED:
        yield from sorted(table.indexes, key=_place)


def _place(index: Index) -> tuple[bool, str]:
    """Where an index comes: of two that serve a question, SQLite takes the one that is younger."""
    is_partial = index.dialect_options["sqlite"]["where"] is not None
    return is_partial, str(index.name)
