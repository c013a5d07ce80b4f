"""What a comparison found: the first bad cell in the ledger's order, and how many rows are bad."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from ledger.types import to_hex

Cell: TypeAlias = bytes | int | float | str | None
"""What a database has in a cell, whatever its column should hold."""


class Fault(Enum):
    """What is wrong with a row."""

    DIFFERS = "differs"
    MISSING = "missing"
    EXTRA = "extra"


@dataclass(frozen=True, slots=True)
class Finding:
    """A bad row of the mirror, named by its primary key; `column` is its first wrong one.

    Of a row that is missing or too many, `column`, `mirror` and `chain` say nothing.
    """

    table: str
    key: Mapping[str, Cell]
    fault: Fault
    column: str | None = None
    mirror: Cell = None
    chain: Cell = None

    def __str__(self) -> str:
        row = f"{self.table} {', '.join(shown(value) for value in self.key.values())}"
        match self.fault:
            case Fault.MISSING:
                return f"{row}: the mirror has no such row, the chain has"
            case Fault.EXTRA:
                return f"{row}: the mirror has such a row, the chain has not"
            case Fault.DIFFERS:
                return (
                    f"{row} column {self.column}: the mirror has {shown(self.mirror)},"
                    f" the chain {shown(self.chain)}"
                )


def shown(cell: Cell) -> str:
    """A cell for people: bytes as hex."""
    match cell:
        case bytes():
            return to_hex(cell)
        case bool():
            return str(cell).lower()
        case None:
            return "nothing"
        case _:
            return str(cell)


@dataclass(slots=True)
class Findings:
    """All that is bad, of which only the first is kept.

    Rows are ordered by the last entry that made them so, then by table; what the chain has not,
    and no entry places, comes at the end.
    """

    bad: Counter[str] = field(default_factory=Counter)
    first: Finding | None = None
    _place: tuple[float, int] = (float("inf"), 0)

    def add(self, finding: Finding, sequence: float, rank: int) -> None:
        """Count a bad row, which belongs to the entry of that sequence."""
        self.bad[finding.table] += 1
        if self.first is None or (sequence, rank) < self._place:
            self.first, self._place = finding, (sequence, rank)
