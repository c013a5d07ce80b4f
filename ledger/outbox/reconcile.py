"""Compares what was sent with what the chain holds, at every new head, and believes the chain."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Engine
from sqlmodel import Session

from ledger.chain.finality import Finality
from ledger.chain.rpc import RpcClient
from ledger.chain.wire import Block, Receipt
from ledger.database.engine import reading, writing
from ledger.outbox.adoption import adopt
from ledger.outbox.alarms import ENTRY_MISSING, FINAL_UNDONE, clear_alarm, raise_alarm
from ledger.outbox.effects import find_effects
from ledger.outbox.failpoints import reach
from ledger.outbox.lanes import Lease, change_lane
from ledger.outbox.tables import Travel
from ledger.outbox.travels import (
    Open,
    fetch_receipts,
    find_open,
    find_settled,
    get_operations,
    mark_failed,
    mark_final,
    mark_lost,
    mark_mined,
    mark_void,
)
from ledger.types import Address, Hash32

_log: Final = logging.getLogger("ledger.outbox")
_IN_BLOCK: Final = (Travel.MINED, Travel.FAILED)
_SETTLED: Final = (Travel.FINAL, Travel.VOID)
_CHUNK: Final = 100
_WHY_UNDONE: Final = (
    "find out why the chain took back what it called final; what was sent is sent again by itself"
)


@dataclass(slots=True)
class Reconciler:
    """Keeps transactions and operations true to the chain.

    `verify` makes sure that the node serves our chain; it is asked now and then, and whenever a
    head does not go on from the last one, as on another chain everything of ours would look lost.
    `lag` is for how many seconds a node that lacks a final block of ours may be behind rather than
    right; `known` is the newest block that a receipt of ours named.
    """

    engine: Engine
    rpc: RpcClient
    contract: Address
    leases: Sequence[Lease]
    finality: Finality
    verify: Callable[[], None]
    lag: float = 30.0
    known: int = 0
    losses: int = field(default=0, init=False)
    _none_signed: bool = field(default=False, init=False)
    _seen: tuple[int, Hash32] | None = field(default=None, init=False)
    _behind_since: float | None = field(default=None, init=False)

    @property
    def lanes(self) -> list[str]:
        """The lanes that are ours."""
        return [lease.lane for lease in self.leases]

    def look(self) -> list[Open]:
        """Ask what became of transactions not in a block yet; return those that still are not."""
        if self._none_signed:
            return []
        with reading(self.engine) as session:
            signed = find_open(session, self.lanes, [Travel.SIGNED])
        self._none_signed = not signed
        receipts = fetch_receipts(self.rpc, signed)
        reach("after receipts are fetched")
        hashes = self._fetch_hashes(receipts.values())
        landed = {
            (one.lane, one.nonce): (one, receipt)
            for one in signed
            if (receipt := receipts.get((one.lane, one.nonce)))
            and hashes[receipt.block_number] == receipt.block_hash
        }
        if landed:
            self._land(landed.values())
        return [one for one in signed if (one.lane, one.nonce) not in landed]

    def expect(self) -> None:
        """A transaction was signed: there is something to look for."""
        self._none_signed = False

    def check(self, head: Block, *, settle: bool) -> bool:
        """Look again at everything in a block: still there? And if `settle`: final by now?

        Returns whether there is anything to look at.
        """
        with reading(self.engine) as session:
            in_block = find_open(session, self.lanes, _IN_BLOCK)
        extends = self._extends(head)
        if settle or not extends:
            self.verify()
        if not extends:
            in_block = self._drop_lost(in_block)
        newer = any((one.block_number or 0) > head.number for one in in_block)
        self._seen = None if newer else (head.number, head.hash)
        if settle:
            self._finalise(in_block)
        return bool(in_block)

    def is_true_to(self, head: Block) -> bool:
        """Whether the chain, now, holds all that we take for done: then its refusals count."""
        before = self.losses
        self.check(head, settle=False)
        return self.check_final(head) and self.losses == before

    def check_final(self, head: Block) -> bool:
        """See that the newest final block of ours is still the chain's; else begin anew there.

        Returns False if the node may merely be late.
        """
        newest = self._find_newest_settled()
        if newest is None:
            return True
        if head.number >= (newest.block_number or 0):
            self._behind_since = None
        elif self._may_lag():
            return False
        with reading(self.engine) as session:
            lost = self._find_undone(session)
        if lost:
            self._begin_anew(lost)
        return True

    # -- landing ------------------------------------------------------------------------------

    def _fetch_hashes(self, receipts: Collection[Receipt]) -> dict[int, Hash32 | None]:
        """Hashes of the receipts' blocks; what was seen counts no more if it is not below them."""
        numbers = {one.block_number for one in receipts}
        if not numbers or self._seen is None:
            return self.rpc.fetch_hashes(numbers)
        number, seen = self._seen
        hashes = self.rpc.fetch_hashes(numbers | {number})
        if hashes[number] != seen:
            self._seen = None
        return hashes

    def _land(self, landed: Iterable[tuple[Open, Receipt]]) -> None:
        with self._writing() as session:
            for one, receipt in landed:
                self._land_one(session, one, receipt)
            reach("before receipts are committed")
        reach("after receipts are committed")

    def _land_one(self, session: Session, one: Open, receipt: Receipt) -> None:
        if not receipt.succeeded:
            mark_failed(session, one, receipt)
            _log.warning(
                "failed lane=%s nonce=%d block=%d", one.lane, one.nonce, receipt.block_number
            )
        else:
            operations = get_operations(session, one.lane, one.nonce)
            if not operations and receipt.logs:
                adopt(session, one, receipt, self.contract)
                operations = get_operations(session, one.lane, one.nonce)
            learned = find_effects(receipt, self.contract, operations)
            if learned is None:
                raise_alarm(
                    session,
                    ENTRY_MISSING,
                    f"transaction 0x{one.hash.hex()} succeeded, but its entries are not in the"
                    " receipt that the node gives",
                    "ask another node (ASSET_LEDGER_RPC_URL): this one gives no whole receipt",
                )
                return
            mark_mined(session, one, receipt, learned)
            clear_alarm(session, ENTRY_MISSING)
            _log.info(
                "done lane=%s nonce=%d block=%d entries=%d",
                one.lane,
                one.nonce,
                receipt.block_number,
                len(operations),
            )
        self.known = max(self.known, receipt.block_number)
        if self._seen is not None and receipt.block_number > self._seen[0]:
            self._seen = (receipt.block_number, receipt.block_hash)

    # -- what is in a block -------------------------------------------------------------------

    def _extends(self, head: Block) -> bool:
        """Whether the chain still holds what we saw of it: then nothing below was dropped."""
        if self._seen is None:
            return False
        number, seen = self._seen
        return seen in (head.hash, head.parent_hash) or (
            number < head.number and self.rpc.fetch_hashes([number])[number] == seen
        )

    def _drop_lost(self, in_block: list[Open]) -> list[Open]:
        """Put back on their way those whose block is gone; return the others."""
        hashes = self.rpc.fetch_hashes({one.block_number or 0 for one in in_block})
        lost = [one for one in in_block if hashes[one.block_number or 0] != one.block_hash]
        if lost:
            with self._writing() as session:
                for one in lost:
                    mark_lost(session, one)
                reach("before losses are committed")
            self.losses += len(lost)
            self.expect()
            _log.warning("lost transactions=%d: they are sent again", len(lost))
        kept = [one for one in in_block if one not in lost]
        self.known = max((one.block_number or 0 for one in kept), default=0)
        return kept

    def _finalise(self, in_block: Sequence[Open]) -> None:
        final = self.finality.fetch_final_block(self.rpc)
        settled = [one for one in in_block if one.block_number and one.block_number <= final]
        if not settled:
            return
        # Asked for each, as a final word is not taken from a hash chain read at another time; and
        # for the newest final one, as nothing may become final on top of what is gone.
        newest = self._find_newest_settled()
        asked = [*settled, newest] if newest else settled
        hashes = self.rpc.fetch_hashes({one.block_number or 0 for one in asked})
        if any(hashes[one.block_number or 0] != one.block_hash for one in asked):
            self._seen = None
            return
        with self._writing() as session:
            for one in settled:
                (mark_final if one.state == Travel.MINED else mark_void)(session, one)
            if not find_open(session, self.lanes, [Travel.SIGNED, *_IN_BLOCK]):
                clear_alarm(session, FINAL_UNDONE)  # all that was undone is final once more
            reach("before finality is committed")
        _log.info("final transactions=%d block=%d", len(settled), final)

    def _find_newest_settled(self) -> Open | None:
        with reading(self.engine) as session:
            return next(iter(find_settled(session, self.lanes, 0, 1)), None)

    # -- what was final -----------------------------------------------------------------------

    def _may_lag(self) -> bool:
        if self.finality.sole:
            return False
        self._behind_since = self._behind_since or time.monotonic()
        return time.monotonic() - self._behind_since < self.lag

    def _find_undone(self, session: Session) -> list[Open]:
        """Settled transactions whose block is gone, newest first, down to one that stands."""
        undone: list[Open] = []
        size = 1
        while settled := find_settled(session, self.lanes, len(undone), size):
            hashes = self.rpc.fetch_hashes({one.block_number or 0 for one in settled})
            for one in settled:
                if hashes[one.block_number or 0] == one.block_hash:
                    return undone
                undone.append(one)
            size = _CHUNK
        return undone

    def _begin_anew(self, undone: Sequence[Open]) -> None:
        first = min(one.block_number or 0 for one in undone)
        message = (
            f"final blocks from {first} on are no longer on the chain:"
            f" {len(undone)} transactions are sent again"
        )
        with self._writing() as session:
            for one in undone:
                mark_lost(session, one)
            raise_alarm(session, FINAL_UNDONE, message, _WHY_UNDONE)
        self.known = 0
        self.losses += len(undone)
        self.expect()
        _log.error("undone %s", message)

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        """A database transaction that holds only while the lanes are ours."""
        with writing(self.engine) as session:
            for lease in self.leases:
                change_lane(session, lease)
            yield session
