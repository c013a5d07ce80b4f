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


class BlocksCheck:
    """The table of blocks: those that hold entries, the base and the mirror's own must be there.

    Others may be, as the mirror stood at them: whatever it says of them is compared too.
    """

    def __init__(self, rpc: RpcClient, check: TableCheck) -> None:
        self.check = check
        self._rpc = rpc
        self._ledger_head: Hash32 = ZERO_HASH
        self._sequence = 0
        self._at = -1

    def compare_base(self, base: Block) -> None:
        """Compare the block before the contract's."""
        self._expect(base)

    def compare(self, block: ToldBlock) -> None:
        """Compare the next block that holds entries, and those without before it."""
        self._pass(block.header.number)
        self._ledger_head, self._sequence = block.ledger_head, block.last_sequence
        self._expect(block.header)

    def compare_last(self, last: Block, *, standing: bool) -> None:
        """Compare what is left up to the last block; the mirror's own must be there."""
        self._pass(last.number if standing else last.number + 1)
        if standing and self._at != last.number:
            self._expect(last)

    def _pass(self, number: int) -> None:
        while isinstance(found := self.check.next_key(), int) and found < number:
            header = self._rpc.find_block(found)
            if header is None:
                self.check.expect_none()
            else:
                self._expect(header)

    def _expect(self, header: Block) -> None:
        self._at = header.number
        values = {
            "number": header.number,
            "hash": header.hash,
            "parent_hash": header.parent_hash,
            "timestamp": header.timestamp,
            "ledger_head": self._ledger_head,
            "last_sequence": self._sequence,
        }
        self.check.expect(values, self._sequence)


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
