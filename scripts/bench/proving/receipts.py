"""Proofs of receipts: that each entry stands in its block, and nothing of what is left out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from ledger.domain.log import APPENDED_TOPIC, decode_appended
from ledger.hashing import keccak
from ledger.proofs.header import encode_header
from ledger.proofs.rlp import Item, decode, decode_list, encode, encode_number
from ledger.types import Address, Hash32, parse_hex, to_hex
from scripts.bench.costs.chain import BenchError, Chain

_RECEIPTS_ROOT: Final = 5
_MANY: Final = 100


@dataclass(frozen=True, slots=True)
class Proofs:
    """As one JSON text: for each block its header and its only transaction's receipt."""

    raw: bytes


def fetch_proofs(chain: Chain, contract: Address, subject: Hash32) -> Proofs:
    """What a node must be asked to prove the subject's entries by their receipts."""
    logs = chain.rpc.fetch_logs(contract, (APPENDED_TOPIC, subject), 0, "latest")
    hashes = list(dict.fromkeys(log.transaction_hash for log in logs))
    blocks = list(dict.fromkeys(log.block_hash for log in logs))
    receipts = _ask(chain, "eth_getTransactionReceipt", hashes)
    headers = _ask(chain, "eth_getBlockByHash", blocks, False)
    told = [
        {"header": to_hex(encode_header(header)), "receipt": to_hex(_encode(receipt))}
        for header, receipt in zip(headers, receipts, strict=True)
    ]
    return Proofs(json.dumps(told, separators=(",", ":")).encode())


def verify_proofs(proofs: Proofs, contract: Address, subject: Hash32, trusted: set[Hash32]) -> int:
    """How many of the subject's entries are proven, each in a block that is trusted.

    A trie of one receipt is one leaf, under the key RLP(0); larger ones have longer paths.
    """
    found = 0
    for each in json.loads(proofs.raw):
        header, receipt = parse_hex(each["header"]), parse_hex(each["receipt"])
        if keccak(header) not in trusted:
            raise BenchError("a header of no trusted block")
        leaf = encode([b"\x20\x80", receipt])
        if decode_list(header)[_RECEIPTS_ROOT] != keccak(leaf):
            raise BenchError("a receipt of another block")
        found += _count(receipt, contract, subject)
    return found


def _count(receipt: bytes, contract: Address, subject: Hash32) -> int:
    fields = decode(receipt[1:])
    found = 0
    for log in fields[3]:
        address, topics, data = log[0], log[1], log[2]
        if address == contract and topics[:2] == [APPENDED_TOPIC, subject]:
            decode_appended(topics, data)
            found += 1
    return found


def _ask(chain: Chain, method: str, hashes: Sequence[Hash32], *more: object) -> list[Any]:
    answers: list[Any] = []
    for start in range(0, len(hashes), _MANY):
        calls = [(method, (to_hex(one), *more)) for one in hashes[start : start + _MANY]]
        answers += chain.rpc.batch(calls)
    return answers


def _encode(receipt: dict[str, Any]) -> bytes:
    """A receipt as its trie holds it (EIP-2718, EIP-1559)."""
    logs: list[Item] = [
        [parse_hex(log["address"]), [parse_hex(t) for t in log["topics"]], parse_hex(log["data"])]
        for log in receipt["logs"]
    ]
    fields: list[Item] = [
        encode_number(int(receipt["status"], 16)),
        encode_number(int(receipt["cumulativeGasUsed"], 16)),
        parse_hex(receipt["logsBloom"]),
        logs,
    ]
    return bytes([int(receipt["type"], 16)]) + encode(fields)
