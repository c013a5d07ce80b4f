"""Reads the folded tables as a block left them, though the mirror has gone on since."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeAlias

from sqlalchemy import Engine, Table
from sqlmodel import Session, SQLModel, col, select

from ledger.database.engine import reading
from ledger.database.plain import rows_of
from ledger.mirror.export.reading import Standing
from ledger.mirror.moments import Moment, find_moment
from ledger.mirror.pages import Cursor, Page, Turn, page
from ledger.mirror.queries.periods import periods_at
from ledger.mirror.queries.states import begun, rows_at
from ledger.mirror.tables import (
    AccountRow,
    AssetRow,
    BatchRow,
    ClaimRow,
    FoundingRow,
    HolderRow,
    ListingRow,
    MountRow,
    OfferRow,
    OrganisationRow,
    SchemaRow,
    WorldRow,
)

Values: TypeAlias = dict[str, Any]
"""A row's columns by name."""

PAGE: Final = 1_000
"""Rows that are read at once."""


def _named(*rows: type[SQLModel]) -> dict[str, Any]:
    return {str(row.__tablename__): row for row in rows}


SUBJECTS: Final = _named(AssetRow, BatchRow, OrganisationRow, SchemaRow, WorldRow, FoundingRow)
PERIODS: Final = _named(HolderRow, OfferRow, AccountRow, MountRow, ClaimRow, ListingRow)
FOLDED: Final[dict[str, Table]] = {
    name: row.__table__ for name, row in (SUBJECTS | PERIODS).items()
}
"""The tables that are folded, by name."""


def read_folded(engine: Engine, name: str, at: Standing) -> Iterator[Sequence[Values]]:
    """Read a folded table as a block left it, as pages of rows.

    Subjects come in the order of their first entries, periods in that of subjects and positions.
    """
    if at.sequence == 0:
        return
    row, turn = (SUBJECTS | PERIODS)[name], _turn(None)
    fetch = _fetch_subjects if name in SUBJECTS else _fetch_periods
    while True:
        with reading(engine) as session:
            found = fetch(session, row, find_moment(session, block=at.block), turn)
            values = [_values(each) for each in found.items]
        if values:
            yield values
        if found.cursor is None:
            return
        turn = _turn(found.cursor)


def _turn(cursor: Cursor | None) -> Turn:
    return Turn(cursor, PAGE)


def _fetch_subjects(session: Session, row: Any, at: Moment, turn: Turn) -> Page[Any]:
    found = page(session, row, rows_of(row).where(*begun(row, at)), [col(row.first_sequence)], turn)
    return Page(rows_at(session, found.items, at), found.cursor)


def _fetch_periods(session: Session, row: Any, at: Moment, turn: Turn) -> Page[Any]:
    key = [getattr(row, column.key) for column in row.__table__.primary_key]
    wanted = rows_of(row).where(row.from_block <= at.block)
    if row is HolderRow:
        # Of a batch's asset there is nothing until it has an entry of its own.
        later = select(AssetRow.id).where(col(AssetRow.first_sequence) > at.sequence)
        wanted = wanted.where(col(HolderRow.asset).not_in(later))
    found = page(session, row, wanted, key, turn)
    return Page(periods_at(found.items, at), found.cursor)


def _values(row: SQLModel) -> Values:
    """Its columns; `schema_` is the one that Python needs another name for."""
    return {name.rstrip("_"): value for name, value in row.model_dump().items()}
