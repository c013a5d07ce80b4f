"""Periods as they stood at a moment, in the order in which they began.

Of two that began in one block, the one of the smaller id comes first: then the order says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, or_
from sqlmodel import Session, SQLModel, col

from ledger.database.plain import rows_of
from ledger.mirror.moments import Moment
from ledger.mirror.pages import Page, Turn, page

Row = TypeVar("Row", bound=SQLModel)


def standing(row: Any, at: Moment | None) -> list[ColumnElement[bool]]:
    """The conditions under which periods stood at a moment, or stand now."""
    if at is None:
        return [col(row.to_block).is_(None)]
    return [col(row.from_block) <= at.block, _lasted(row, at)]


def _lasted(row: Any, at: Moment) -> ColumnElement[bool]:
    ends = col(row.to_block)
    return or_(ends.is_(None), ends > at.block)


def _begun(row: Any, at: Moment) -> ColumnElement[bool]:
    """Said so that no index can serve it: of one subject, the positions give the order."""
    bound: ColumnElement[bool] = col(row.from_block) + 0 <= at.block
    return bound


def good(row: Any, time: int | None) -> list[ColumnElement[bool]]:
    """The conditions under which what expires was good at a time, in seconds since 1970."""
    expires = col(row.expires)
    return [] if time is None else [or_(expires == 0, expires >= time)]


def order_of(row: Any) -> list[Any]:
    """The columns by which periods of different subjects are ordered."""
    subject, position = row.__table__.primary_key.columns
    return [col(row.from_block), getattr(row, subject.key), getattr(row, position.key)]


def list_standing(
    session: Session,
    row: type[Row],
    conditions: Sequence[ColumnElement[bool]],
    at: Moment | None,
    turn: Turn,
) -> Page[Row]:
    """Fetch a page of the periods, of different subjects, that stood at a moment."""
    query = rows_of(row).where(*conditions, *standing(row, at))
    found = page(session, row, query, order_of(row), turn)
    return Page(periods_at(found.items, at), found.cursor)


def list_standing_of(
    session: Session,
    row: type[Row],
    conditions: Sequence[ColumnElement[bool]],
    at: Moment | None,
    turn: Turn,
) -> Page[Row]:
    """The same for the periods of one subject."""
    any_row: Any = row
    stood = [_begun(row, at), _lasted(row, at)] if at else standing(row, None)
    found = page(
        session, row, rows_of(row).where(*conditions, *stood), [col(any_row.position)], turn
    )
    return Page(periods_at(found.items, at), found.cursor)


def list_history(
    session: Session,
    row: type[Row],
    conditions: Sequence[ColumnElement[bool]],
    at: Moment | None,
    turn: Turn,
) -> Page[Row]:
    """Fetch a page of the periods of one subject, past ones included, as they were at a moment."""
    any_row: Any = row
    begun = [] if at is None else [_begun(row, at)]
    found = page(
        session, row, rows_of(row).where(*conditions, *begun), [col(any_row.position)], turn
    )
    return Page(periods_at(found.items, at), found.cursor)


def periods_at(rows: Sequence[Row], at: Moment | None) -> Sequence[Row]:
    """The rows as they were at a moment: what ended later was open."""
    return rows if at is None else [_at(row, at) for row in rows]


def _at(row: Row, at: Moment) -> Row:
    values = row.model_dump()
    if values["to_block"] is None or values["to_block"] <= at.block:
        return row
    return type(row)(**values | {"to_block": None})
