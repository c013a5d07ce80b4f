"""A block's header as the bytes that its hash is taken of, from the JSON a node answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ledger.errors import MalformedValue, NodeError
from ledger.hashing import keccak
from ledger.proofs.rlp import (
    RlpError,
    decode_hash,
    decode_list,
    decode_number,
    encode,
    encode_number,
)
from ledger.types import Hash32, parse_hash, parse_hex, to_hex

# (name, is it a number) in the order of the header; each fork appends (Yellow Paper, 4.3;
# EIP-1559, EIP-4895, EIP-4844, EIP-4788, EIP-7685).
_FIELDS: Final = (
    ("parentHash", False),
    ("sha3Uncles", False),
    ("miner", False),
    ("stateRoot", False),
    ("transactionsRoot", False),
    ("receiptsRoot", False),
    ("logsBloom", False),
    ("difficulty", True),
    ("number", True),
    ("gasLimit", True),
    ("gasUsed", True),
    ("timestamp", True),
    ("extraData", False),
    ("mixHash", False),
    ("nonce", False),
    ("baseFeePerGas", True),
    ("withdrawalsRoot", False),
    ("blobGasUsed", True),
    ("excessBlobGas", True),
    ("parentBeaconBlockRoot", False),
    ("requestsHash", False),
)
_LONDON: Final = 16
_PARENT, _STATE_ROOT, _NUMBER, _TIMESTAMP = 0, 3, 8, 11


@dataclass(frozen=True, slots=True)
class ReadHeader:
    """What is needed of a header's fields; `timestamp` in seconds since 1970."""

    parent: Hash32
    state_root: Hash32
    number: int
    timestamp: int


def read_header(raw: bytes) -> ReadHeader:
    """Read a header of London or later; whose it is, its hash says.

    Raises:
        RlpError: it is no canonical list of such fields.
    """
    fields = decode_list(raw)
    if len(fields) < _LONDON or not all(isinstance(field, bytes) for field in fields):
        raise RlpError("no header of London or later")
    return ReadHeader(
        parent=decode_hash(fields[_PARENT]),
        state_root=decode_hash(fields[_STATE_ROOT]),
        number=decode_number(fields[_NUMBER], 8),
        timestamp=decode_number(fields[_TIMESTAMP], 8),
    )


class UnknownHeader(NodeError):
    """A header's fields do not hash to its block hash: the chain has fields we do not know."""

    code = "unknown_header"


def encode_header(block: Mapping[str, Any]) -> bytes:
    """Write the RLP of a block's header, as `eth_getBlockByNumber` answers it.

    Raises:
        UnknownHeader: a field is missing or malformed, or the bytes do not hash to `hash`.
    """
    present = [name for name, _ in _FIELDS if block.get(name) is not None]
    expected = [name for name, _ in _FIELDS[: max(len(present), _LONDON)]]
    if present != expected:
        missing = ", ".join(sorted(set(expected) - set(present)))
        raise UnknownHeader(f"the node's header lacks {missing}", missing=missing)
    try:
        claimed = parse_hash(block.get("hash"), "hash")
        raw = encode([_field(block, name, number) for name, number in _FIELDS[: len(present)]])
    except MalformedValue as error:
        raise UnknownHeader(f"the node's header: {error.message}", field=error.fields) from None
    _verify_hash(raw, claimed)
    return raw


def _verify_hash(raw: bytes, claimed: Hash32) -> None:
    found = keccak(raw)
    if found != claimed:
        raise UnknownHeader(
            "the node's header does not hash to its block hash",
            expected=to_hex(claimed),
            found=to_hex(found),
        )


def _field(block: Mapping[str, Any], name: str, is_number: bool) -> bytes:
    text = block[name]
    if not is_number:
        return parse_hex(text, field=name)
    try:
        return encode_number(int(text, 16))
    except (TypeError, ValueError):
        raise MalformedValue(field=name, value=text, wanted="a quantity") from None
