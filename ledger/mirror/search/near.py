"""Where to look first: PostgreSQL finds every text before it orders any, so it is asked for few.

Each text lies in stretches of ids, of some sizes, that stand in the index beside its tokens. A page
is looked for in two neighbouring stretches, from its cursor on; if these have too few, in wider
ones, by how many were found; at last in all that is left. SQLite finds texts one by one, in their
order, and needs none of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ARRAY, BigInteger, ColumnElement, cast, func, literal_column
from sqlmodel import Session, select

from ledger.mirror.pages import Page, Table, Turn, fetch_rows, page, page_of_rows
from ledger.mirror.search.tables import SIZES, STRETCHES, SearchTextRow

_EMPTIER: Final = 2
"""How many sizes wider to look where nothing was found at all."""


def page_found(session: Session, of: type[Table], query: Any, key: Any, turn: Turn) -> Page[Table]:
    """Fetch the page of rows whose texts a query finds, in the order of the texts' ids, its `key`.

    Raises:
        MalformedValue: the cursor is not one of such a list.
    """
    if session.get_bind().dialect.name != "postgresql":
        return page(session, of, query, [key], turn)
    rows: list[Any] = []
    window, rest, end = _first(session, turn), turn, None
    while window is not None:
        found = fetch_rows(session, of, query.where(window.holds()), [key], rest)
        rows += found
        if len(rows) > turn.limit:
            return page_of_rows(rows, turn.limit)
        if end is None:
            end = 0 if turn.newest_first else _find_newest(session)
        if window.reaches(end):
            return page_of_rows(rows, turn.limit)
        rest = Turn((window.last,), turn.limit - len(rows), turn.newest_first)
        window = window.wider(len(found), rest.limit + 1)
    return page_of_rows([*rows, *fetch_rows(session, of, query, [key], rest)], turn.limit)


@dataclass(frozen=True, slots=True)
class _Window:
    """The ids from `start` on to the end of the stretch behind that in which it lies."""

    start: int
    size: int
    newest_first: bool

    @property
    def stretches(self) -> tuple[int, int]:
        """The numbers of both."""
        first = self.start >> SIZES[self.size]
        return first, first - 1 if self.newest_first else first + 1

    @property
    def last(self) -> int:
        """The last id in its direction."""
        end = self.stretches[1] + (not self.newest_first)
        return (end << SIZES[self.size]) - (not self.newest_first)

    def reaches(self, end: int) -> bool:
        """Whether there is nothing behind it, as all ids are on this side of `end`, or that."""
        return self.last <= end if self.newest_first else self.last >= end

    def holds(self) -> ColumnElement[bool]:
        """The condition on texts, apart from where they begin; it is said as the index says it."""
        numbers = [stretch * len(SIZES) + self.size for stretch in self.stretches]
        return literal_column(STRETCHES).op("&&", is_comparison=True)(
            cast(numbers, ARRAY(BigInteger))
        )

    def wider(self, found: int, wanted: int) -> _Window | None:
        """The next one, wide enough for so many if it is as full; None: all that is left."""
        start = self.last + (-1 if self.newest_first else 1)
        ids = (abs(self.last - self.start) + 1) * wanted
        for size in range(self.size + (1 if found else _EMPTIER), len(SIZES)):
            if found << SIZES[size] >= ids or not found:
                return _Window(start, size, self.newest_first)
        return None


def _first(session: Session, turn: Turn) -> _Window | None:
    match turn.cursor:
        case (int(last),):
            start = last - 1 if turn.newest_first else last + 1
        case None if turn.newest_first:
            start = _find_newest(session)
        case None:
            start = 0
        case _:
            return None  # a cursor of another list, which is refused where it is used
    return _Window(start, 0, turn.newest_first)


def _find_newest(session: Session) -> int:
    return session.exec(select(func.max(SearchTextRow.id))).one() or 0
