"""Compares a table of the mirror with rows that are told in the order of its primary key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    case,
    exists,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.types import NULLTYPE

from ledger.mirror.auditing.findings import Cell, Fault, Finding, Findings
from ledger.mirror.tables import TABLES

Row: TypeAlias = tuple[Any, ...]

PORTION: Final = 1_000
_NOWHERE: Final = float("inf")


class TableCheck:
    """One table, read in one pass beside what it should hold.

    `wrong` are the keys of rows that are bad, whether they differ or are too many, the first
    MOST of them; `last_key` begins the key of the row that was compared last. `rank` is the
    table's place among tables. With `until`, periods are read as they were after that block.
    """

    MOST: Final = 100_000

    def __init__(
        self,
        connection: Connection,
        table: Table,
        findings: Findings,
        rank: int,
        until: int | None = None,
    ) -> None:
        self.table = table
        self.columns = [column.name for column in table.columns]
        self.compared = 0
        self.wrong: set[Row] = set()
        self.last_key: Cell = None
        self._findings = findings
        self._rank = rank
        self._by_sequence = [column.name for column in table.primary_key] == ["sequence"]
        self._keys = [self.columns.index(column.name) for column in table.primary_key]
        self._found = connection.execute(
            _all_rows(table, until), execution_options={"yield_per": PORTION}
        )
        self._rows: Iterator[Row] = map(tuple, self._found)
        self._next = next(self._rows, None)

    def close(self) -> None:
        """Read no further."""
        self._found.close()

    def next_key(self) -> Cell:
        """The first column of the key of the row that comes next; None after the last."""
        return None if self._next is None else self._key(self._next)[0]

    def next_cell(self, column: str) -> Cell:
        """A cell of the row that comes next; None after the last."""
        found: Cell = None if self._next is None else self._next[self.columns.index(column)]
        return found

    def expect(self, values: Mapping[str, Any], sequence: float) -> bool:
        """Compare the next row with what the chain has there, and say whether it is the same.

        `values` are at least the table's columns; `sequence` is that of the last entry that made
        the row so.
        """
        wanted = tuple([values[name] for name in self.columns])
        self.compared += 1
        self.last_key = wanted[self._keys[0]]
        if self._next == wanted:
            self._next = next(self._rows, None)
            return True
        key = _comparable(self._key(wanted))
        while self._next is not None and _comparable(self._key(self._next)) < key:
            self.expect_none()
        found = self._next
        if found is None or self._key(found) != self._key(wanted):
            self._note(wanted, Fault.MISSING, sequence)
            return False
        self._next = next(self._rows, None)
        return self._same(found, wanted, sequence)

    def expect_none(self) -> None:
        """Note the next row as one that the chain has not."""
        if self._next is not None:
            self._remember(self._next)
            sequence = self._key(self._next)[0] if self._by_sequence else _NOWHERE
            self._note(self._next, Fault.EXTRA, sequence)
            self._next = next(self._rows, None)

    def finish(self) -> None:
        """All that is left is too many."""
        while self._next is not None:
            self.compared += 1
            self.expect_none()

    def _same(self, found: Row, wanted: Row, sequence: float) -> bool:
        for name, mirror, chain in zip(self.columns, found, wanted, strict=True):
            if mirror != chain:
                self._remember(found)
                if isinstance(chain, bool) and mirror in (0, 1):
                    mirror = bool(mirror)  # as SQLite does not say it
                self._note(wanted, Fault.DIFFERS, sequence, name, mirror, chain)
                return False
        return True

    def _key(self, row: Row) -> Row:
        return tuple([row[at] for at in self._keys])

    def _remember(self, row: Row) -> None:
        if len(self.wrong) < self.MOST:
            self.wrong.add(self._key(row))

    def _note(self, row: Row, fault: Fault, sequence: float, *cells: Any) -> None:
        names = [self.columns[at] for at in self._keys]
        key = dict(zip(names, self._key(row), strict=True))
        self._findings.add(Finding(self.table.name, key, fault, *cells), sequence, self._rank)


def _all_rows(table: Table, until: int | None) -> Select[Any]:
    """Asks for the rows in the order of the primary key, as the database has them.

    Without the columns' types: SQLite keeps what it is given, and all of it must be seen.
    """
    columns: dict[str, Any] = {one.name: type_coerce(one, NULLTYPE) for one in table.columns}
    conditions = []
    if until is not None:
        ends = table.c.to_block
        columns["to_block"] = case((ends <= until, ends))
        conditions = [table.c.from_block <= until, _had_begun(table, until)]
    return select(*columns.values()).where(*conditions).order_by(*table.primary_key)


def _had_begun(table: Table, until: int) -> ColumnElement[bool]:
    """Of an asset of a batch, what it had from its batch stands there once it has an entry."""
    [subject, position], entry = table.primary_key, TABLES["entry"]
    own = exists().where(entry.c.subject == subject, entry.c.block_number <= until)
    return or_(position > 0, own)


def _comparable(key: Row) -> Row:
    """A key whose parts are ordered as SQLite orders them, whatever they are."""
    return tuple([(_ORDER.get(type(part), 0), part) for part in key])


_ORDER: Final[dict[type, int]] = {int: 1, float: 1, str: 2, bytes: 3}
