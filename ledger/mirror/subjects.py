"""Writes subjects' rows: as a step leaves them, or folded anew from the entries that remain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from sqlalchemy import bindparam, delete, update
from sqlmodel import Session, col, select

from ledger.domain.batch import Batch, batch_id_of
from ledger.domain.subjects import Subject, fold_subject
from ledger.errors import MirrorError
from ledger.mirror.periods import Beginning, forget_periods
from ledger.mirror.rows import chunks, read_entry
from ledger.mirror.steps import Applied
from ledger.mirror.subject_rows import KEEPINGS, Keeping, Values, fetch_batches
from ledger.mirror.tables import EntryRow
from ledger.types import Hash32


def write_subjects(session: Session, step: Applied) -> None:
    """Write the rows of all subjects that a step's entries touched."""
    first: dict[Hash32, int] = {}
    last: dict[Hash32, int] = {}
    for placed in step.entries:
        entry = placed.entry
        if entry.position == 0 or (entry.position == 1 and entry.subject in step.members):
            first[entry.subject] = placed.sequence
        last[entry.subject] = placed.sequence
    fresh = [one for one in step.subjects if one.id in first]
    for keeping, rows in _by_table(fresh, last):
        for row in rows:
            row["first_sequence"] = first[row["id"]]
        session.connection().execute(keeping.table.insert(), rows)
    _update(session, [one for one in step.subjects if one.id not in first], last)


def fetch_beginnings(session: Session, members: Iterable[Hash32]) -> dict[Hash32, Beginning]:
    """How each of these assets of batches began; the batches' entries are mirrored."""
    batches: dict[Hash32, Beginning] = {}
    of = {member: batch_id_of(member) for member in members}
    for portion in chunks(dict.fromkeys(of.values())):
        found = fetch_batches(session, portion)
        blocks = session.exec(
            select(EntryRow.subject, EntryRow.block_number).where(
                col(EntryRow.subject).in_(portion), EntryRow.position == 0
            )
        )
        batches |= {batch: Beginning(found[batch], block) for batch, block in blocks}
    return {member: batches[batch] for member, batch in of.items()}


def refold(session: Session, touched: Sequence[Hash32]) -> None:
    """Make the rows of subjects equal what is left of their entries."""
    rows = session.exec(
        select(EntryRow)
        .where(col(EntryRow.subject).in_(touched))
        .order_by(col(EntryRow.subject), col(EntryRow.position))
    )
    entries = {subject: list(run) for subject, run in groupby(rows, key=lambda row: row.subject)}
    members = [subject for subject, run in entries.items() if run[0].position != 0]
    batches = fetch_batches(session, {batch_id_of(member) for member in members})
    subjects = [_fold(run, batches) for run in entries.values()]
    gone = [subject for subject in touched if subject not in entries]
    for keeping in KEEPINGS:
        session.connection().execute(delete(keeping.table).where(keeping.table.c.id.in_(gone)))
    forget_periods(session, gone)
    _update(session, subjects, {subject: run[-1].sequence for subject, run in entries.items()})


def _fold(rows: Sequence[EntryRow], batches: dict[Hash32, Batch]) -> Subject:
    """What entries make of their subject, which may be an asset of a batch."""
    subject: Subject | None = None
    for row in rows:
        subject = fold_subject(subject, read_entry(row), batches.get(batch_id_of(row.subject)))
    if subject is None:
        raise MirrorError("a subject without entries")
    return subject


def _by_table(
    subjects: Sequence[Subject], last: dict[Hash32, int]
) -> Iterable[tuple[Keeping, list[Values]]]:
    """The rows of subjects, a list for each table that has any."""
    for keeping in KEEPINGS:
        rows = [
            keeping.values(one) | {"last_sequence": last[one.id]}
            for one in subjects
            if isinstance(one, keeping.subject)
        ]
        if rows:
            yield keeping, rows


def _update(session: Session, subjects: Sequence[Subject], last: dict[Hash32, int]) -> None:
    for keeping, rows in _by_table(subjects, last):
        for row in rows:
            row["of"] = row.pop("id")
        # Without `values` the columns to set are those that the rows name.
        statement = update(keeping.table).where(keeping.table.c.id == bindparam("of"))
        session.connection().execute(statement, rows)
