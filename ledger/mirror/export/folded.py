"""Reads the folded tables as a block left them, though the mirror has gone on since.

A subject that has entries above the block is folded anew from those up to it; a period that ended
above it is still open. So the rows are those of a mirror that stands at that block.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, TypeAlias

from sqlalchemy import Engine, Select, Table, select, tuple_
from sqlmodel import Session, SQLModel

from ledger.database.engine import reading
from ledger.domain.batch import Batch, batch_id_of
from ledger.domain.entries import Appended
from ledger.domain.kinds import Kind
from ledger.domain.subjects import Subject, fold_subject
from ledger.errors import MirrorError
from ledger.mirror.export.reading import Standing
from ledger.mirror.tables import (
    AccountRow,
    AssetRow,
    BatchRow,
    ClaimRow,
    EntryRow,
    FoundingRow,
    HolderRow,
    ListingRow,
    MountRow,
    OfferRow,
    OrganisationRow,
    SchemaRow,
    WorldRow,
)
from ledger.types import Hash32

Values: TypeAlias = dict[str, Any]
"""A row's columns by name."""

PAGE: Final = 500
"""Rows that are read at once; SQLite takes as many parameters in a statement."""

_ENTRY: Final[Table] = EntryRow.__table__  # type: ignore[attr-defined]
_ASSET: Final[Table] = AssetRow.__table__  # type: ignore[attr-defined]


def _tables(*rows: type[SQLModel]) -> dict[str, Table]:
    return {str(row.__tablename__): row.__table__ for row in rows}  # type: ignore[attr-defined]


SUBJECTS: Final = _tables(AssetRow, BatchRow, OrganisationRow, SchemaRow, WorldRow, FoundingRow)
PERIODS: Final = _tables(HolderRow, OfferRow, AccountRow, MountRow, ClaimRow, ListingRow)
FOLDED: Final = SUBJECTS | PERIODS
"""The tables that are folded, by name."""


def read_folded(engine: Engine, name: str, at: Standing) -> Iterator[Sequence[Values]]:
    """Read a folded table as a block left it, as pages of rows."""
    if name in SUBJECTS:
        return _read_subjects(engine, SUBJECTS[name], at)
    return _read_periods(engine, PERIODS[name], at)


def _read_subjects(engine: Engine, table: Table, at: Standing) -> Iterator[Sequence[Values]]:
    """In the order of their first entries."""
    cursor = 0
    while True:
        wanted = (
            select(table)
            .where(table.c.first_sequence > cursor, table.c.first_sequence <= at.sequence)
            .order_by(table.c.first_sequence)
            .limit(PAGE)
        )
        with reading(engine) as session:
            rows = _fetch(session, wanted)
            gone_on = [row["id"] for row in rows if row["last_sequence"] > at.sequence]
            before = _refold(session, table, gone_on, at) if gone_on else {}
        if rows:
            yield [row | before.get(row["id"], {}) for row in rows]
        if len(rows) < PAGE:
            return
        cursor = rows[-1]["first_sequence"]


def _read_periods(engine: Engine, table: Table, at: Standing) -> Iterator[Sequence[Values]]:
    """In the order of subjects and positions."""
    key = list(table.primary_key)
    begun = select(table).where(table.c.from_block <= at.block).order_by(*key).limit(PAGE)
    if table.name == HolderRow.__tablename__:
        # Of a batch's asset there is nothing until it has an entry of its own.
        later = select(_ASSET.c.id).where(_ASSET.c.first_sequence > at.sequence)
        begun = begun.where(table.c.asset.not_in(later))
    wanted = begun
    while True:
        with reading(engine) as session:
            rows = _fetch(session, wanted)
        if rows:
            yield [_as_of(row, at.block) for row in rows]
        if len(rows) < PAGE:
            return
        last = [rows[-1][column.name] for column in key]
        wanted = begun.where(tuple_(*key) > tuple_(*last))


def _fetch(session: Session, wanted: Select[Any]) -> list[Values]:
    return [dict(row) for row in session.connection().execute(wanted).mappings()]


def _as_of(row: Values, block: int) -> Values:
    ended = row["to_block"]
    return row if ended is None or ended <= block else row | {"to_block": None}


def _refold(
    session: Session, table: Table, ids: Sequence[Hash32], at: Standing
) -> dict[Hash32, Values]:
    """The columns of subjects as their entries up to a block leave them."""
    entries: defaultdict[Hash32, list[Any]] = defaultdict(list)
    wanted = (
        select(_ENTRY)
        .where(_ENTRY.c.subject.in_(ids), _ENTRY.c.sequence <= at.sequence)
        .order_by(_ENTRY.c.subject, _ENTRY.c.position)
    )
    for row in session.connection().execute(wanted):
        entries[row.subject].append(row)
    batches = _find_batches(session, [one for one, run in entries.items() if run[0].position])
    return {
        id: _values(table, _fold(run, batches.get(batch_id_of(id))), run[-1].sequence)
        for id, run in entries.items()
    }


def _find_batches(session: Session, members: Iterable[Hash32]) -> dict[Hash32, Batch]:
    ids = {batch_id_of(member) for member in members}
    born = select(_ENTRY).where(_ENTRY.c.subject.in_(ids), _ENTRY.c.position == 0)
    found = [_fold([row]) for row in session.connection().execute(born)] if ids else []
    return {batch.id: batch for batch in found if isinstance(batch, Batch)}


def _fold(rows: Iterable[Any], batch: Batch | None = None) -> Subject:
    subject: Subject | None = None
    for row in rows:
        subject = fold_subject(subject, _entry(row), batch)
    if subject is None:
        raise MirrorError("a subject without entries")
    return subject


def _entry(row: Any) -> Appended:
    return Appended(
        subject=row.subject,
        org=row.org,
        kind=Kind(row.kind),
        position=row.position,
        payload=row.payload,
        actor=row.actor,
        timestamp=row.timestamp,
    )


def _values(table: Table, subject: Subject, sequence: int) -> Values:
    """A field is a column of its name; that of the first entry stays as the row has it."""
    names = [column.name for column in table.c if hasattr(subject, column.name)]
    return {name: getattr(subject, name) for name in names} | {"last_sequence": sequence}
