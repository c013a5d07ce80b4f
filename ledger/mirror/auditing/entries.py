"""Compares entries and blocks with the ledger as the node tells it, and puts wrong ones right."""

from __future__ import annotations

import heapq
from collections.abc import Generator
from typing import Any

from sqlalchemy import Connection, select, type_coerce
from sqlalchemy.types import NULLTYPE

from ledger.chain.rpc import RpcClient
from ledger.chain.wire import Block
from ledger.domain.entries import Appended
from ledger.domain.kinds import Kind
from ledger.mirror.auditing.cells import PORTION, TableCheck
from ledger.mirror.auditing.stream import ToldBlock, ToldEntry
from ledger.types import ZERO_HASH, Hash32


class EntriesCheck:
    """The table of entries; `wrong` are those that the chain has otherwise, up to a bound."""

    def __init__(self, connection: Connection, check: TableCheck) -> None:
        self.check = check
        self.wrong: list[ToldEntry] = []
        self._connection = connection

    def compare(self, told: ToldEntry) -> None:
        """Compare the next entry of the ledger."""
        if not self.check.expect(_values(told), told.sequence) and self.can_be_put_right:
            self.wrong.append(told)

    @property
    def can_be_put_right(self) -> bool:
        """Whether so few are wrong that all of these are known."""
        return max(len(self.wrong), len(self.check.wrong)) < TableCheck.MOST

    def corrected(self, last: int) -> Generator[ToldEntry]:
        """The chain's entries up to a sequence, by subject and position."""
        table = self.check.table
        columns = [type_coerce(column, NULLTYPE) for column in table.columns]
        query = (
            select(*columns)
            .where(table.c.sequence <= last)
            .order_by(table.c.subject, table.c.position)
        )
        names = self.check.columns
        with self._connection.execute(query, execution_options={"yield_per": PORTION}) as rows:
            right = (
                _read(dict(zip(names, row, strict=True)))
                for row in rows
                if (row[0],) not in self.check.wrong
            )
            yield from heapq.merge(right, sorted(self.wrong, key=_place), key=_place)


class _Standings:
    """A table whose rows say what the ledger was after some blocks; none has to be there."""

    def __init__(self, rpc: RpcClient, check: TableCheck) -> None:
        self.check = check
        self.ledger_head: Hash32 = ZERO_HASH
        self.sequence = 0
        self._rpc = rpc

    def values(self, header: Block) -> dict[str, Any]:
        """The row of a block after which the ledger is as it is now."""
        raise NotImplementedError

    def compare(self, block: ToldBlock) -> None:
        """Compare what is there before the next block that holds entries."""
        self.compare_up_to(block.header.number - 1)
        self.ledger_head, self.sequence = block.ledger_head, block.last_sequence

    def compare_up_to(self, last: int) -> None:
        """Compare whatever rows there are up to a block's."""
        while isinstance(found := self.check.next_key(), int) and found <= last:
            header = self._rpc.find_block(found) if found >= 0 else None
            if header is None:
                self.check.expect_none()
            else:
                self.expect(header)

    def expect(self, header: Block) -> None:
        """Compare the row of a block, which must be there."""
        self.check.expect(self.values(header), self.sequence)


class BlocksCheck(_Standings):
    """The table of blocks: those that hold entries, the base and the mirror's own must be there.

    Others may be, as the mirror stood at them.
    """

    def values(self, header: Block) -> dict[str, Any]:
        """The row of a block."""
        return {
            "number": header.number,
            "hash": header.hash,
            "timestamp": header.timestamp,
            "ledger_head": self.ledger_head,
            "last_sequence": self.sequence,
        }

    def compare(self, block: ToldBlock) -> None:
        """Compare the next block that holds entries, and those without before it."""
        super().compare(block)
        self.expect(block.header)

    def compare_standing(self, last: Block) -> None:
        """Compare what is left up to the mirror's own block."""
        self.compare_up_to(last.number - 1)
        # Where it holds entries, it has been compared.
        if self.check.last_key != last.number:
            self.expect(last)


class CheckpointsCheck(_Standings):
    """The table of checkpoints; when one was made is the mirror's own word."""

    def values(self, header: Block) -> dict[str, Any]:
        """The row of a block's checkpoint."""
        return {
            "block_number": header.number,
            "block_hash": header.hash,
            "ledger_head": self.ledger_head,
            "sequence": self.sequence,
            "timestamp": header.timestamp,
            "made_at": self.check.next_cell("made_at"),
        }


def _place(told: ToldEntry) -> tuple[Hash32, int]:
    return told.entry.subject, told.entry.position


def _values(told: ToldEntry) -> dict[str, Any]:
    entry = told.entry
    return {
        "sequence": told.sequence,
        "block_number": told.block_number,
        "log_index": told.log_index,
        "transaction_hash": told.transaction_hash,
        "subject": entry.subject,
        "org": entry.org,
        "kind": int(entry.kind),
        "position": entry.position,
        "actor": entry.actor,
        "timestamp": entry.timestamp,
        "payload": entry.payload,
        "head": told.head,
    }


def _read(row: dict[str, Any]) -> ToldEntry:
    return ToldEntry(
        sequence=row["sequence"],
        block_number=row["block_number"],
        log_index=row["log_index"],
        transaction_hash=row["transaction_hash"],
        entry=Appended(
            subject=row["subject"],
            org=row["org"],
            kind=Kind(row["kind"]),
            position=row["position"],
            payload=row["payload"],
            actor=row["actor"],
            timestamp=row["timestamp"],
        ),
        head=row["head"],
    )
