"""Leaves out, while an empty mirror is filled, the indexes that only readers need.

Built at the end they cost a fraction, and what filling costs does not grow with what is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Engine, Index, inspect

from ledger.database.engine import reading, writing
from ledger.mirror.tables import TABLES

_FILLED: Final = [TABLES[name] for name in ("entry", "asset", "holder", "offer", "mount", "claim")]
"""The tables that grow with entries and assets; folding asks them by their primary keys alone."""


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


def build_indexes(engine: Engine, missing: list[Index]) -> None:
    """Build what was left out, all or nothing."""
    with writing(engine) as session:
        for index in missing:
            index.create(session.connection(), checkfirst=True)


def _indexes() -> Iterator[Index]:
    for table in _FILLED:
        yield from sorted(table.indexes, key=lambda index: str(index.name))
