"""Reading a contract as of one block: slots with their proofs, and subjects' entries from logs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ledger.domain.batch import batch_id_of, index_of
from ledger.domain.kinds import Kind
from ledger.domain.log import APPENDED_TOPIC, decode_appended
from ledger.errors import LedgerError, MalformedValue, NodeUnavailable
from ledger.hashing import keccak
from ledger.proofs.bundle import BundleEntry
from ledger.proofs.layout import SubjectClass, Word, decode_word, ledger_head_slot, word_slot
from ledger.proofs.source import AccountLike, BlockLike, SlotLike, Source, needed_nodes
from ledger.types import ZERO_HASH, Address, Hash32, parse_hash, to_hex

_TRANSFER: Final = keccak(b"Transfer(address,address,uint256)")
_CONSECUTIVE: Final = keccak(b"ConsecutiveTransfer(uint256,uint256,address,address)")
_AT_ONCE: Final = 100


@dataclass
class Reading:
    """The contract as of a block; what was fetched is kept, as all of it is needed again."""

    source: Source
    contract: Address
    block: BlockLike
    _slots: dict[Hash32, SlotLike] = field(default_factory=dict)
    _account: AccountLike | None = None

    def account_nodes(self) -> tuple[bytes, ...]:
        """The nodes that prove the contract's account."""
        if self._account is None:
            self.fetch([ledger_head_slot()])
        return () if self._account is None else needed_nodes(self._account.nodes)

    def fetch(self, slots: Iterable[Hash32]) -> None:
        """Fetch slots that are not known yet, many a request.

        Raises:
            NodeUnavailable: the node left some out.
        """
        wanted = [slot for slot in dict.fromkeys(slots) if slot not in self._slots]
        for start in range(0, len(wanted), _AT_ONCE):
            portion = wanted[start : start + _AT_ONCE]
            self._account = self.source.fetch_proof(self.contract, portion, self.block.number)
            self._slots |= {one.slot: one for one in self._account.slots}
            if not self._slots.keys() >= set(portion):
                raise NodeUnavailable("eth_getProof left slots out", method="eth_getProof")

    def value(self, slot: Hash32) -> int:
        """What a slot is said to hold."""
        self.fetch([slot])
        return self._slots[slot].value

    def nodes(self, slot: Hash32) -> tuple[bytes, ...]:
        """The nodes that prove a slot."""
        self.fetch([slot])
        return needed_nodes(self._slots[slot].nodes)

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
        logs = self.source.fetch_logs(self.contract, topics, 0, self.block.number)
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
        logs = self.source.fetch_logs(self.contract, topics, 0, self.block.number)
        return [log.topics[1] for log in logs]

    def fetch_received(self, address: Address) -> tuple[set[Hash32], list[range]]:
        """The assets whose title ever came to an address (ERC-721): single, and ranges of ids."""
        to = address.rjust(32, b"\0")
        last = self.block.number
        single = self.source.fetch_logs(self.contract, (_TRANSFER, None, to), 0, last)
        many = self.source.fetch_logs(self.contract, (_CONSECUTIVE, None, None, to), 0, last)
        ranges = [
            range(int.from_bytes(log.topics[1], "big"), int.from_bytes(log.data, "big") + 1)
            for log in many
        ]
        return {log.topics[3] for log in single}, ranges


def _fetch_times(source: Source, hashes: Sequence[Hash32]) -> dict[Hash32, int]:
    """The blocks' times, by hash, so that a reorganisation cannot lend one another's."""
    times = {}
    for start in range(0, len(hashes), _AT_ONCE):
        wanted = hashes[start : start + _AT_ONCE]
        answers = source.batch([("eth_getBlockByHash", (to_hex(one), False)) for one in wanted])
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
