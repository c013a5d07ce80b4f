"""Rolls subjects back: their rows and periods, from the entries that remain."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from ledger.domain.batch import batch_id_of
from ledger.domain.subjects import Subject
from ledger.mirror.bulk import update_rows
from ledger.mirror.keeping import KEEPINGS
from ledger.mirror.periods import KEEPINGS as KEPT_PERIODS
from ledger.mirror.rows import fold_rows
from ledger.mirror.subject_rows import fetch_batches
from ledger.mirror.tables import EntryRow
from ledger.types import Hash32


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
    subjects = [fold_rows(run, batches.get(batch_id_of(one))) for one, run in entries.items()]
    gone = [subject for subject in touched if subject not in entries]
    for keeping in KEEPINGS:
        session.connection().execute(delete(keeping.table).where(keeping.table.c.id.in_(gone)))
    _forget_periods(session, gone)
    _update(session, subjects, {subject: run[-1].sequence for subject, run in entries.items()})


def _update(session: Session, subjects: Sequence[Subject], last: dict[Hash32, int]) -> None:
    for keeping in KEEPINGS:
        rows = [
            keeping.changed(keeping.row(one, 0, last[one.id]))
            for one in subjects
            if isinstance(one, keeping.subject)
        ]
        update_rows(session.connection(), keeping.table, keeping.changing, rows)


def roll_back_periods(session: Session, touched: Sequence[Hash32], above: int) -> None:
    """Undo what entries of these subjects did in blocks above that one."""
    connection = session.connection()
    for keeping in KEPT_PERIODS.values():
        table = keeping.table
        begun = keeping.subjects[0].in_(touched), table.c.from_block > above
        connection.execute(delete(table).where(*begun))
        for subject in keeping.subjects:
            ended = subject.in_(touched), table.c.to_block > above
            connection.execute(update(table).where(*ended).values(to_block=None))


def _forget_periods(session: Session, gone: Sequence[Hash32]) -> None:
    """Drop what is left of subjects that have no entries: what assets had of their batches."""
    for keeping in KEPT_PERIODS.values():
        session.connection().execute(delete(keeping.table).where(keeping.subjects[0].in_(gone)))
