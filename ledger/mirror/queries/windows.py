"""Looks at rows in windows: at so many of those that an index finds, and at no more for one page.

What few of many rows are is found by going through the many; a window bounds how far one request
goes. Its page may be short, even empty, and still have a cursor, which stands at the window's end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, literal, select, tuple_, union_all
from sqlalchemy.orm import aliased
from sqlmodel import Session

from ledger.mirror.pages import (
    Cursor,
    Page,
    Table,
    Turn,
    fetch_rows,
    in_order,
    page_of_rows,
    verify_cursor,
)

LOOK: Final = 2_000
"""Rows that are looked at for one page."""
_MOST: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Lead:
    """What an index finds, in its order: the rows of a `table` under the conditions `found`.

    Given the table, or what stands for some of its rows, `keys` are the columns that order them,
    and `those` the query of what belongs to them and is wanted.

    `along`, where it is given, is what has one value of a column, in the order of one number.
    """

    table: Any
    found: Sequence[ColumnElement[bool]]
    keys: Callable[[Any], list[Any]]
    those: Callable[[Any], Any]
    along: Along | None = None

    def whole(self) -> tuple[Any, list[Any]]:
        """The query of all that is wanted, however many rows are looked at, and its order."""
        return self.those(self.table).where(*self.found), self.keys(self.table)

    def seen(self, session: Session, turn: Turn) -> Any:
        """The rows of the window from the cursor on, in place of the table."""
        rows = self._ordered(session, select(self.table), turn)
        return aliased(self.table, rows.limit(LOOK).subquery("seen"))

    def end(self, session: Session, turn: Turn) -> Any:
        """Asks for the keys of the window's last row and of the one behind it, if there are."""
        keys = select(*self.keys(self.table))
        return self._ordered(session, keys, turn).offset(LOOK - 1).limit(2)

    def _ordered(self, session: Session, rows: Any, turn: Turn) -> Any:
        if self.along is None or session.get_bind().dialect.name != "postgresql":
            return in_order(rows.where(*self.found), self.keys(self.table), turn)
        return self.along.follow(rows, turn)


@dataclass(frozen=True, slots=True)
class Along:
    """Goes along an index of a column, where it has one value, and a number, within bounds.

    Where many rows have that value, PostgreSQL would rather go through all rows by the number, as
    if those were spread evenly; they may all be at the end. So it is not told that they have one
    value, but to begin and end there. `own` are the words by which it knows the index.
    """

    column: Any
    value: bytes | int
    number: Any
    after: int | None = None
    until: int | None = None
    own: Sequence[Any] = ()

    def follow(self, rows: Any, turn: Turn) -> Any:
        """The rows from a cursor on, in order. Raises MalformedValue as `in_order`."""
        after = -1 if self.after is None else self.after
        until = _MOST if self.until is None else self.until
        if turn.cursor is not None:
            verify_cursor(turn.cursor, [int])
            [last] = map(int, turn.cursor)
            after = after if turn.newest_first else max(after, last)
            until = min(until, last - 1) if turn.newest_first else until
        place = tuple_(self.column, self.number)
        within = place > self._at(after), place <= self._at(until)
        keys = [self.column, self.number]
        return in_order(rows.where(*within, *self.own), keys, Turn(None, 0, turn.newest_first))

    def _at(self, number: int) -> Any:
        return tuple_(literal(self.value, self.column.type), literal(number, self.number.type))


def page_window(
    session: Session, of: type[Table], leads: Sequence[Lead], turn: Turn
) -> Page[Table]:
    """Fetch a page of what any of the leads finds all of, by the one whose window goes farthest.

    All have the same order, so that a cursor is for whichever leads next. Of those that go as far,
    the first leads.

    Raises:
        MalformedValue: the cursor is not one of a list in this order.
    """
    ends = _find_ends(session, leads, turn)
    farthest = _farthest(ends, turn)
    lead, end = leads[farthest], ends[farthest]
    seen = lead.seen(session, turn)
    rest = Turn(None, turn.limit, turn.newest_first)
    rows = fetch_rows(session, of, lead.those(seen), lead.keys(seen), rest)
    found = page_of_rows(rows, turn.limit)
    return Page(found.items, found.cursor or end)


def _find_ends(session: Session, leads: Sequence[Lead], turn: Turn) -> list[Cursor | None]:
    """Where each one's window ends; None where nothing is behind it."""
    asked = [lead.end(session, turn).subquery(f"some_{n}") for n, lead in enumerate(leads)]
    told = union_all(*[select(literal(n), *end.c) for n, end in enumerate(asked)])
    found: defaultdict[int, list[Cursor]] = defaultdict(list)
    for n, *keys in session.connection().execute(told):
        found[n].append(tuple(keys))
    last = max if turn.newest_first else min
    return [last(found[n]) if len(found[n]) > 1 else None for n in range(len(leads))]


def _farthest(ends: Sequence[Cursor | None], turn: Turn) -> int:
    if None in ends:
        return ends.index(None)
    reached = [end for end in ends if end is not None]
    return reached.index(min(reached) if turn.newest_first else max(reached))
