"""Makes the texts follow the mirror: by a cursor of their own, a portion of entries at a time."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from sqlalchemy import ColumnElement, Engine, delete, func, insert, text
from sqlmodel import Session, col, select

from ledger.database.engine import reading, writing
from ledger.domain.batch import batch_id_of
from ledger.mirror.queries import find_mirror
from ledger.mirror.rows import chunks
from ledger.mirror.search.tables import SearchMarkRow, SearchTextRow
from ledger.mirror.search.texts import TELLING, Births, Library, Telling, Text, make_texts
from ledger.mirror.tables import BatchRow, BlockRow, EntryRow
from ledger.types import Hash32

PORTION: Final = 500
"""Entries that are looked at for one transaction."""


@dataclass(frozen=True, slots=True)
class _Mark:
    """How far the texts are: up to a sequence, in a block; at first before all blocks."""

    sequence: int = 0
    block_number: int = -1
    block_hash: Hash32 = b""


@dataclass(frozen=True, slots=True)
class _Step:
    """What one transaction does: texts of subjects are replaced, and so are the marks above one.

    It holds only while `before` is the newest mark. `final` is the block below which marks are
    forgotten, save for the newest of them.
    """

    before: _Mark
    standing: _Mark
    to: _Mark
    subjects: Sequence[Hash32]
    texts: Sequence[Text]
    final: int


class TextIndexer:
    """The only writer of the tables of search; several, in whatever processes, do no harm.

    Nothing is read of the entries above the cursor, so that a reorganisation is found by the hash
    of the block that the cursor names, and texts above the newest mark that still stands are made
    anew.
    """

    def __init__(self, engine: Engine, library: Library, portion: int = PORTION) -> None:
        self._engine = engine
        self._library = library
        self._portion = portion

    def catch_up(self, stop: threading.Event) -> int:
        """Bring the texts to where the mirror is now; tells how many steps that took.

        Raises:
            DatabaseBusy: another process keeps the database locked; what is written stays.
        """
        steps = 0
        while not stop.is_set() and self.step():
            steps += 1
        return steps

    def step(self) -> bool:
        """Do what one transaction can; False: there is nothing to do, or another one did it."""
        with reading(self._engine) as session:
            step = self._plan(session)
        if step is None:
            return False
        with writing(self._engine) as session:
            return _write(session, step)

    def _plan(self, session: Session) -> _Step | None:
        mirror = find_mirror(session)
        before, standing = _find_marks(session)
        if standing != before:
            stale = _find_subjects_above(session, standing.sequence)
            to, subjects = standing, stale if standing.sequence else []
        elif mirror is None or mirror.sequence <= before.sequence:
            return None
        else:
            end, subjects = self._find_next(session, before.sequence, mirror.sequence)
            to = _mark_at(session, end)
        texts = self._make(session, subjects, to.sequence)
        final = -1 if mirror is None else mirror.final_block
        return _Step(before, standing, to, subjects, list(texts), final)

    def _find_next(self, session: Session, since: int, newest: int) -> tuple[int, list[Hash32]]:
        """The next portion that tells something, or all that is left: its end, and its subjects."""
        found: list[Hash32] = []
        while not found and since < newest:
            # By bounds, for the index of kinds would lead through all entries of a kind.
            begin, since = since, min(since + self._portion, newest)
            telling = select(EntryRow.subject).where(
                EntryRow.sequence > begin, EntryRow.sequence <= since, _tells()
            )
            found = list(session.exec(telling.distinct()))
        return since, found

    def _make(self, session: Session, subjects: Collection[Hash32], until: int) -> Iterator[Text]:
        for portion in chunks(subjects):
            rows = session.exec(
                select(EntryRow)
                .where(col(EntryRow.subject).in_(portion), EntryRow.sequence <= until, _tells())
                .order_by(col(EntryRow.subject), col(EntryRow.position))
            )
            births = _find_births(session, portion)
            yield from make_texts(map(Telling.read, rows), births, self._library, session)


def _find_births(session: Session, subjects: Collection[Hash32]) -> Births:
    """Who registered those of the subjects that are of batches, and whose they were."""
    batches = {subject: batch_id_of(subject) for subject in subjects}
    born = select(BatchRow.id, BatchRow.org, BatchRow.owner).where(
        col(BatchRow.id).in_(set(batches.values()))
    )
    found = {batch: (org, owner) for batch, org, owner in session.exec(born)}
    return {subject: found[batch] for subject, batch in batches.items() if batch in found}


def _tells() -> ColumnElement[bool]:
    # As a sum, for the index of kinds would lead through all entries of a kind, ever more of them.
    return (col(EntryRow.kind) + 0).in_([int(kind) for kind in TELLING])


def _find_marks(session: Session) -> tuple[_Mark, _Mark]:
    """The newest mark, and the newest whose block is still there."""
    rows = session.exec(select(SearchMarkRow).order_by(col(SearchMarkRow.sequence).desc())).all()
    marks = [_Mark(row.sequence, row.block_number, row.block_hash) for row in rows]
    standing = (mark for mark in marks if _stands(session, mark))
    return marks[0] if marks else _Mark(), next(standing, _Mark())


def _stands(session: Session, mark: _Mark) -> bool:
    hash_ = select(BlockRow.hash).where(BlockRow.number == mark.block_number)
    return session.exec(hash_).one_or_none() == mark.block_hash


def _find_subjects_above(session: Session, sequence: int) -> list[Hash32]:
    touched = select(SearchTextRow.subject).where(SearchTextRow.sequence > sequence)
    return list(session.exec(touched.distinct()))


def _mark_at(session: Session, sequence: int) -> _Mark:
    number, hash_ = session.exec(
        select(BlockRow.number, BlockRow.hash)
        .join(EntryRow, col(EntryRow.block_number) == BlockRow.number)
        .where(EntryRow.sequence == sequence)
    ).one()
    return _Mark(sequence, number, hash_)


def _write(session: Session, step: _Step) -> bool:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("lock table search_mark in exclusive mode"))
    newest = session.exec(select(func.max(SearchMarkRow.sequence))).one()
    if (newest or 0) != step.before.sequence:
        return False
    connection = session.connection()
    if step.standing.sequence == 0:  # nothing stands: neither does any text, or there is none
        connection.execute(delete(SearchTextRow))
    for subjects in chunks(step.subjects):
        connection.execute(delete(SearchTextRow).where(col(SearchTextRow.subject).in_(subjects)))
    if step.texts:
        connection.execute(insert(SearchTextRow), list(map(_row, step.texts)))
    _move(session, step)
    return True


def _row(one: Text | _Mark) -> dict[str, Any]:
    """As it is: `dataclasses.asdict` would copy every word."""
    return {field.name: getattr(one, field.name) for field in fields(one)}


def _move(session: Session, step: _Step) -> None:
    connection = session.connection()
    sequence = col(SearchMarkRow.sequence)
    connection.execute(delete(SearchMarkRow).where(sequence > step.standing.sequence))
    if step.to != step.standing:
        connection.execute(insert(SearchMarkRow), [_row(step.to)])
    # A reorganisation goes back to the newest mark that is final, but not beyond.
    final = select(func.max(sequence)).where(SearchMarkRow.block_number <= step.final)
    connection.execute(delete(SearchMarkRow).where(sequence < final.scalar_subquery()))
