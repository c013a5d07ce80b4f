"""Numbers all assets in the order of their births, those of batches without rows among them."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Generator, Mapping
from contextlib import closing
from typing import Final, TypeAlias

from sqlalchemy import Engine, func
from sqlmodel import Session, col, select

from ledger.database.engine import reading
from ledger.domain.kinds import Kind
from ledger.domain.payloads import BatchRegistered
from ledger.mirror.tables import EntryRow
from ledger.types import Hash32

_PORTION: Final = 1_000

_Births: TypeAlias = Generator[tuple[int, Hash32, int], None, None]


def count_assets(engine: Engine, sequence: int) -> int:
    """How many assets there were after the entry of that sequence."""
    with reading(engine) as session:
        single = select(func.count()).where(
            EntryRow.kind == int(Kind.REGISTERED), EntryRow.sequence <= sequence
        )
        found = session.exec(single.select_from(EntryRow)).one()
        return found + sum(size for _, _, size in _batches(session, sequence))


def find_numbered(engine: Engine, sequence: int, numbers: Collection[int]) -> Mapping[int, Hash32]:
    """The assets of these numbers, counted from 0, of those that there were after that entry."""
    found: dict[int, Hash32] = {}
    wanted = iter(sorted(numbers))
    number = next(wanted, None)
    first = 0
    with (
        reading(engine) as session,
        closing(_single(session, sequence)) as single,
        closing(_batches(session, sequence)) as batches,
    ):
        births = heapq.merge(single, batches)
        for _, subject, size in births:
            while number is not None and number < first + max(size, 1):
                found[number] = _member(subject, number - first + 1) if size else subject
                number = next(wanted, None)
            if number is None:
                break
            first += max(size, 1)
    return found


def _single(session: Session, sequence: int) -> _Births:
    """Sequence and id of assets registered one by one; a size of 0 tells them from batches."""
    rows = select(EntryRow.sequence, EntryRow.subject).where(
        EntryRow.kind == int(Kind.REGISTERED), EntryRow.sequence <= sequence
    )
    ordered = rows.order_by(col(EntryRow.sequence)).execution_options(yield_per=_PORTION)
    with closing(session.exec(ordered)) as found:
        for at, subject in found:
            yield at, subject, 0


def _batches(session: Session, sequence: int) -> _Births:
    """Sequence, id and size of batches."""
    rows = select(EntryRow.sequence, EntryRow.subject, EntryRow.payload).where(
        EntryRow.kind == int(Kind.BATCH_REGISTERED), EntryRow.sequence <= sequence
    )
    ordered = rows.order_by(col(EntryRow.sequence)).execution_options(yield_per=_PORTION)
    with closing(session.exec(ordered)) as found:
        for at, subject, payload in found:
            yield at, subject, BatchRegistered.decode(payload).size


def _member(batch: Hash32, index: int) -> Hash32:
    return (int.from_bytes(batch) + index).to_bytes(32, "big")
