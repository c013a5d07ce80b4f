"""Between entries and blocks and the rows that hold them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, TypeVar

from ledger.domain.batch import Batch
from ledger.domain.entries import Appended
from ledger.domain.kinds import Kind
from ledger.domain.subjects import Subject, fold_subject
from ledger.errors import MirrorError
from ledger.mirror.steps import PassedBlock
from ledger.mirror.tables import BlockRow, EntryRow

T = TypeVar("T")

# SQLite takes 32,766 parameters in a statement at most, and plans short lists fastest.
_CHUNK: Final = 500


def chunks(things: Iterable[T]) -> Iterator[list[T]]:
    """Portions small enough for the parameters of one statement."""
    remaining = iter(things)
    while portion := list(islice(remaining, _CHUNK)):
        yield portion


def read_entry(row: EntryRow) -> Appended:
    """The entry that a row holds."""
    return Appended(
        subject=row.subject,
        org=row.org,
        kind=Kind(row.kind),
        position=row.position,
        payload=row.payload,
        actor=row.actor,
        timestamp=row.timestamp,
    )


def fold_rows(rows: Iterable[EntryRow], batch: Batch | None) -> Subject:
    """What a subject's entries, in order, make of it; an asset of `batch` may be it.

    Raises:
        MirrorError: there are none.
    """
    subject: Subject | None = None
    for row in rows:
        subject = fold_subject(subject, read_entry(row), batch)
    if subject is None:
        raise MirrorError("a subject without entries")
    return subject


def read_block(row: BlockRow) -> PassedBlock:
    """The block that a row holds."""
    return PassedBlock(
        number=row.number,
        hash=row.hash,
        timestamp=row.timestamp,
        ledger_head=row.ledger_head,
        last_sequence=row.last_sequence,
    )
