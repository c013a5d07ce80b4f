"""Subjects as they were at a moment: folded anew from their entries up to there.

A subject to which nothing was written since is as its row says, so only the others are folded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final, TypeVar, cast

from sqlalchemy import ColumnElement, bindparam
from sqlmodel import Session, SQLModel, col
from sqlmodel.sql.expression import SelectOfScalar

from ledger.database.plain import fetch_plain, rows_of
from ledger.database.ready import Ready
from ledger.domain.asset import Asset
from ledger.domain.batch import Batch, batch_id_of
from ledger.domain.subjects import Subject
from ledger.mirror.keeping import ASSETS, BATCHES, KEEPINGS
from ledger.mirror.moments import Moment
from ledger.mirror.pages import Page, Turn, page
from ledger.mirror.rows import chunks, fold_rows
from ledger.mirror.tables import (
    AssetRow,
    BatchRow,
    EntryRow,
    FoundingRow,
    OrganisationRow,
    WorldRow,
)
from ledger.types import Hash32

Row = TypeVar("Row", bound=SQLModel)

_UNTIL: Final = Ready(
    rows_of(EntryRow).where(
        col(EntryRow.subject).in_(bindparam("subjects", expanding=True)),
        col(EntryRow.sequence) <= bindparam("until"),
    )
)
SubjectRow = TypeVar("SubjectRow", AssetRow, OrganisationRow, WorldRow, FoundingRow)


def begun(row: Any, at: Moment | None) -> list[ColumnElement[bool]]:
    """The conditions under which rows of subjects were there at a moment."""
    return [] if at is None else [col(row.first_sequence) <= at.sequence]


def fetch_begun(
    session: Session, table: type[Row], ids: Iterable[Hash32], at: Moment | None
) -> list[Row]:
    """Those of the subjects that were there at a moment, as they are now, by id."""
    wanted, given = _by_ids(table, at is not None), {} if at is None else {"until": at.sequence}
    found: list[Row] = []
    for portion in chunks(ids):
        found += fetch_plain(session, table, wanted, ids=portion, **given)
    return found


@cache
def _by_ids(table: Any, then: bool) -> Ready:
    wanted = rows_of(table).where(col(table.id).in_(bindparam("ids", expanding=True)))
    if then:
        wanted = wanted.where(col(table.first_sequence) <= bindparam("until"))
    return Ready(wanted)


def rows_at(
    session: Session, rows: Sequence[SubjectRow], at: Moment | None
) -> Sequence[SubjectRow]:
    """The subjects of these rows, which had begun by then, as they were at a moment."""
    if at is None:
        return rows
    moved = [row.id for row in rows if row.last_sequence > at.sequence]
    told = _fetch_entries(session, moved, at)
    members = [one for one, entries in told.items() if entries[0].position != 0]
    batches = find_batches(session, {batch_id_of(one) for one in members}, at)
    return [
        _row_at(row, told[row.id], batches.get(batch_id_of(row.id))) if row.id in told else row
        for row in rows
    ]


def row_at(
    session: Session, query: SelectOfScalar[SubjectRow], at: Moment | None
) -> SubjectRow | None:
    """The one subject that a query finds, if it does, as it was at a moment."""
    return next(iter(rows_at(session, session.exec(query).all(), at)), None)


def list_begun(
    session: Session,
    row: type[Row],
    conditions: Sequence[Any],
    at: Moment | None,
    turn: Turn,
) -> Page[Row]:
    """Fetch a page of the rows of subjects that were there, in the order of their first entries."""
    any_row: Any = row
    query = rows_of(row).where(*conditions, *begun(row, at))
    return page(session, row, query, [col(any_row.first_sequence)], turn)


def find_batches(
    session: Session, ids: Iterable[Hash32], at: Moment | None
) -> dict[Hash32, BatchRow]:
    """Those of the batches that were there at a moment."""
    return {row.id: row for row in fetch_begun(session, BatchRow, ids, at)}


def read_batch(row: BatchRow) -> Batch:
    """The batch that a row holds, for ever the same."""
    values = row.model_dump()
    return cast(Batch, BATCHES.read(values | {"schema": values["schema_"]}))


def read_asset(row: AssetRow) -> Asset:
    """The asset that a row holds."""
    values = row.model_dump()
    return cast(Asset, ASSETS.read(values | {"schema": values["schema_"]}))


def row_of(row: type[Any], subject: Subject, first: int, last: int) -> Any:
    """The row of a subject, which belongs to no session."""
    keeping = next(one for one in KEEPINGS if one.table is row.__table__)
    values = keeping.values(subject)
    if "schema" in values:
        values["schema_"] = values.pop("schema")
    return row(**values, first_sequence=first, last_sequence=last)


def _fetch_entries(
    session: Session, subjects: Iterable[Hash32], at: Moment
) -> dict[Hash32, list[EntryRow]]:
    found: defaultdict[Hash32, list[EntryRow]] = defaultdict(list)
    for portion in chunks(subjects):
        known = {"subjects": portion, "until": at.sequence}
        for entry in fetch_plain(session, EntryRow, _UNTIL, **known):
            found[entry.subject].append(entry)
    return {one: sorted(run, key=lambda entry: entry.position) for one, run in found.items()}


def _row_at(row: SubjectRow, entries: Sequence[EntryRow], of: BatchRow | None) -> SubjectRow:
    subject = fold_rows(entries, None if of is None else read_batch(of))
    folded: SubjectRow = row_of(type(row), subject, row.first_sequence, entries[-1].sequence)
    return folded
