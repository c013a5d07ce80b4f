"""Reading a contract as of one block: slots with their proofs, and subjects' entries from logs."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from ledger.domain.batch import batch_id_of, index_of
from ledger.domain.kinds import Kind
from ledger.domain.log import APPENDED_TOPIC, decode_appended
from ledger.errors import LedgerError, MalformedValue, NodeUnavailable, RpcError
from ledger.hashing import keccak, organisation_address
from ledger.proofs.bundle import BundleEntry
from ledger.proofs.layout import SubjectClass, Word, decode_word, ledger_head_slot, word_slot
from ledger.proofs.source import AccountLike, BlockLike, LogLike, Source, needed_nodes
from ledger.ranges import Span
from ledger.types import ZERO_HASH, Address, Hash32, parse_hash, to_hex

_TRANSFER: Final = keccak(b"Transfer(address,address,uint256)")
_CONSECUTIVE: Final = keccak(b"ConsecutiveTransfer(uint256,uint256,address,address)")
_AT_ONCE: Final = 100
_SLOTS_AT_ONCE: Final = 1000
"""A node builds a whole trie for each request; none takes more than 1,024 slots (geth)."""

_LONG: Final = 10_000
"""Blocks that are not looked through from the first: which one is needed can be told."""

Progress: TypeAlias = Callable[[str, int, int], None]
"""Told of what there is so and so much of so much: blocks looked through, slots proven."""


def _tells_nobody(_: str, __: int, ___: int) -> None:
    return


@dataclass(frozen=True, slots=True)
class _Slot:
    value: int
    nodes: tuple[bytes, ...]


@dataclass
class Reading:
    """The contract as of a block; what was fetched is kept, as all of it is needed again.

    There was no contract before the block of number `begin`.
    """

    source: Source
    contract: Address
    block: BlockLike
    begin: int = 0
    tell: Progress = _tells_nobody
    _slots: dict[Hash32, _Slot] = field(default_factory=dict)
    _known: dict[bytes, bytes] = field(default_factory=dict)
    _account: tuple[bytes, ...] | None = None
    _span: Span = field(init=False)
    _most_slots: int = _SLOTS_AT_ONCE

    def __post_init__(self) -> None:
        self._span = Span(self.block.number + 1)

    def account_nodes(self) -> tuple[bytes, ...]:
        """The nodes that prove the contract's account."""
        if self._account is None:
            self.fetch([ledger_head_slot()])
        return self._account or ()

    def fetch(self, slots: Iterable[Hash32]) -> None:
        """Fetch slots that are not known yet, many a request.

        Raises:
            NodeUnavailable: the node left some out.
        """
        wanted = [slot for slot in dict.fromkeys(slots) if slot not in self._slots]
        done = 0
        while portion := wanted[done : done + self._most_slots]:
            try:
                account = self.source.fetch_proof(self.contract, portion, self.block.number)
            except RpcError:
                if len(portion) == 1:
                    raise
                self._most_slots = len(portion) // 2
                continue
            self._keep(account, portion)
            done += len(portion)
            self.tell("slots proven", done, len(wanted))

    def _keep(self, account: AccountLike, asked: Sequence[Hash32]) -> None:
        self._account = needed_nodes(account.nodes)
        for one in account.slots:
            # Most of a slot's nodes are those of others: each is kept once.
            nodes = tuple([self._known.setdefault(node, node) for node in needed_nodes(one.nodes)])
            self._slots[one.slot] = _Slot(one.value, nodes)
        if not self._slots.keys() >= set(asked):
            raise NodeUnavailable("eth_getProof left slots out", method="eth_getProof")

    def value(self, slot: Hash32) -> int:
        """What a slot is said to hold."""
        self.fetch([slot])
        return self._slots[slot].value

    def nodes(self, slot: Hash32) -> tuple[bytes, ...]:
        """The nodes that prove a slot."""
        self.fetch([slot])
        return self._slots[slot].nodes

    def find_word(self, subject: Hash32) -> Word | None:
        """A subject's word; None if nothing was written to it."""
        held = self.value(word_slot(subject))
        return decode_word(held) if held else None

    def find_batch(self, asset: Hash32) -> Hash32 | None:
        """The batch that an asset is of, if it is of one."""
        place, batch = index_of(asset), batch_id_of(asset)
        word = self.find_word(batch) if place else None
        is_its = word and word.subject_class is SubjectClass.BATCH and place <= word.size
        return batch if is_its else None

    def fetch_entries(self, subjects: Sequence[Hash32]) -> dict[Hash32, tuple[BundleEntry, ...]]:
        """All entries of each of these subjects, in order."""
        found: defaultdict[Hash32, list[BundleEntry]] = defaultdict(list)
        self.fetch(word_slot(one) for one in subjects)
        for start in range(0, len(subjects), _AT_ONCE):
            self._add_entries(subjects[start : start + _AT_ONCE], found)
        return {
            subject: tuple(sorted(found[subject], key=lambda entry: entry.position))
            for subject in subjects
        }

    def _add_entries(
        self, subjects: Sequence[Hash32], found: defaultdict[Hash32, list[BundleEntry]]
    ) -> None:
        topics = (APPENDED_TOPIC, subjects if len(subjects) > 1 else subjects[0])
        words = [word for one in subjects if (word := self.find_word(one))]
        born = min([word.opened_at for word in words], default=self.block.timestamp)
        logs = [log for some in self._read(topics, born) for log in some]
        times = _fetch_times(self.source, sorted({log.block_hash for log in logs}))
        for log in logs:
            entry = decode_appended(log.topics, log.data)
            found[entry.subject].append(
                BundleEntry(
                    org=entry.org,
                    kind=entry.kind,
                    position=entry.position,
                    payload=entry.payload,
                    actor=entry.actor if entry.position else None,
                    timestamp=times[log.block_hash],
                )
            )

    def fetch_founding(self) -> list[Hash32]:
        """The ledger itself as a subject, which its first entry begins."""
        kind = int(Kind.FOUNDED).to_bytes(32, "big")
        topics = (APPENDED_TOPIC, None, ZERO_HASH, kind)
        # Nothing comes before it.
        first = next(filter(None, self._read(topics)), ())
        return [log.topics[1] for log in first]

    def fetch_received(self, organisation: Hash32) -> tuple[set[Hash32], list[range]]:
        """Assets whose title ever came to an organisation (ERC-721): single, and ranges of ids."""
        to, word = organisation_address(organisation).rjust(32, b"\0"), self.find_word(organisation)
        born = 0 if word is None else word.opened_at
        single = [log for some in self._read((_TRANSFER, None, to), born) for log in some]
        many = [log for some in self._read((_CONSECUTIVE, None, None, to), born) for log in some]
        ranges = [
            range(int.from_bytes(log.topics[1], "big"), int.from_bytes(log.data, "big") + 1)
            for log in many
        ]
        return {log.topics[3] for log in single}, ranges

    def _read(
        self, topics: Sequence[Hash32 | Sequence[Hash32] | None], born: int = 0
    ) -> Iterator[Sequence[LogLike]]:
        """Logs from the first block of that time (seconds since 1970) on, range by range."""
        first, last = self.begin, self.block.number
        if last - first >= min(self._span.size, _LONG):
            first = self._find_first(born)
        for upto, logs in self.source.read_logs(self.contract, topics, first, last, self._span):
            self.tell("blocks looked through", upto - first + 1, last - first + 1)
            yield logs

    def _find_first(self, born: int) -> int:
        """The first block that is not older than that."""
        blocks = range(self.begin, self.block.number + 1)
        found = bisect_left(blocks, born, key=lambda one: self.source.fetch_block(one).timestamp)
        return blocks[min(found, len(blocks) - 1)]


def _fetch_times(source: Source, hashes: Sequence[Hash32]) -> dict[Hash32, int]:
    """The blocks' times, by hash, so that a reorganisation cannot lend one another's."""
    times = {}
    for start in range(0, len(hashes), _AT_ONCE):
        wanted = hashes[start : start + _AT_ONCE]
        answers = source.fetch_batch(
            [("eth_getBlockByHash", (to_hex(one), False)) for one in wanted]
        )
        for block_hash, answer in zip(wanted, answers, strict=True):
            times[block_hash] = _read_time(block_hash, answer)
    return times


def _read_time(block_hash: Hash32, answer: Any) -> int:
    if isinstance(answer, LedgerError):
        raise answer
    try:
        is_same = parse_hash(answer["hash"], "hash") == block_hash
        timestamp = int(answer["timestamp"], 16)
    except (KeyError, TypeError, ValueError, MalformedValue):
        is_same, timestamp = False, 0
    if not is_same:
        raise NodeUnavailable(
            f"the node has lost block {to_hex(block_hash)}", method="eth_getBlockByHash"
        )
    return timestamp
