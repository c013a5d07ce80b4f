"""Reads entries for an export: in the ledger's order, page by page, between two blocks.

No page needs the one before it to be of the same snapshot, so nothing is kept open for long: what
is exported is final, and whoever exports more compares the ledger head at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, TypeAlias

from sqlalchemy import Engine, select
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlmodel import Session

from ledger.database.engine import reading
from ledger.errors import MirrorError
from ledger.mirror.moments import find_mirror
from ledger.mirror.queries import find_entry
from ledger.mirror.queries.members import find_birth
from ledger.mirror.tables import BlockRow, EntryRow, MirrorRow
from ledger.types import ZERO_HASH, Hash32

Rows: TypeAlias = Sequence[Any]
"""A page of rows, whose columns are attributes."""

PAGE: Final = 10_000
"""Rows that are read at once."""

_ENTRY: Final = EntryRow.__table__  # type: ignore[attr-defined]
_BLOCK: Final = BlockRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the ledger stands after a block; `timestamp` is its newest entry's, or zero."""

    block: int
    sequence: int
    ledger_head: Hash32
    timestamp: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """The blocks behind `before`, up to that of `last`."""

    before: Standing
    last: Standing

    @property
    def blocks(self) -> str:
        """Its first and last block, as folders are named."""
        return f"{self.before.block + 1}-{self.last.block}"


def get_mirror(engine: Engine) -> MirrorRow:
    """Fetch which ledger is mirrored, and how far. Raises MirrorError if there is no mirror."""
    with reading(engine) as session:
        try:
            mirror = find_mirror(session)
        except (OperationalError, ProgrammingError) as error:
            raise MirrorError(f"the database holds no mirror: {error.orig}") from None
        if mirror is None:
            raise MirrorError("the mirror has not begun")
        return mirror


def fetch_standing(engine: Engine, block: int) -> Standing:
    """Fetch where the ledger stands after a block that is mirrored."""
    with reading(engine) as session:
        return _standing(session, block)


def _standing(session: Session, block: int) -> Standing:
    newest = (
        select(_BLOCK.c.last_sequence, _BLOCK.c.ledger_head)
        .where(_BLOCK.c.number <= block)
        .order_by(_BLOCK.c.number.desc())
        .limit(1)
    )
    connection = session.connection()
    sequence, ledger_head = connection.execute(newest).one_or_none() or (0, ZERO_HASH)
    at = connection.execute(select(_ENTRY.c.timestamp).where(_ENTRY.c.sequence == sequence))
    return Standing(block, sequence, ledger_head, at.scalar_one_or_none() or 0)


def cut(engine: Engine, before: Standing, last: int, size: int) -> Iterator[Stretch]:
    """The blocks behind `before` up to `last` as stretches of `size` entries at most.

    A single block that holds more is a stretch of its own.
    """
    while before.block < last:
        with reading(engine) as session:
            end = _find_end(session, before, last, size)
            stretch = Stretch(before, _standing(session, end))
        yield stretch
        before = stretch.last


def _find_end(session: Session, before: Standing, last: int, size: int) -> int:
    first = select(_ENTRY.c.block_number).where(_ENTRY.c.sequence == before.sequence + size + 1)
    beyond = session.connection().execute(first).scalar_one_or_none()
    return last if beyond is None else min(last, max(beyond - 1, before.block + 1))


def read_entries(engine: Engine, stretch: Stretch, subject: Hash32 | None = None) -> Iterator[Rows]:
    """Read a stretch's entries (of one subject, its birth in a batch included) as pages of rows."""
    column = _ENTRY.c.sequence if subject is None else _ENTRY.c.position
    wanted = select(_ENTRY).where(
        _ENTRY.c.sequence > stretch.before.sequence, _ENTRY.c.sequence <= stretch.last.sequence
    )
    if subject is not None:
        yield from _read_birth(engine, stretch, subject)
        wanted = wanted.where(_ENTRY.c.subject == subject)
    cursor = -1
    while True:
        page = wanted.where(column > cursor).order_by(column).limit(PAGE)
        with reading(engine) as session:
            rows = session.connection().execute(page).all()
        if rows:
            yield rows
        if len(rows) < PAGE:
            return
        cursor = getattr(rows[-1], column.name)


def is_known(engine: Engine, subject: Hash32) -> bool:
    """Whether the mirror holds an entry about a subject, be it that of an asset's batch."""
    with reading(engine) as session:
        return find_entry(session, subject, 0) is not None


def _read_birth(engine: Engine, stretch: Stretch, asset: Hash32) -> Iterator[Rows]:
    """What an asset of a batch began with, if that is of the stretch."""
    with reading(engine) as session:
        birth = find_birth(session, asset)
    if birth and stretch.before.sequence < birth.sequence <= stretch.last.sequence:
        yield [birth]


def read_blocks(engine: Engine, stretch: Stretch) -> Iterator[Rows]:
    """Read those blocks of a stretch that hold entries, as pages of rows."""
    wanted = select(
        _BLOCK.c.number,
        _BLOCK.c.hash,
        _BLOCK.c.timestamp,
        _BLOCK.c.ledger_head,
        _BLOCK.c.last_sequence,
    ).where(_BLOCK.c.number <= stretch.last.block)
    cursor, sequence = stretch.before.block, stretch.before.sequence
    while True:
        page = wanted.where(_BLOCK.c.number > cursor).order_by(_BLOCK.c.number).limit(PAGE)
        with reading(engine) as session:
            rows = session.connection().execute(page).all()
        told = [sequence, *[row.last_sequence for row in rows]]
        holding = [row for row, (b, a) in zip(rows, pairwise(told), strict=True) if a > b]
        if holding:
            yield holding
        if len(rows) < PAGE:
            return
        cursor, sequence = rows[-1].number, rows[-1].last_sequence
