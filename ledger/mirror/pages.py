"""Pages of rows by keyset cursors, which name the place of the last thing on the page before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import gt, lt
from typing import Any, Generic, TypeAlias, TypeVar

from sqlalchemy import ColumnElement, Select, literal, tuple_
from sqlalchemy.orm import Session as OrmSession
from sqlmodel import Session
from sqlmodel.sql.expression import SelectOfScalar

from ledger.errors import MalformedValue

Row = TypeVar("Row")

Cursor: TypeAlias = tuple[int | bytes, ...]
"""The values of the keys by which a list is ordered, of its last row so far."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows in order; `cursor` leads to the next page, and is None on the last."""

    items: Sequence[Row]
    cursor: Cursor | None


@dataclass(frozen=True, slots=True)
class Turn:
    """Which page: `limit` rows that follow `cursor` (None: the first), in which direction."""

    cursor: Cursor | None
    limit: int
    newest_first: bool = False


def page(
    session: Session, query: SelectOfScalar[Row], keys: Sequence[Any], turn: Turn
) -> Page[Row]:
    """Fetch the page of a query in the order of columns that tell its rows apart.

    Raises:
        MalformedValue: the cursor is not one of a list in this order.
    """
    return page_of_rows(fetch_rows(session, query, keys, turn), turn.limit)


def fetch_rows(
    session: Session, query: SelectOfScalar[Row], keys: Sequence[Any], turn: Turn
) -> list[Any]:
    """Fetch what `page` makes a page of: rows with their keys, one more than the page has.

    Raises:
        MalformedValue: the cursor is not one of a list in this order.
    """
    wanted = in_order(query.add_columns(*keys), keys, turn)
    return list(OrmSession.execute(session, wanted.limit(turn.limit + 1)))


def in_order(query: Select[Any], keys: Sequence[Any], turn: Turn) -> Select[Any]:
    """A query's rows in the order of `keys`, from the cursor on, however many.

    Raises:
        MalformedValue: the cursor is not one of a list in this order.
    """
    if turn.cursor is not None:
        query = query.where(_follows(keys, turn.cursor, turn.newest_first))
    return query.order_by(*[key.desc() if turn.newest_first else key for key in keys])


def page_of_rows(rows: Sequence[Any], limit: int) -> Page[Any]:
    """The page of rows with their keys; those above the limit only say that there are more."""
    items = rows[:limit]
    more = len(rows) > limit
    return Page([row[0] for row in items], tuple(items[-1][1:]) if more else None)


def page_of(
    rows: Iterable[Row], order: Callable[[Row], Cursor], turn: Turn, *, more: bool = False
) -> Page[Row]:
    """The page of rows at hand; `more`: there are others behind them.

    Raises:
        MalformedValue: the cursor is not one of a list in this order.
    """
    follows = lt if turn.newest_first else gt
    ordered = sorted(rows, key=order, reverse=turn.newest_first)
    if turn.cursor is not None and ordered:
        verify_cursor(turn.cursor, [type(value) for value in order(ordered[0])])
        ordered = [row for row in ordered if follows(order(row), turn.cursor)]
    items = ordered[: turn.limit]
    return Page(items, order(items[-1]) if more or len(ordered) > turn.limit else None)


def _follows(keys: Sequence[Any], cursor: Cursor, newest_first: bool) -> ColumnElement[bool]:
    verify_cursor(cursor, [key.type.python_type for key in keys])
    place = tuple_(*[literal(one, key.type) for one, key in zip(cursor, keys, strict=True)])
    behind: ColumnElement[bool] = (lt if newest_first else gt)(tuple_(*keys), place)
    return behind


def verify_cursor(cursor: Cursor, types: Sequence[type]) -> None:
    """Raises MalformedValue: the cursor does not consist of such values."""
    if [type(one) for one in cursor] != list(types):
        raise MalformedValue(field="cursor", value=cursor, wanted="a cursor of this list")
