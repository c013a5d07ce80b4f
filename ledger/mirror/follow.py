"""Follows the chain: says, step by step, what the mirror must do to equal it.

A node that is behind the mirror is only late, unless it is the chain's sole authority (the
embedded one): then what it no longer has is gone. Nothing is yielded that does not fold to the
ledger head; where that is only told it is proven soon, and what turns out wrong is taken back.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Protocol

from ledger.chain.finality import Finality
from ledger.chain.identity import Deployed, verify_chain, verify_deployed
from ledger.chain.rpc import RpcClient
from ledger.chain.wire import Block
from ledger.errors import RpcError
from ledger.hashing import domain_separator
from ledger.mirror.fetch import ask_range, fetch_base, fetch_headers, read_range
from ledger.mirror.fold import Folding, named_by
from ledger.mirror.keeping import Known
from ledger.mirror.proven import Prover
from ledger.mirror.reading import Distrusted
from ledger.mirror.steps import (
    Applied,
    Cursor,
    Finalised,
    PassedBlock,
    Proven,
    RolledBack,
    Step,
)
from ledger.ranges import Span
from ledger.types import Hash32

_log = logging.getLogger(__name__)

_PATIENCE: Final = 9
_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 1.0
_DOUBT: Final = 3
"""After so many contradictions, what was taken on trust is what may be wrong."""
_SHORTEST_REST: Final = 0.01
_PART: Final = 8


class Memory(Protocol):
    """What following needs to know of the mirror (`store.Store`)."""

    def cursor(self) -> Cursor:
        """Where the mirror stands."""

    def final_block(self) -> int:
        """The newest block that was final."""

    def blocks(self, highest: int, limit: int) -> Sequence[PassedBlock]:
        """Remembered blocks from `highest` downwards."""

    def subjects(self, ids: Sequence[Hash32]) -> dict[Hash32, Known]:
        """Those of the subjects that have entries of their own, as they are at the cursor."""


def follow(
    rpc: RpcClient,
    deployed: Deployed,
    memory: Memory,
    finality: Finality,
    *,
    wait: Callable[[float], bool],
    poll: float = 0.1,
    to_head: bool = False,
    prover: Prover | None = None,
) -> Iterator[Step]:
    """Yield what the mirror must do next, each step on the mirror as the last one left it.

    `wait` pauses for so many seconds and says whether to stop; `poll` is how often, in seconds,
    an idle node is asked at least: more often while blocks come quickly. With `to_head` it ends
    where the node stood at the beginning, for a chain that is always at work has no end. `prover`
    may have begun to prove that already.

    Raises:
        Distrusted: the node keeps contradicting the chain.
        NodeUnavailable: it does not answer.
        WrongChain: it serves another chain than the ledger's.
    """
    verify_deployed(rpc, deployed, finality)
    prover = prover or Prover(rpc, deployed.contract)
    follower = _Follower(rpc, deployed, memory, finality, prover, poll, to_head=to_head)
    failures = 0
    moved = time.monotonic()
    while True:
        try:
            # On the way to the head that would be proven again and again, there once is enough.
            due = follower.prover.is_due and not to_head
            step = (follower.find_proven() if due else None) or follower.find_step()
            if step is None and to_head and follower.at_head:
                step = follower.find_proven()
            failures = 0
        except Distrusted as error:
            failures += 1
            if failures == _PATIENCE:
                raise
            _log.info("asking again, in smaller ranges: %s", error)
            follower.span.shrink()
            step = follower.find_unproven() if failures == _DOUBT else None
            if step is None:
                if wait(min(_FIRST_PAUSE * 2**failures, _LONGEST_PAUSE)):
                    return
                continue
        if step is not None:
            yield step
            moved = time.monotonic()
        elif (final := follower.find_finalised()) is not None:
            yield final
        elif (to_head and follower.at_head) or wait(_rest(moved, poll)):
            return


def _rest(moved: float, poll: float) -> float:
    """Seconds to pause: a part of the time that no block has come for, so that it is soon seen."""
    return min(poll, max(_SHORTEST_REST, (time.monotonic() - moved) / _PART))


class _Follower:
    """One chain followed for one mirror."""

    def __init__(
        self,
        rpc: RpcClient,
        deployed: Deployed,
        memory: Memory,
        finality: Finality,
        prover: Prover,
        poll: float,
        *,
        to_head: bool,
    ) -> None:
        self.rpc = rpc
        self.deployed = deployed
        self.memory = memory
        self.finality = finality
        self.domain = domain_separator(deployed.chain_id, deployed.contract)
        self.span = Span()
        self.prover = prover
        self.poll = poll
        self.at_head = False
        self._to_head = to_head
        self._goal: int | None = None
        self._doubted = -1
        self._idle_at: Cursor | None = None
        self._final_due = 0.0

    def find_step(self) -> Applied | RolledBack | None:
        """What the chain has that the mirror has not, or the other way round."""
        cursor = self._idle_at or self.memory.cursor()
        newest = self.rpc.fetch_block("latest")
        if self._goal is None:
            self._goal = newest.number
        self.at_head = min(newest.number, self._goal) <= cursor.number
        # While nothing moves, the mirror need not be asked each time.
        self._idle_at = cursor if newest.hash == cursor.hash else None
        if newest.number > cursor.number:
            there = self._to_head and self.at_head
            return None if there else self._advance(cursor, newest)
        if self._idle_at:
            return None
        if newest.number == cursor.number or self.finality.sole:
            return self._roll_back(cursor, newest)
        # Late, if it is our chain at all: another one may answer at the address by now.
        verify_chain(self.rpc, self.deployed.chain_id, self.deployed.genesis_hash)
        return None

    def find_finalised(self) -> Finalised | None:
        """Blocks that became final, up to one whose hash the mirror remembers.

        Looks no more often than an idle node is asked.
        """
        if time.monotonic() < self._final_due:
            return None
        cursor = self.memory.cursor()
        if cursor != self._idle_at:  # another process may have moved the mirror meanwhile
            self._idle_at = None
        # What is not proven is not final for us, whatever the chain says of its block.
        final = min(self.finality.fetch_final_block(self.rpc), cursor.proven)
        known = self.memory.final_block()
        remembered = self.memory.blocks(final, 1)[0].number if final > known else known
        if remembered > known:
            return Finalised(remembered)
        self._final_due = time.monotonic() + self.poll
        return None

    def find_unproven(self) -> RolledBack | None:
        """Go back to what is proven, if anything is not; but only once from there."""
        cursor = self.memory.cursor()
        if cursor.proven in (cursor.number, self._doubted):
            return None
        self._doubted = cursor.proven
        return self._take_back(cursor)

    def find_proven(self) -> Proven | RolledBack | None:
        """Prove what the mirror holds, if it is not proven; what the chain does not hold goes."""
        cursor = self.memory.cursor()
        block = None if cursor.proven == cursor.number else self.rpc.find_block(cursor.hash)
        if block is None:  # all is proven, or a reorganisation that will be found
            self.prover.rest(self.poll)
            return None
        try:
            head = self.prover.fetch(block)
        except RpcError as error:
            _log.debug("block %d is not proven yet: %s", cursor.number, error)
            return None
        if (block.number, head) == (cursor.number, cursor.ledger_head):
            self._idle_at = None
            return Proven(cursor)
        _log.warning("what the node told up to block %d is not what it proves", cursor.number)
        return self._take_back(cursor)

    def _take_back(self, cursor: Cursor) -> RolledBack:
        self._idle_at = None
        [proven] = self.memory.blocks(cursor.proven, 1)
        return RolledBack(cursor, proven, cursor.number)

    def _advance(self, cursor: Cursor, newest: Block) -> Applied | RolledBack:
        first = cursor.number + 1
        final = self.finality.fetch_final_block(self.rpc) if first < newest.number else 0
        number = min(newest.number, first + self.span.size - 1)
        # A range ends on the final block rather than beyond it.
        last = final if first <= final < number else number
        end = newest if last == newest.number else last
        asked = ask_range(
            self.rpc, self.deployed, first, end, settled=last <= final, prover=self.prover
        )
        fetched = read_range(asked, self.deployed, self.domain)
        if fetched.first.parent_hash != cursor.hash:
            return self._roll_back(cursor, newest)
        entries = fetched.reading.entries
        folding = Folding(cursor, self.memory.subjects(named_by(entries)))
        folding.fold(fetched.reading)
        at = fetched.last
        applied = folding.take(
            (at.number, at.hash, at.timestamp),
            fetched.ledger_head,
            newest.number,
            proven=fetched.proven,
        )
        self.span.adapt(len(entries))
        return applied

    def _roll_back(self, cursor: Cursor, newest: Block) -> RolledBack:
        ancestor = self._find_ancestor(min(cursor.number, newest.number))
        if ancestor is None:
            ancestor = self._rebase()
        if ancestor.hash == cursor.hash:
            raise Distrusted(
                f"the node contradicts itself about what follows block {cursor.number}",
                block=cursor.number,
            )
        return RolledBack(cursor, ancestor, newest.number)

    def _find_ancestor(self, highest: int) -> PassedBlock | None:
        """The highest remembered block that is still on the chain."""
        limit = 1
        while remembered := self.memory.blocks(highest, limit):
            headers = fetch_headers(self.rpc, [block.number for block in remembered])
            for block, header in zip(remembered, headers, strict=True):
                if block.hash == header.hash:
                    return block
            highest = remembered[-1].number - 1
            limit = min(4 * limit, 100)
        return None

    def _rebase(self) -> PassedBlock:
        """The base as the chain has it now: nothing that the mirror remembers is left."""
        verify_deployed(self.rpc, self.deployed, self.finality)
        return fetch_base(self.rpc, self.deployed)
