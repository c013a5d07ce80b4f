"""Asking the chain's node: JSON-RPC 2.0 over HTTP, every failure typed, only reads repeated."""

from __future__ import annotations

import itertools
import logging
import random
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import httpx
import msgspec

from ledger.chain.wire import (
    AccountProof,
    Block,
    BlockId,
    Log,
    Receipt,
    WireLog,
    WireReceipt,
    block_parameter,
    parse_quantity,
    read_block,
    read_log,
    read_proof,
    read_receipt,
)
from ledger.errors import MalformedValue, NodeError, NodeUnavailable, RpcError
from ledger.types import Address, Hash32, parse_hash, parse_hex, to_hex

# httpx logs whole URLs, and a hosted node's URL carries its key in the path.
logging.getLogger("httpx").setLevel(logging.WARNING)

T = TypeVar("T")

_BATCH: Final = 100
_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 1.0


class UnknownBlock(NodeError):
    """The node knows no such block (yet, or any more)."""

    code = "unknown_block"


class _Failure(msgspec.Struct):
    code: int
    message: str
    data: Any = None


class _Answer(msgspec.Struct):
    id: int | None = None
    result: msgspec.Raw = msgspec.Raw()
    error: _Failure | None = None


class RpcClient:
    """A node's JSON-RPC endpoint; safe to share between threads, connections are kept alive.

    `timeout` and `patience` are in seconds; `patience` bounds how long `fetch…` repeats a read
    that the node did not answer. Nothing else is ever repeated.
    """

    def __init__(self, url: str, *, timeout: float = 30.0, patience: float = 10.0) -> None:
        parts = httpx.URL(url)
        self.url = url
        self.shown = f"{parts.scheme}://{parts.netloc.decode().rpartition('@')[2]}"
        self.patience = patience
        self._ids = itertools.count(1)
        self._target = parts.copy_with(username=None, password=None)
        self._client = httpx.Client(
            auth=(parts.username, parts.password) if parts.username else None,
            timeout=httpx.Timeout(timeout, connect=min(timeout, 5.0)),
            headers={"content-type": "application/json"},
            # Making a TLS context costs 30 ms, and no proxy reaches our own machine.
            verify=parts.scheme == "https",
            trust_env=parts.host not in {"127.0.0.1", "localhost", "::1"},
        )

    def __repr__(self) -> str:
        return f"RpcClient({self.shown!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    # -- asking once -----------------------------------------------------------------------

    def call(self, method: str, *params: object) -> Any:
        """Ask once, and return `result`.

        Raises:
            NodeUnavailable: no answer, or none that is JSON-RPC; it may be asked again.
            RpcError: the node refused.
        """
        return self._ask(method, params, Any)

    def batch(self, calls: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        """Ask several at once; results in order, each a result or the RpcError it met.

        Raises:
            NodeUnavailable: no answer, or not one for each.
            RpcError: the node refused the batch as a whole.
        """
        return [
            answer if isinstance(answer, RpcError) else self._read(method, answer, Any)
            for (method, _), answer in zip(calls, self._ask_batch(calls), strict=True)
        ]

    def send_raw(self, raw: bytes) -> Hash32:
        """Broadcast a signed transaction once, and return its hash."""
        answer = self.call("eth_sendRawTransaction", to_hex(raw))
        return self._understood("eth_sendRawTransaction", parse_hash, answer)

    # -- reading, with patience ------------------------------------------------------------

    def fetch(self, method: str, *params: object) -> Any:
        """Ask a read, again with back-off while the node does not answer. Raises as `call`."""
        return self._patiently(lambda: self.call(method, *params))

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
        wanted: dict[str, object] = {
            "address": to_hex(address),
            "topics": [_topic(topic) for topic in topics],
        }
        if block_hash is not None:
            wanted["blockHash"] = to_hex(block_hash)
        else:
            wanted |= {"fromBlock": block_parameter(first), "toBlock": block_parameter(last)}
        found = self._patiently(lambda: self._ask("eth_getLogs", (wanted,), list[WireLog]))
        return self._understood("eth_getLogs", lambda logs: [read_log(log) for log in logs], found)

    def fetch_storage(self, address: Address, slot: Hash32, block: BlockId = "latest") -> Hash32:
        """Fetch a storage slot's 32 bytes as of a block."""
        method = "eth_getStorageAt"
        answer = self.fetch(method, to_hex(address), to_hex(slot), block_parameter(block))
        return self._understood(method, lambda text: parse_hex(text).rjust(32, b"\0"), answer)

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
        self, to: Address, data: bytes, block: BlockId = "latest", *, sender: Address | None = None
    ) -> bytes:
        """Run a call without sending it, and return what it returns. A revert is an RpcError."""
        asked = {"to": to_hex(to), "data": to_hex(data)}
        if sender is not None:
            asked["from"] = to_hex(sender)
        return self._understood(
            "eth_call", parse_hex, self.fetch("eth_call", asked, block_parameter(block))
        )

    def fetch_gas(self, sender: Address, to: Address | None, data: bytes) -> int:
        """Gas a transaction would need on the newest block. A revert is an RpcError."""
        asked = {"from": to_hex(sender), "data": to_hex(data)}
        if to is not None:
            asked["to"] = to_hex(to)
        return self._understood(
            "eth_estimateGas", parse_quantity, self.fetch("eth_estimateGas", asked)
        )

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
        for start in range(0, len(hashes), _BATCH):
            calls = [(method, (to_hex(one),)) for one in hashes[start : start + _BATCH]]
            for answer in self._patiently(lambda calls=calls: self._ask_batch(calls)):  # type: ignore[misc]
                if isinstance(answer, RpcError):
                    raise answer
                receipt = self._read(method, answer, WireReceipt | None)
                found.append(receipt and self._understood(method, read_receipt, receipt))
        return found

    # -- the wire --------------------------------------------------------------------------

    def _patiently(self, ask: Callable[[], T]) -> T:
        deadline = time.monotonic() + self.patience
        pause = _FIRST_PAUSE
        while True:
            try:
                return ask()
            except NodeUnavailable:
                if time.monotonic() + pause > deadline:
                    raise
                time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - only spreads retries
                pause = min(2 * pause, _LONGEST_PAUSE)

    def _ask(self, method: str, params: Sequence[object], wanted: type[T]) -> T:
        number = next(self._ids)
        body = self._post(method, _request(number, method, params))
        answer = self._decode(method, body, _Answer)
        if answer.error is None and answer.id != number:
            raise self._nonsense(method, "it answers another request")
        result = _result(method, answer)
        if isinstance(result, RpcError):
            raise result
        read: T = self._read(method, result, wanted)
        return read

    def _ask_batch(
        self, calls: Sequence[tuple[str, Sequence[object]]]
    ) -> list[msgspec.Raw | RpcError]:
        if not calls:
            return []
        numbers = [next(self._ids) for _ in calls]
        requests = [_request(number, *call) for number, call in zip(numbers, calls, strict=True)]
        body = self._post("batch", requests)
        if body.lstrip().startswith(b"{"):
            refused = _result("batch", self._decode("batch", body, _Answer))
            raise (
                refused if isinstance(refused, RpcError) else self._nonsense("batch", "one answer")
            )
        answers = {one.id: one for one in self._decode("batch", body, list[_Answer])}
        if answers.keys() != set(numbers):
            raise self._nonsense("batch", "answers are missing")
        return [
            _result(method, answers[number])
            for number, (method, _) in zip(numbers, calls, strict=True)
        ]

    def _post(self, method: str, request: object) -> bytes:
        try:
            response = self._client.post(self._target, content=msgspec.json.encode(request))
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise NodeUnavailable(
                f"{self.shown} did not answer {method}: {reason}", url=self.shown, method=method
            ) from error
        # Some nodes send a JSON-RPC error with HTTP status 400 or 500; that is an answer.
        told = response.headers.get("content-type", "")
        if response.status_code >= 300 and (
            response.status_code in {429, 502, 503, 504} or "json" not in told
        ):
            raise self._nonsense(method, f"HTTP status {response.status_code}")
        return response.content

    def _decode(self, method: str, body: bytes | msgspec.Raw, wanted: Any) -> Any:
        try:
            return msgspec.json.decode(body, type=wanted)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise self._nonsense(method, str(error)) from None

    def _read(self, method: str, result: msgspec.Raw, wanted: Any) -> Any:
        if not bytes(result):
            raise self._nonsense(method, "neither result nor error")
        return self._decode(method, result, wanted)

    def _understood(self, method: str, read: Callable[[Any], T], answer: object) -> T:
        try:
            return read(answer)
        except (KeyError, TypeError, ValueError, MalformedValue) as error:
            raise self._nonsense(method, str(error)) from None

    def _nonsense(self, method: str, reason: str) -> NodeUnavailable:
        return NodeUnavailable(
            f"{self.shown} gave no usable answer to {method}: {reason}",
            url=self.shown,
            method=method,
            reason=reason,
        )


def _request(number: int, method: str, params: Sequence[object]) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}


def _result(method: str, answer: _Answer) -> msgspec.Raw | RpcError:
    failure = answer.error
    if failure is None:
        return answer.result
    return RpcError(method, failure.code, failure.message, failure.data)


def _topic(topic: Hash32 | Sequence[Hash32] | None) -> str | list[str] | None:
    if topic is None:
        return None
    return to_hex(topic) if isinstance(topic, bytes) else [to_hex(one) for one in topic]
