"""Writes subjects' rows: as a step leaves them, or folded anew from the entries that remain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, TypeAlias

from sqlalchemy import bindparam, delete, insert, update
from sqlmodel import Session, col, select

from ledger.domain.asset import Asset
from ledger.errors import MirrorError
from ledger.mirror.fold import fold_subject
from ledger.mirror.rows import asset_values, organisation_values, read_entry
from ledger.mirror.steps import Applied, Subject
from ledger.mirror.tables import AssetRow, EntryRow, OrganisationRow
from ledger.types import Hash32

_Rows: TypeAlias = list[dict[str, Any]]


def write_subjects(session: Session, step: Applied) -> None:
    """Write the rows of all subjects that a step's entries touched."""
    born: dict[Hash32, int] = {}
    last: dict[Hash32, int] = {}
    for placed in step.entries:
        if placed.entry.position == 0:
            born[placed.entry.subject] = placed.sequence
        last[placed.entry.subject] = placed.sequence
    fresh = [one for one in step.subjects if one.id in born]
    for table, rows in _by_table(fresh, last):
        if rows:
            for row in rows:
                row["first_sequence"] = born[row["id"]]
            session.connection().execute(insert(table), rows)
    _update(session, [one for one in step.subjects if one.id not in born], last)


def refold(session: Session, touched: Sequence[Hash32]) -> None:
    """Make the rows of subjects equal what is left of their entries."""
    rows = session.exec(
        select(EntryRow)
        .where(col(EntryRow.subject).in_(touched))
        .order_by(col(EntryRow.subject), col(EntryRow.position))
    )
    subjects: list[Subject] = []
    last: dict[Hash32, int] = {}
    for subject_id, entries in groupby(rows, key=lambda row: row.subject):
        subject, last[subject_id] = _fold(entries)
        subjects.append(subject)
    gone = [subject_id for subject_id in touched if subject_id not in last]
    for table in (AssetRow, OrganisationRow):
        session.connection().execute(delete(table).where(col(table.id).in_(gone)))
    _update(session, subjects, last)


def _fold(entries: Iterable[EntryRow]) -> tuple[Subject, int]:
    """What entries make of their subject, and the sequence of the last one."""
    subject: Subject | None = None
    last = 0
    for row in entries:
        subject, last = fold_subject(subject, read_entry(row)), row.sequence
    if subject is None:
        raise MirrorError("a subject without entries")
    return subject, last


def _by_table(
    subjects: Sequence[Subject], last: dict[Hash32, int]
) -> Iterable[tuple[type[AssetRow | OrganisationRow], _Rows]]:
    assets: _Rows = []
    organisations: _Rows = []
    for subject in subjects:
        if isinstance(subject, Asset):
            assets.append(asset_values(subject) | {"last_sequence": last[subject.id]})
        else:
            row = organisation_values(subject) | {"last_sequence": last[subject.id]}
            organisations.append(row)
    return (AssetRow, assets), (OrganisationRow, organisations)


def _update(session: Session, subjects: Sequence[Subject], last: dict[Hash32, int]) -> None:
    for table, rows in _by_table(subjects, last):
        if rows:
            for row in rows:
                row["of"] = row.pop("id")
            # Without `values` the columns to set are those that the rows name.
            statement = update(table).where(col(table.id) == bindparam("of"))
            session.connection().execute(statement, rows)
