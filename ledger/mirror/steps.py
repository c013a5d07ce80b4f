"""What can happen to the mirror: it applies, rolls back, or learns what is proven or final."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from ledger.types import Hash32

Values: TypeAlias = Sequence[Any]
"""A row: the values of a table's columns in the order of their declaration."""


class Cursor(NamedTuple):
    """Where the mirror stands: a block, with the ledger head and the last sequence after it.

    All up to the block `proven` is proven to be the chain's.
    """

    number: int
    hash: Hash32
    ledger_head: Hash32
    sequence: int
    proven: int


class PassedBlock(NamedTuple):
    """A block with the ledger head and the last sequence after it; `timestamp` in seconds."""

    number: int
    hash: Hash32
    timestamp: int
    ledger_head: Hash32
    last_sequence: int


class Closing(NamedTuple):
    """Periods of a table end: those whose `columns` have the values that a row of them tells."""

    table: str
    columns: tuple[str, ...]


class Portion(NamedTuple):
    """Rows of the tables `entry` and `block`, in order."""

    entries: Sequence[Values]
    blocks: Sequence[Values]


@dataclass(frozen=True, slots=True)
class Applied:
    """Blocks were added after `before`, up to `last`; what is to be written, by table.

    `proven`: the entries fold to the ledger head that the chain provably has after `last`, so that
    none is missing. `portions` has entries and blocks, and can be gone through once; of the others,
    `born` are the rows that begin, `moved` those of subjects that had rows, `advanced` those of
    assets that moved on and are as they were (`asset_rows.ADVANCING`), `opened` the periods that
    begin, and `closed` what ends, each row the block and the values of the closing's columns.
    `node_block` is the newest block of the node.
    """

    before: Cursor
    last: PassedBlock
    proven: bool
    node_block: int
    portions: Iterable[Portion]
    born: Mapping[str, Sequence[Values]]
    moved: Mapping[str, Sequence[Values]]
    advanced: Sequence[Values]
    opened: Mapping[str, Sequence[Values]]
    closed: Mapping[Closing, Sequence[Values]]


@dataclass(frozen=True, slots=True)
class RolledBack:
    """The blocks above `to` are no longer on the chain, or were never proven to be."""

    before: Cursor
    to: PassedBlock
    node_block: int


@dataclass(frozen=True, slots=True)
class Proven:
    """All up to where the mirror stands, `at`, is proven to be the chain's."""

    at: Cursor


@dataclass(frozen=True, slots=True)
class Finalised:
    """The blocks up to `number` will not change any more."""

    number: int


Step: TypeAlias = Applied | RolledBack | Proven | Finalised
