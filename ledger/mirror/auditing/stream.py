"""Reads the whole ledger from a node, in order, and proves by the ledger head that it is whole.

Deliberately plain, and none of the mirror's own reading: each of the two checks the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from ledger.chain.rpc import RpcClient, header_call
from ledger.chain.wire import Block, Log, read_block
from ledger.domain.entries import Appended
from ledger.domain.heads import ledger_head_after
from ledger.domain.kinds import BIRTHS
from ledger.domain.log import APPENDED_TOPIC, BadLog, decode_appended
from ledger.errors import MirrorError, RpcError
from ledger.hashing import next_head, subject_id
from ledger.mirror.proven import Prover
from ledger.mirror.reading import Distrusted
from ledger.proofs.layout import ledger_head_slot
from ledger.ranges import Span
from ledger.types import ZERO_HASH, Address, Hash32, to_hex


class ChainMoved(MirrorError):
    """The chain dropped blocks while it was compared; let the mirror follow, and begin again."""

    code = "chain_moved"


class Unproven(MirrorError):
    """What the node tells of the ledger does not fold to the chain's ledger head."""

    code = "unproven"


@dataclass(frozen=True, slots=True)
class ToldEntry:
    """An entry with its place in ledger and chain; `head` is its subject's after it."""

    sequence: int
    block_number: int
    log_index: int
    transaction_hash: Hash32
    entry: Appended
    head: Hash32


@dataclass(frozen=True, slots=True)
class ToldBlock:
    """A block that holds entries, with the ledger head and the last sequence after it."""

    header: Block
    entries: Sequence[ToldEntry]
    ledger_head: Hash32
    last_sequence: int


class LedgerStream:
    """The ledger's entries from the block above number `base` to the block `last`.

    `heads_checked` counts the blocks at which the node's entries were found to fold to the chain's
    ledger head; the one at `last` is proven by the block's hash, others are asked for in passing.
    Keeps 32 bytes and their key for each subject that has more than one entry.
    """

    def __init__(self, rpc: RpcClient, contract: Address, domain: Hash32, base: int) -> None:
        self.rpc = rpc
        self.contract = contract
        self.domain = domain
        self.ledger_head = ZERO_HASH
        self.sequence = 0
        self.heads_checked = 0
        self._base = base
        self._heads: dict[Hash32, Hash32] = {}

    def read(self, last: Block) -> Iterator[ToldBlock]:
        """Read the blocks that hold entries, ascending.

        Raises:
            ChainMoved: the chain dropped blocks meanwhile.
            Unproven: entries are missing, doubled or altered, or the node has not the state.
            NodeUnavailable: the node does not answer.
        """
        topics, first = [APPENDED_TOPIC], self._base + 1
        for upto, logs in self.rpc.read_logs(self.contract, topics, first, last.number, Span()):
            yield from self._fold(logs, last if upto == last.number else upto)
        self._verify_head(last, needed=True)

    def _fold(self, logs: Sequence[Log], last: Block | int) -> Iterator[ToldBlock]:
        wanted = {log.block_number for log in logs}
        if isinstance(last, int):
            wanted.add(last)
        headers = self._fetch_headers(sorted(wanted))
        for number, of_block in groupby(logs, key=lambda log: log.block_number):
            header = headers[number]
            entries = [self._place(log, header) for log in _verified_order(list(of_block))]
            yield ToldBlock(header, entries, self.ledger_head, self.sequence)
        if isinstance(last, int):
            self._verify_head(headers[last], needed=False)

    def _fetch_headers(self, numbers: Sequence[int]) -> dict[int, Block]:
        headers: dict[int, Block] = {}
        answers = self.rpc.fetch_batch(list(map(header_call, numbers)))
        for number, answer in zip(numbers, answers, strict=True):
            if not isinstance(answer, dict):
                raise ChainMoved(f"the node has no block {number} any more", block=number)
            headers[number] = read_block(answer)
        return headers

    def _place(self, log: Log, header: Block) -> ToldEntry:
        if log.address != self.contract or log.block_hash != header.hash:
            raise ChainMoved(
                f"block {header.number} is another than its entries were in", block=header.number
            )
        try:
            logged = decode_appended(log.topics, log.data)
        except BadLog as error:
            raise Unproven(str(error), block=header.number) from error
        entry = Appended(
            subject=logged.subject,
            org=logged.org,
            kind=logged.kind,
            position=logged.position,
            payload=logged.payload,
            actor=logged.actor,
            timestamp=header.timestamp,
        )
        head = self._head(entry)
        self.sequence += 1
        self.ledger_head = ledger_head_after(self.ledger_head, head, entry)
        return ToldEntry(
            self.sequence, log.block_number, log.log_index, log.transaction_hash, entry, head
        )

    def _head(self, entry: Appended) -> Hash32:
        """The subject's head after the entry; that it is the next is seen when it is folded."""
        if entry.position == 0:
            born = subject_id(self.domain, entry.kind, entry.org, entry.payload)
            if entry.kind not in BIRTHS or born != entry.subject:
                raise Unproven(
                    "a first entry does not hash to its subject's id",
                    expected=to_hex(born),
                    found=to_hex(entry.subject),
                )
            return born
        # Until its own second entry, a subject's head is its id.
        head = next_head(
            self._heads.get(entry.subject, entry.subject),
            entry.position,
            entry.kind,
            entry.org,
            entry.actor,
            entry.timestamp,
            entry.payload,
        )
        self._heads[entry.subject] = head
        return head

    def _verify_head(self, block: Block, *, needed: bool) -> None:
        """Compare the ledger head with the chain's, by hash, so that no reorg slips in."""
        try:
            if needed:
                told = Prover(self.rpc, self.contract).fetch(block)
            else:
                told = self.rpc.fetch_storage(self.contract, ledger_head_slot(), block.hash)
        except (RpcError, Distrusted) as error:
            if not needed:
                return
            verify_still_there(self.rpc, block)
            raise Unproven(
                f"the node does not tell the ledger head after block {block.number}: {error}",
                block=block.number,
            ) from error
        if told != self.ledger_head:
            raise Unproven(
                f"after block {block.number} the entries that the node tells fold to another"
                " ledger head than the chain's",
                expected=to_hex(told),
                found=to_hex(self.ledger_head),
                block=block.number,
            )
        self.heads_checked += 1


def verify_still_there(rpc: RpcClient, block: Block) -> None:
    """Check that a block is on the chain still. Raises ChainMoved."""
    now = rpc.find_block(block.number)
    if now is None or now.hash != block.hash:
        raise ChainMoved(
            f"block {block.number} was reorganised during the audit, which therefore says nothing",
            block=block.number,
        )


def _verified_order(logs: Sequence[Log]) -> Sequence[Log]:
    for one, following in pairwise(logs):
        if one.log_index >= following.log_index:
            raise Unproven(
                f"in block {one.block_number} log {following.log_index} comes after log"
                f" {one.log_index}",
                block=one.block_number,
            )
    return logs
