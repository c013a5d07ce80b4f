"""Building a bundle from a node's answers, and believing none of them: it is verified at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from ledger.domain.batch import batch_id_of, index_of
from ledger.domain.log import APPENDED_TOPIC, decode_appended
from ledger.errors import (
    InputError,
    LedgerError,
    MalformedValue,
    NodeError,
    NodeUnavailable,
    UnknownThing,
)
from ledger.proofs.bundle import Bundle, BundleEntry, encode_bundle
from ledger.proofs.header import encode_header
from ledger.proofs.layout import (
    SubjectClass,
    decode_word,
    head_slot,
    ledger_head_slot,
    word_slot,
)
from ledger.proofs.verified import Verified
from ledger.proofs.verify import verify_bundle
from ledger.types import Address, Hash32, parse_hash, to_hex

_ATTEMPTS: Final = 5
_BATCH: Final = 100


class BlockLike(Protocol):
    """A block: `header` is the node's own JSON, `timestamp` in seconds since 1970."""

    @property
    def number(self) -> int: ...
    @property
    def hash(self) -> Hash32: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def header(self) -> Mapping[str, Any]: ...


class LogLike(Protocol):
    """A log with its place."""

    @property
    def topics(self) -> tuple[Hash32, ...]: ...
    @property
    def data(self) -> bytes: ...
    @property
    def block_number(self) -> int: ...
    @property
    def block_hash(self) -> Hash32: ...


class SlotLike(Protocol):
    """A slot with the trie nodes that prove it."""

    @property
    def slot(self) -> Hash32: ...
    @property
    def value(self) -> int: ...
    @property
    def nodes(self) -> tuple[bytes, ...]: ...


class AccountLike(Protocol):
    """An account with the trie nodes that prove it and some of its slots (EIP-1186)."""

    @property
    def nodes(self) -> tuple[bytes, ...]: ...
    @property
    def slots(self) -> tuple[SlotLike, ...]: ...


class Source(Protocol):
    """Where a bundle's parts come from: a node, asked for one thing at a time."""

    def chain_id(self) -> int: ...
    def fetch_block(self, block: int | str | bytes, /) -> BlockLike: ...
    def find_block(self, block: int | str | bytes, /) -> BlockLike | None: ...
    def fetch_logs(
        self,
        address: Address,
        topics: Sequence[Hash32 | Sequence[Hash32] | None],
        first: int | str | bytes,
        last: int | str | bytes,
        /,
    ) -> Sequence[LogLike]: ...
    def fetch_proof(
        self, address: Address, slots: Sequence[Hash32], block: int | str | bytes, /
    ) -> AccountLike: ...
    def batch(self, calls: Sequence[tuple[str, Sequence[object]]], /) -> list[Any]: ...


class ChainMoved(NodeError):
    """The chain kept reorganising while a bundle was being built."""

    code = "chain_moved"
    advice = "try again, or prove a block that is final"


class AssetOfBatch(InputError):
    """The subject is an asset of a batch: its history begins with the batch's entry."""

    code = "asset_of_batch"
    advice = "prove the batch"

    def __init__(self, subject: Hash32, batch: Hash32) -> None:
        super().__init__(
            f"subject: {to_hex(subject)} is an asset of the batch {to_hex(batch)}, which a bundle"
            " cannot prove by itself",
            field="subject",
            subject=to_hex(subject),
            batch=to_hex(batch),
        )


@dataclass(frozen=True, slots=True)
class Built:
    """A bundle's bytes, and what they were verified to prove."""

    raw: bytes
    verified: Verified


def build_bundle(
    source: Source, contract: Address, subject: Hash32, block: int | None = None
) -> Built:
    """Build the bundle that proves a subject as of `block` (None: the newest), and verify it.

    Raises:
        UnknownThing: the contract knows no such subject at that block.
        AssetOfBatch: the subject is an asset of a batch, be it with entries of its own or without.
        ChainMoved: the chain reorganised at every attempt.
        StepFailed: the node's answers do not prove what they claim.
        NodeError: the node did not answer, or not in a form that can be used.
    """
    for _ in range(_ATTEMPTS):
        pinned = source.fetch_block("latest" if block is None else block)
        try:
            return _build(source, contract, subject, pinned)
        except LedgerError:
            if _is_canonical(source, pinned):
                raise
    raise ChainMoved("the chain reorganised while the bundle was built", attempts=_ATTEMPTS)


def _is_canonical(source: Source, block: BlockLike) -> bool:
    now = source.find_block(block.number)
    return now is not None and now.hash == block.hash


def _build(source: Source, contract: Address, subject: Hash32, pinned: BlockLike) -> Built:
    slots = (word_slot(subject), head_slot(subject), ledger_head_slot())
    batch = batch_id_of(subject)
    asked = tuple(dict.fromkeys([*slots, word_slot(batch)]))  # a batch's own is among them
    proof = source.fetch_proof(contract, asked, pinned.number)
    proven = {one.slot: one for one in proof.slots}
    if not set(asked) <= proven.keys():
        raise NodeUnavailable("eth_getProof left slots out", method="eth_getProof")
    if _is_of_batch(subject, proven[word_slot(batch)].value):
        raise AssetOfBatch(subject, batch)
    if proven[slots[0]].value == 0:
        raise UnknownThing(
            "subject", field="subject", value=f"{to_hex(subject)} at block {pinned.number}"
        )
    word, head, ledger_head = (_needed(proven[slot].nodes) for slot in slots)
    raw = encode_bundle(
        Bundle(
            chain_id=source.chain_id(),
            contract=contract,
            subject=subject,
            header=encode_header(pinned.header),
            account_proof=_needed(proof.nodes),
            word_proof=word,
            head_proof=head,
            ledger_head_proof=ledger_head,
            entries=_fetch_entries(source, contract, subject, pinned.number),
        )
    )
    return Built(raw, verify_bundle(raw, block_hash=pinned.hash, contract=contract))


def _is_of_batch(subject: Hash32, word: int) -> bool:
    """Whether the word where its batch's would stand is a batch's, and one of so many assets."""
    if word == 0:
        return False
    batch = decode_word(word)
    return batch.subject_class is SubjectClass.BATCH and 0 < index_of(subject) <= batch.size


def _needed(nodes: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Some nodes list short nodes although their parents embed them; a bundle does not."""
    return nodes[:1] + tuple(node for node in nodes[1:] if len(node) >= 32)


def _fetch_entries(
    source: Source, contract: Address, subject: Hash32, last: int
) -> tuple[BundleEntry, ...]:
    logs = source.fetch_logs(contract, (APPENDED_TOPIC, subject), 0, last)
    times = _fetch_times(source, sorted({log.block_hash for log in logs}))
    entries = []
    for log in logs:
        entry = decode_appended(log.topics, log.data)
        entries.append(
            BundleEntry(
                org=entry.org,
                kind=entry.kind,
                position=entry.position,
                payload=entry.payload,
                actor=entry.actor if entry.position else None,
                timestamp=times[log.block_hash],
            )
        )
    return tuple(sorted(entries, key=lambda entry: entry.position))


def _fetch_times(source: Source, hashes: Sequence[Hash32]) -> dict[Hash32, int]:
    """The blocks' times, by hash, so that a reorganisation cannot lend one another's."""
    times = {}
    for start in range(0, len(hashes), _BATCH):
        wanted = hashes[start : start + _BATCH]
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
