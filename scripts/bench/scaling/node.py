"""Answers JSON-RPC as a node does that holds a kept chain and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from ledger.chain.contract import selector
from ledger.errors import LedgerError, MalformedValue
from ledger.proofs.layout import ledger_head_slot
from ledger.types import ZERO_HASH, parse_address, parse_hash, parse_hex, to_hex
from scripts.bench.scaling.kept import Chain
from scripts.bench.scaling.render import Renderer, Topics

_UNFINAL: Final = 64
_NO_METHOD: Final = -32601
_BAD_PARAMS: Final = -32602
_NOT_FOUND: Final = -32000
_LIMIT: Final = -32005
_REVERTED: Final = 3
_NULL: Final = "null"


class Refusal(Exception):
    """The node's error, in JSON-RPC's form."""

    def __init__(self, code: int, message: str, detail: object = None) -> None:
        super().__init__(message)
        self.code = code
        self.detail = detail


Wording = Callable[[int, int, int], Refusal]
"""How a node says no to more than so many logs; it knows the first and the last block that fit."""


def _results(most: int, _first: int, _last: int) -> Refusal:
    return Refusal(_LIMIT, f"query returned more than {most} results")


def _size(most: int, first: int, last: int) -> Refusal:
    return Refusal(
        _BAD_PARAMS,
        "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range"
        " and no limit on the response size, or you can request any block range with a cap of"
        f" {most // 1000}K logs in the response. Based on your parameters and the response size"
        f" limit, this block range should work: [{hex(first)}, {hex(last)}]",
    )


WORDINGS: Final[dict[str, Wording]] = {"results": _results, "size": _size}
"""Infura's words and Alchemy's, as they are in use."""


class _Request(msgspec.Struct):
    method: str
    id: Any = None
    params: Sequence[Any] = ()


@dataclass
class Node:
    """The node; more than `most` logs at once it refuses, in these words (None: it never does)."""

    chain: Chain
    most: int = 10_000
    refuse: Wording | None = _results

    def __post_init__(self) -> None:
        chain = self.chain
        self.renderer = Renderer(chain)
        self.numbers = {chain.block_hash(block.number): block.number for block in chain.blocks}
        self.contract = chain.place.contract
        self.code = chain.code
        self.methods: dict[str, Callable[..., str]] = {
            "eth_chainId": lambda: _quoted(hex(chain.place.chain_id)),
            "net_version": lambda: _quoted(str(chain.place.chain_id)),
            "web3_clientVersion": lambda: _quoted("replay"),
            "eth_blockNumber": lambda: _quoted(hex(chain.newest)),
            "eth_getBlockByNumber": self.get_block,
            "eth_getBlockByHash": self.get_block_by_hash,
            "eth_getLogs": self.get_logs,
            "eth_getStorageAt": self.get_storage,
            "eth_getProof": self.get_proof,
            "eth_getCode": self.get_code,
            "eth_call": self.call,
        }

    def answer(self, body: bytes) -> bytes:
        """The answer to a request, or to a batch of them."""
        try:
            asked = msgspec.json.decode(body, type=_Request | list[_Request])
        except msgspec.MsgspecError as error:
            return _error(None, Refusal(-32700, f"parse error: {error}")).encode()
        if isinstance(asked, list):
            return f"[{','.join(map(self.answer_one, asked))}]".encode()
        return self.answer_one(asked).encode()

    def answer_one(self, asked: _Request) -> str:
        method = self.methods.get(asked.method)
        try:
            if method is None:
                raise Refusal(_NO_METHOD, f"the method {asked.method} does not exist")
            result = method(*asked.params)
        except Refusal as refusal:
            return _error(asked.id, refusal)
        except (LedgerError, TypeError, ValueError, AttributeError) as error:
            return _error(asked.id, Refusal(_BAD_PARAMS, f"invalid argument: {error}"))
        return f'{{"jsonrpc":"2.0","id":{_json(asked.id)},"result":{result}}}'

    @property
    def final(self) -> int:
        """The newest block that is final."""
        return max(0, self.chain.newest - _UNFINAL)

    # -- methods ---------------------------------------------------------------------------

    def get_block(self, block: object, _full: bool = False) -> str:
        number = self.find_number(block)
        return _NULL if number is None else self.renderer.header(number)

    def get_block_by_hash(self, block_hash: str, _full: bool = False) -> str:
        number = self.numbers.get(parse_hash(block_hash))
        return _NULL if number is None else self.renderer.header(number)

    def get_logs(self, wanted: dict[str, Any]) -> str:
        if "blockHash" in wanted:
            first = last = self.get_number({"blockHash": wanted["blockHash"]})
        else:
            first = self.get_number(wanted.get("fromBlock", "latest"))
            last = self.get_number(wanted.get("toBlock", "latest"))
        if first > last:
            raise Refusal(_BAD_PARAMS, "invalid block range params")
        if not self.is_asked(wanted.get("address")):
            return "[]"
        return f"[{','.join(self.find_logs(first, last, _topics(wanted.get('topics'))))}]"

    def find_logs(self, first: int, last: int, topics: Topics) -> list[str]:
        logs: list[str] = []
        if self.renderer.picker(topics) is None:
            self.verify_count(first, last)
        for number in range(first, last + 1):
            logs += self.renderer.logs(number, topics)
            if self.refuse is not None and len(logs) > self.most:
                raise self.refuse(self.most, first, max(first, number - 1))
        return logs

    def verify_count(self, first: int, last: int) -> None:
        """Refuse before anything is written, where the number of logs is known."""
        blocks = self.chain.blocks
        before = blocks[first - 1].sequence if first else 0
        if self.refuse is None or blocks[last].sequence - before <= self.most:
            return
        fits = next(n for n in range(first, last + 1) if blocks[n].sequence - before > self.most)
        raise self.refuse(self.most, first, max(first, fits - 1))

    def get_storage(self, address: str, slot: str, block: object = "latest") -> str:
        number = self.get_number(block)
        asked = parse_hex("0x" + slot[2:].rjust(64, "0"), size=32)
        is_head = self.is_asked(address) and asked == ledger_head_slot()
        return _quoted(to_hex(self.chain.blocks[number].ledger_head if is_head else ZERO_HASH))

    def get_proof(self, address: str, slots: list[str], block: object = "latest") -> str:
        asked = [parse_hex(slot, size=32) for slot in slots]
        if not self.is_asked(address) or asked != [ledger_head_slot()]:
            raise Refusal(_BAD_PARAMS, "nothing is proven here but the ledger head")
        return self.renderer.proof(self.get_number(block))

    def get_code(self, address: str, block: object = "latest") -> str:
        is_there = self.get_number(block) > 0 and self.is_asked(address)
        return _quoted(to_hex(self.code if is_there else b""))

    def call(self, call: dict[str, str], block: object = "latest", *_: object) -> str:
        number = self.get_number(block)
        views = {
            selector("domain()"): self.chain.place.domain,
            selector("ledgerHead()"): self.chain.blocks[number].ledger_head,
        }
        told = views.get(parse_hex(call.get("data") or call.get("input"))[:4])
        if told is None or not self.is_asked(call.get("to")):
            raise Refusal(_REVERTED, "execution reverted", "0x")
        return _quoted(to_hex(told))

    # -- what is meant ---------------------------------------------------------------------

    def find_number(self, block: object) -> int | None:
        """The number of the block that is meant; None if there is none."""
        newest = self.chain.newest
        match block:
            case {"blockHash": str(text)}:
                return self.numbers.get(parse_hash(text))
            case "earliest":
                return 0
            case "latest" | "pending":
                return newest
            case "safe" | "finalized":
                return self.final
            case {"blockNumber": str(text)} | str(text) if text.startswith("0x"):
                number = int(text, 16)
                return number if number <= newest else None
        raise MalformedValue(field="block", value=block, wanted="a block")

    def get_number(self, block: object) -> int:
        number = self.find_number(block)
        if number is None:
            raise Refusal(_NOT_FOUND, "header not found")
        return number

    def is_asked(self, address: object) -> bool:
        """Whether the contract is what an address, or one of several, names (None: any)."""
        named = address if isinstance(address, list) else [address]
        return address is None or self.contract in map(parse_address, named)


def _topics(told: Sequence[Any] | None) -> Topics:
    """An empty list says of a topic what null does: it may be any."""
    lists = (one if isinstance(one, list) else [one] if one else [] for one in told or ())
    return [frozenset(map(parse_hash, some)) or None for some in lists]


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _quoted(text: str) -> str:
    return f'"{text}"'


def _error(number: object, refusal: Refusal) -> str:
    told = {"code": refusal.code, "message": str(refusal)}
    if refusal.detail is not None:
        told["data"] = refusal.detail
    return _json({"jsonrpc": "2.0", "id": number, "error": told})
