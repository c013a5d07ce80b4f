"""What a node answers, in our words: blocks, logs, receipts, proofs (Ethereum JSON-RPC)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec

from ledger.types import Address, Hash32, parse_address, parse_hash, parse_hex, to_hex

BlockId: TypeAlias = int | str | bytes
"""A block's number, one of the tags `latest`, `safe`, `finalized`, `earliest`, or its hash."""


def quantity(number: int) -> str:
    """Write a number as JSON-RPC does (hex without leading zeros)."""
    return hex(number)


def parse_quantity(text: object) -> int:
    """Read a JSON-RPC quantity. Raises ValueError."""
    if not isinstance(text, str) or not text.startswith("0x"):
        raise ValueError(f"{text!r} is not a quantity")
    return int(text, 16)


def block_parameter(block: BlockId) -> str | dict[str, str]:
    """Write which block is meant: its number, its tag, or its hash (EIP-1898)."""
    if isinstance(block, bytes):
        return {"blockHash": to_hex(block)}
    return block if isinstance(block, str) else quantity(block)


@dataclass(frozen=True, slots=True)
class Block:
    """A block's header; `header` keeps all fields as the node wrote them, `timestamp` in s."""

    number: int
    hash: Hash32
    parent_hash: Hash32
    timestamp: int
    header: Mapping[str, Any] = field(repr=False, hash=False, compare=False)

    @property
    def base_fee(self) -> int:
        """The block's base fee in wei (EIP-1559); 0 where there is none."""
        return parse_quantity(self.header.get("baseFeePerGas") or "0x0")

    @property
    def gas_limit(self) -> int:
        """Gas that all transactions of the block may use together."""
        return parse_quantity(self.header["gasLimit"])


@dataclass(frozen=True, slots=True)
class Log:
    """One log as its receipt tells it."""

    address: Address
    topics: tuple[Hash32, ...]
    data: bytes
    block_number: int
    block_hash: Hash32
    transaction_hash: Hash32
    log_index: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a transaction; `succeeded` is status 1 (EIP-658)."""

    transaction_hash: Hash32
    block_number: int
    block_hash: Hash32
    succeeded: bool
    gas_used: int
    contract_address: Address | None
    logs: tuple[Log, ...]


@dataclass(frozen=True, slots=True)
class SlotProof:
    """One storage slot with the trie nodes from the storage root to it."""

    slot: Hash32
    value: int
    nodes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class AccountProof:
    """An account with the trie nodes that prove it, and its slots (EIP-1186)."""

    address: Address
    nodes: tuple[bytes, ...]
    slots: tuple[SlotProof, ...]


class WireLog(msgspec.Struct, frozen=True):
    """A log's JSON; typed, because back-filling reads hundreds of thousands."""

    address: str
    topics: tuple[str, ...]
    data: str
    blockNumber: str
    blockHash: str
    transactionHash: str
    logIndex: str


@dataclass(frozen=True, slots=True)
class WireRange:
    """What a node tells of a range of blocks: a contract's logs, and headers in their JSON.

    `word` is what the contract has in a slot after the last block; None where that is forgotten.
    """

    logs: Sequence[WireLog]
    word: Hash32 | None
    headers: Sequence[object]


class WireReceipt(msgspec.Struct, frozen=True):
    """A receipt's JSON, as far as we use it."""

    transactionHash: str
    blockNumber: str
    blockHash: str
    status: str
    gasUsed: str
    logs: tuple[WireLog, ...]
    contractAddress: str | None = None


def read_block(header: Mapping[str, Any]) -> Block:
    """Read a block's JSON. Raises KeyError, ValueError or MalformedValue."""
    return Block(
        number=parse_quantity(header["number"]),
        hash=parse_hash(header["hash"], "hash"),
        parent_hash=parse_hash(header["parentHash"], "parentHash"),
        timestamp=parse_quantity(header["timestamp"]),
        header=header,
    )


def read_log(log: WireLog) -> Log:
    """Read a log's JSON. Raises ValueError."""
    from_hex = bytes.fromhex
    return Log(
        address=from_hex(log.address[2:]),
        topics=tuple([from_hex(topic[2:]) for topic in log.topics]),
        data=from_hex(log.data[2:]),
        block_number=int(log.blockNumber, 16),
        block_hash=from_hex(log.blockHash[2:]),
        transaction_hash=from_hex(log.transactionHash[2:]),
        log_index=int(log.logIndex, 16),
    )


def read_receipt(receipt: WireReceipt) -> Receipt:
    """Read a receipt's JSON. Raises ValueError or MalformedValue."""
    created = receipt.contractAddress
    return Receipt(
        transaction_hash=parse_hash(receipt.transactionHash, "transactionHash"),
        block_number=parse_quantity(receipt.blockNumber),
        block_hash=parse_hash(receipt.blockHash, "blockHash"),
        succeeded=parse_quantity(receipt.status) == 1,
        gas_used=parse_quantity(receipt.gasUsed),
        contract_address=None if created is None else parse_address(created, "contractAddress"),
        logs=tuple([read_log(log) for log in receipt.logs]),
    )


def read_proof(answer: Mapping[str, Any]) -> AccountProof:
    """Read the answer to `eth_getProof`. Raises KeyError, ValueError or MalformedValue."""
    return AccountProof(
        address=parse_address(answer["address"], "address"),
        nodes=tuple(parse_hex(node, field="accountProof") for node in answer["accountProof"]),
        slots=tuple(_read_slot(slot) for slot in answer["storageProof"]),
    )


def _read_slot(slot: Mapping[str, Any]) -> SlotProof:
    return SlotProof(
        # Nodes write the key back as they please: padded or as a quantity.
        slot=parse_quantity(slot["key"]).to_bytes(32, "big"),
        value=parse_quantity(slot["value"]),
        nodes=tuple(parse_hex(node, field="storageProof") for node in slot["proof"]),
    )
