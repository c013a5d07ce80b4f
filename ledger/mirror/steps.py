"""What can happen to the mirror: it applies, rolls back, or learns that blocks are final."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ledger.domain.entries import Appended
from ledger.domain.subjects import Subject
from ledger.types import Hash32


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the mirror stands: a block, with the ledger head and the last sequence after it."""

    number: int
    hash: Hash32
    ledger_head: Hash32
    sequence: int


@dataclass(frozen=True, slots=True)
class PassedBlock:
    """A block with the ledger head and the last sequence after it; `timestamp` in seconds."""

    number: int
    hash: Hash32
    parent_hash: Hash32
    timestamp: int
    ledger_head: Hash32
    last_sequence: int


@dataclass(frozen=True, slots=True)
class PlacedEntry:
    """An entry with its place in ledger and chain; `head` is its subject's after it."""

    sequence: int
    block_number: int
    log_index: int
    transaction_hash: Hash32
    entry: Appended
    head: Hash32


@dataclass(frozen=True, slots=True)
class Applied:
    """Blocks were added after `before`, and their entries are proven: none is missing.

    `blocks` are those that hold entries and the last one, ascending; `subjects` are all that
    the entries touched, as they are now; `members` those of them that are assets of batches and
    had no entry of their own before; `node_block` is the newest block of the node.
    """

    before: Cursor
    blocks: tuple[PassedBlock, ...]
    entries: tuple[PlacedEntry, ...]
    subjects: tuple[Subject, ...]
    members: frozenset[Hash32]
    node_block: int


@dataclass(frozen=True, slots=True)
class RolledBack:
    """The blocks above `to` are no longer on the chain."""

    before: Cursor
    to: PassedBlock
    node_block: int


@dataclass(frozen=True, slots=True)
class Finalised:
    """The blocks up to `number` will not change any more."""

    number: int


Step: TypeAlias = Applied | RolledBack | Finalised
