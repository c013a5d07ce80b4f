"""Pages of rows by keyset cursors, which name the place of the last thing on the page before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import gt, lt
from typing import Any, Generic, TypeAlias, TypeVar, cast

from sqlalchemy import ColumnElement, Integer, Select, bindparam, literal, tuple_
from sqlmodel import Session, SQLModel

from ledger.database.plain import fetch, plain
from ledger.database.ready import Ready
from ledger.errors import MalformedValue

Row = TypeVar("Row")
Table = TypeVar("Table", bound=SQLModel)

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
    session: Session, of: type[Table], query: Select[Any], keys: Sequence[Any], turn: Turn
) -> Page[Table]:
    """Fetch the page of a query of a table's `columns`, in the order of such as tell rows apart.

    Raises:
        MalformedValue: the cursor is not one of a list in this order.
    """
    return page_of_rows(fetch_rows(session, of, query, keys, turn), turn.limit)


class Listing(Generic[Table]):
    """A list that is asked for often: its query stands ready, with `bindparam` for its filters.

    The query is of a table's `columns`, and `keys` are those that tell its rows apart, in order.
    """

    def __init__(self, of: type[Table], query: Select[Any], keys: Sequence[Any]) -> None:
        self._of, self._query, self._keys = of, query, keys
        self._ready: dict[tuple[bool, bool], Ready] = {}

    def page(self, session: Session, turn: Turn, **given: Any) -> Page[Table]:
        """Fetch a page. Raises MalformedValue as `page` does."""
        form = turn.cursor is not None, turn.newest_first
        ready = self._ready.get(form) or self._ready.setdefault(form, self._make(*form))
        if turn.cursor is not None:
            verify_cursor(turn.cursor, [key.type.python_type for key in self._keys])
            given |= {f"after_{at}": value for at, value in enumerate(turn.cursor)}
        rows = ready.fetch(session, most=turn.limit + 1, **given)
        return page_of_rows(_read_rows(self._of, rows, len(self._keys)), turn.limit)

    def _make(self, goes_on: bool, newest_first: bool) -> Ready:
        query = self._query.add_columns(*self._keys)
        if goes_on:
            after = [bindparam(f"after_{at}", type_=key.type) for at, key in enumerate(self._keys)]
            query = query.where(_is_behind(self._keys, after, newest_first))
        ordered = in_order(query, self._keys, Turn(None, 0, newest_first))
        return Ready(ordered.limit(bindparam("most", type_=Integer)))


def fetch_rows(
    session: Session, of: type[Table], query: Select[Any], keys: Sequence[Any], turn: Turn
) -> list[tuple[Table, Cursor]]:
    """Fetch what `page` makes a page of: rows with their keys, one more than the page has.

    Raises:
        MalformedValue: the cursor is not one of a list in this order.
    """
    wanted = in_order(query.add_columns(*keys), keys, turn).limit(turn.limit + 1)
    return _read_rows(of, fetch(session, wanted), len(keys))


def _read_rows(
    of: type[Table], rows: Sequence[Sequence[Any]], keys: int
) -> list[tuple[Table, Cursor]]:
    make = cast(Any, plain(of))._make
    return [(make(row[:-keys]), tuple(row[-keys:])) for row in rows]


def in_order(query: Select[Any], keys: Sequence[Any], turn: Turn) -> Select[Any]:
    """A query's rows in the order of `keys`, from the cursor on, however many.

    Raises:
        MalformedValue: the cursor is not one of a list in this order.
    """
    if turn.cursor is not None:
        query = query.where(_follows(keys, turn.cursor, turn.newest_first))
    return query.order_by(*[key.desc() if turn.newest_first else key for key in keys])


def page_of_rows(rows: Sequence[tuple[Row, Cursor]], limit: int) -> Page[Row]:
    """The page of rows with their keys; those above the limit only say that there are more."""
    items = rows[:limit]
    return Page([row for row, _ in items], items[-1][1] if len(rows) > limit else None)


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
    place = [literal(one, key.type) for one, key in zip(cursor, keys, strict=True)]
    return _is_behind(keys, place, newest_first)


def _is_behind(
    keys: Sequence[Any], place: Sequence[Any], newest_first: bool
) -> ColumnElement[bool]:
    behind: ColumnElement[bool] = (lt if newest_first else gt)(tuple_(*keys), tuple_(*place))
    return behind


def verify_cursor(cursor: Cursor, types: Sequence[type]) -> None:
    """Raises MalformedValue: the cursor does not consist of such values."""
    if [type(one) for one in cursor] != list(types):
        raise MalformedValue(field="cursor", value=cursor, wanted="a cursor of this list")
