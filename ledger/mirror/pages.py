"""Pages of rows by keyset cursors, which name the last thing on the page before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlmodel import Session
from sqlmodel.sql.expression import SelectOfScalar

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows in order; `cursor` leads to the next page, and is None on the last."""

    items: Sequence[Row]
    cursor: int | None


def page(
    session: Session,
    query: SelectOfScalar[Row],
    order: Any,
    cursor: int | None,
    limit: int,
    newest_first: bool,
) -> Page[Row]:
    """Fetch the page of a query that follows `cursor`, in the order of a column."""
    if cursor is not None:
        query = query.where(order < cursor if newest_first else order > cursor)
    query = query.order_by(order.desc() if newest_first else order).limit(limit + 1)
    return _cut(session.exec(query).all(), lambda row: getattr(row, order.key), limit)


def page_of(
    rows: Sequence[Row],
    order: Callable[[Row], int],
    cursor: int | None,
    limit: int,
    newest_first: bool,
    more: bool = False,
) -> Page[Row]:
    """The page of rows at hand that follows `cursor`; `more`: there are others behind them."""
    following = [
        row
        for row in rows
        if cursor is None or (order(row) < cursor if newest_first else order(row) > cursor)
    ]
    following.sort(key=order, reverse=newest_first)
    return _cut(following, order, limit, more)


def _cut(
    rows: Sequence[Row], order: Callable[[Row], int], limit: int, more: bool = False
) -> Page[Row]:
    items = rows[:limit]
    return Page(items, order(items[-1]) if more or len(rows) > limit else None)
