"""Asking the chain's node: each question of Ethereum's JSON-RPC with its typed answer."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import partial
from typing import Any, Final

from ledger.chain.transport import Call, Endpoint
from ledger.chain.wire import (
    AccountProof,
    Block,
    BlockId,
    Log,
    Receipt,
    WireLog,
    WireRange,
    WireReceipt,
    block_parameter,
    parse_quantity,
    quantity,
    read_block,
    read_log,
    read_proof,
    read_receipt,
)
from ledger.errors import NodeError, RpcError
from ledger.ranges import Span, read_ranges
from ledger.types import Address, Hash32, parse_hash, parse_hex, to_hex

_OF_RANGE: Final[Any] = list[WireLog] | dict[str, Any] | str | None
"""What may come of a range: logs, headers, a word of storage, or nothing."""


class UnknownBlock(NodeError):
    """The node knows no such block (yet, or any more)."""

    code = "unknown_block"


class RpcClient(Endpoint):
    """An Ethereum node; what cannot be understood of its answers is NodeUnavailable.

    Reads (`chain_id`, `genesis_hash`, `find_…`, `fetch_…`) are repeated as `fetch` does.
    """

    def send_raw(self, raw: bytes) -> Hash32:
        """Broadcast a signed transaction once, and return its hash."""
        answer = self.call("eth_sendRawTransaction", to_hex(raw))
        return self._understood("eth_sendRawTransaction", parse_hash, answer)

    def chain_id(self) -> int:
        """The chain's number (EIP-155)."""
        return self._understood("eth_chainId", parse_quantity, self.fetch("eth_chainId"))

    def genesis_hash(self) -> Hash32:
        """Hash of block 0: what tells two chains of the same number apart."""
        return self.fetch_block(0).hash

    def fetch_block_number(self) -> int:
        """Number of the newest block."""
        return self._understood("eth_blockNumber", parse_quantity, self.fetch("eth_blockNumber"))

    def find_block(self, block: BlockId) -> Block | None:
        """Fetch a block's header; None if the node has no such block."""
        if isinstance(block, bytes):
            method, named = "eth_getBlockByHash", to_hex(block)
        else:
            method, named = "eth_getBlockByNumber", str(block_parameter(block))
        answer = self.fetch(method, named, False)
        return None if answer is None else self._understood(method, read_block, answer)

    def fetch_block(self, block: BlockId) -> Block:
        """Fetch a block's header. Raises UnknownBlock if the node has no such block."""
        found = self.find_block(block)
        if found is None:
            shown = to_hex(block) if isinstance(block, bytes) else str(block)
            raise UnknownBlock(f"{self.shown} knows no block {shown}", block=shown)
        return found

    def fetch_hashes(self, numbers: Collection[int]) -> dict[int, Hash32 | None]:
        """Fetch hashes of blocks by number; None where the node has no such block."""
        method, asked = "eth_getBlockByNumber", sorted(numbers)
        found: dict[int, Hash32 | None] = {}
        answers = self.fetch_batch(list(map(header_call, asked)))
        for number, answer in zip(asked, answers, strict=True):
            if isinstance(answer, RpcError):
                raise answer
            block = answer and self._understood(method, read_block, answer)
            if block and block.number != number:
                raise self._nonsense(method, f"block {block.number} instead of {number}")
            found[number] = block.hash if block else None
        return found

    def fetch_logs(
        self,
        address: Address,
        topics: Sequence[Hash32 | Sequence[Hash32] | None] = (),
        first: BlockId = "earliest",
        last: BlockId = "latest",
        *,
        block_hash: Hash32 | None = None,
    ) -> list[Log]:
        """Fetch a contract's logs of blocks `first` to `last`, or of the one block named by hash.

        `topics` narrows by position: a topic, several of which one must match, or None for any.
        """
        found = self.fetch_wire_logs(address, topics, first, last, block_hash=block_hash)
        return self._read_logs(found)

    def read_logs(
        self,
        address: Address,
        topics: Sequence[Hash32 | Sequence[Hash32] | None],
        first: int,
        last: int,
        span: Span | None = None,
    ) -> Iterator[tuple[int, Sequence[Log]]]:
        """Fetch the logs of any number of blocks, in ranges that the node does not refuse.

        With the logs of each range comes its last block. Without `span`, all is asked for at first.
        """

        def ask(begin: int, end: int) -> list[Log]:
            # Of many blocks it may be too much: then it helps to ask for less, not to wait.
            found = self.fetch_wire_logs(address, topics, begin, end, patient=begin == end)
            return self._read_logs(found)

        return read_ranges(ask, first, last, span or Span(max(1, last - first + 1)))

    def _read_logs(self, found: Sequence[WireLog]) -> list[Log]:
        return self._understood("eth_getLogs", lambda logs: [read_log(log) for log in logs], found)

    def fetch_wire_logs(
        self,
        address: Address,
        topics: Sequence[Hash32 | Sequence[Hash32] | None] = (),
        first: BlockId = "earliest",
        last: BlockId = "latest",
        *,
        block_hash: Hash32 | None = None,
        patient: bool = True,
    ) -> list[WireLog]:
        """The same as the node writes them, for those who read very many; once if not `patient`."""
        wanted = _filter(address, topics)
        if block_hash is not None:
            wanted["blockHash"] = to_hex(block_hash)
        else:
            wanted |= {"fromBlock": block_parameter(first), "toBlock": block_parameter(last)}
        ask = partial(self._ask, "eth_getLogs", (wanted,), list[WireLog])
        return self._patiently(ask) if patient else ask()

    def fetch_wire_range(
        self,
        address: Address,
        topics: Sequence[Hash32],
        slot: Hash32,
        blocks: tuple[int, int],
        headers: Sequence[int],
    ) -> WireRange:
        """Fetch the logs of the blocks from the first to the last, and by the same request more.

        That is a slot of the contract after the last block, and the headers of some blocks.
        Raises RpcError if the node refuses the logs.
        """
        first, last = map(quantity, blocks)
        wanted = _filter(address, topics) | {"fromBlock": first, "toBlock": last}
        calls: list[Call] = [
            ("eth_getLogs", (wanted,)),
            ("eth_getStorageAt", (to_hex(address), to_hex(slot), last)),
            *map(header_call, headers),
        ]
        logs, word, *others = self._in_parts(
            calls, lambda part: self._patiently(lambda: self._ask_batch(part, _OF_RANGE))
        )
        if isinstance(logs, RpcError):
            raise logs
        if not isinstance(logs, list):
            raise self._nonsense("eth_getLogs", "its result is no list")
        forgotten = isinstance(word, RpcError)
        read = None if forgotten else self._understood("eth_getStorageAt", _read_word, word)
        return WireRange(logs, read, others)

    def fetch_storage(self, address: Address, slot: Hash32, block: BlockId = "latest") -> Hash32:
        """Fetch a storage slot's 32 bytes as of a block."""
        method = "eth_getStorageAt"
        answer = self.fetch(method, to_hex(address), to_hex(slot), block_parameter(block))
        return self._understood(method, _read_word, answer)

    def fetch_code(self, address: Address, block: BlockId = "latest") -> bytes:
        """Fetch a contract's runtime code; empty if there is none."""
        answer = self.fetch("eth_getCode", to_hex(address), block_parameter(block))
        return self._understood("eth_getCode", parse_hex, answer)

    def fetch_proof(
        self, address: Address, slots: Sequence[Hash32] = (), block: BlockId = "latest"
    ) -> AccountProof:
        """Fetch the trie nodes that prove an account and its slots as of a block (EIP-1186)."""
        keys = [to_hex(slot) for slot in slots]
        answer = self.fetch("eth_getProof", to_hex(address), keys, block_parameter(block))
        return self._understood("eth_getProof", read_proof, answer)

    def fetch_call(
        self,
        to: Address,
        data: bytes,
        block: BlockId = "latest",
        *,
        sender: Address | None = None,
        gas: int | None = None,
    ) -> bytes:
        """Run a call without sending it, and return what it returns. A revert is an RpcError."""
        asked = {"to": to_hex(to), "data": to_hex(data)}
        if sender is not None:
            asked["from"] = to_hex(sender)
        if gas is not None:
            asked["gas"] = quantity(gas)
        return self._understood(
            "eth_call", parse_hex, self.fetch("eth_call", asked, block_parameter(block))
        )

    def fetch_gas(
        self, sender: Address, to: Address | None, data: bytes, block: BlockId = "latest"
    ) -> int:
        """Gas that a transaction would need on a block. A revert is an RpcError."""
        asked = {"from": to_hex(sender), "data": to_hex(data)}
        if to is not None:
            asked["to"] = to_hex(to)
        answer = self.fetch("eth_estimateGas", asked, block_parameter(block))
        return self._understood("eth_estimateGas", parse_quantity, answer)

    def fetch_tip(self) -> int:
        """The tip that the node advises, in wei per gas."""
        method = "eth_maxPriorityFeePerGas"
        return self._understood(method, parse_quantity, self.fetch(method))

    def fetch_nonce(self, address: Address, block: BlockId = "latest") -> int:
        """How many transactions an account has sent as of a block."""
        method = "eth_getTransactionCount"
        answer = self.fetch(method, to_hex(address), block_parameter(block))
        return self._understood(method, parse_quantity, answer)

    def fetch_balance(self, address: Address, block: BlockId = "latest") -> int:
        """An account's balance in wei."""
        answer = self.fetch("eth_getBalance", to_hex(address), block_parameter(block))
        return self._understood("eth_getBalance", parse_quantity, answer)

    def find_receipt(self, transaction_hash: Hash32) -> Receipt | None:
        """Fetch a transaction's receipt; None while it is in no block."""
        return self.fetch_receipts([transaction_hash])[0]

    def fetch_receipts(self, hashes: Sequence[Hash32]) -> list[Receipt | None]:
        """Fetch receipts in order; None where the transaction is in no block."""
        method = "eth_getTransactionReceipt"
        found: list[Receipt | None] = []
        calls = [(method, (to_hex(one),)) for one in hashes]
        for answer in self._in_parts(
            calls, lambda part: self._patiently(lambda: self._ask_batch(part, WireReceipt))
        ):
            if isinstance(answer, RpcError):
                raise answer
            found.append(answer and self._understood(method, read_receipt, answer))
        return found


def header_call(number: int) -> Call:
    """What a batch asks for a block's header by."""
    return "eth_getBlockByNumber", (quantity(number), False)


def _filter(
    address: Address, topics: Sequence[Hash32 | Sequence[Hash32] | None]
) -> dict[str, object]:
    return {"address": to_hex(address), "topics": [_topic(topic) for topic in topics]}


def _read_word(text: str) -> Hash32:
    return parse_hex(text).rjust(32, b"\0")


def _topic(topic: Hash32 | Sequence[Hash32] | None) -> str | list[str] | None:
    if topic is None:
        return None
    return to_hex(topic) if isinstance(topic, bytes) else [to_hex(one) for one in topic]
