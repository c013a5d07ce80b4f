"""Recursive-length prefix, read strictly: one value, one encoding (Yellow Paper, appendix B)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

from ledger.errors import VerificationError
from ledger.types import Hash32

Item: TypeAlias = "bytes | list[Item]"
"""A string of bytes, or a list of items."""

_MAX_DEPTH: Final = 32
_STRING, _LONG_STRING, _LIST, _LONG_LIST = 0x80, 0xB7, 0xC0, 0xF7


class RlpError(VerificationError):
    """Bytes are not the one encoding of an item; `offset` is where that shows."""

    code = "bad_rlp"

    def __init__(self, reason: str, offset: int = 0) -> None:
        super().__init__(f"RLP: {reason} at byte {offset}", reason=reason, offset=offset)


def decode(raw: bytes) -> Item:
    """Read one item that takes up `raw` exactly.

    Raises:
        RlpError: bytes are missing or left over, a length is not written minimally, a single
            byte below 0x80 is not written as itself, or lists nest too deeply.
    """
    item, end = _read(raw, 0, len(raw), _MAX_DEPTH)
    if end != len(raw):
        raise RlpError(f"{len(raw) - end} bytes left over", end)
    return item


def decode_list(raw: bytes) -> list[Item]:
    """Read one list that takes up `raw` exactly. Raises RlpError."""
    item = decode(raw)
    if isinstance(item, bytes):
        raise RlpError("a string stands where a list must")
    return item


def decode_number(item: Item, size: int) -> int:
    """Read a number of at most `size` bytes: big-endian, no leading zeros, zero is empty.

    Raises:
        RlpError: the item is a list, too long, or begins with a zero byte.
    """
    if not isinstance(item, bytes) or len(item) > size:
        raise RlpError(f"no number of at most {size} bytes")
    if item[:1] == b"\0":
        raise RlpError("a number begins with a zero byte")
    return int.from_bytes(item, "big")


def decode_hash(item: Item) -> Hash32:
    """Read a string of 32 bytes. Raises RlpError."""
    if not isinstance(item, bytes) or len(item) != 32:
        raise RlpError("no string of 32 bytes")
    return item


def encode(item: Item | Sequence[Item]) -> bytes:
    """Write an item."""
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < _STRING:
            return item
        return _prefix(len(item), _STRING) + item
    body = b"".join(map(encode, item))
    return _prefix(len(body), _LIST) + body


def encode_number(number: int) -> bytes:
    """The bytes that stand for a number inside an item: no leading zeros, zero is empty."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _prefix(length: int, base: int) -> bytes:
    if length <= 55:
        return bytes([base + length])
    digits = encode_number(length)
    return bytes([base + 55 + len(digits)]) + digits


def _read(raw: bytes, at: int, end: int, depth: int) -> tuple[Item, int]:
    """The item at `at` and where it ends; it must not reach beyond `end`."""
    if at >= end:
        raise RlpError("an item is missing", at)
    first = raw[at]
    if first < _STRING:
        return raw[at : at + 1], at + 1
    if first < _LIST:
        start, stop = _extent(raw, at, end, first, _STRING, _LONG_STRING)
        if stop - start == 1 and raw[start] < _STRING:
            raise RlpError("a byte below 0x80 is not written as itself", at)
        return raw[start:stop], stop
    if depth == 0:
        raise RlpError(f"lists nest deeper than {_MAX_DEPTH}", at)
    start, stop = _extent(raw, at, end, first, _LIST, _LONG_LIST)
    items: list[Item] = []
    while start < stop:
        item, start = _read(raw, start, stop, depth - 1)
        items.append(item)
    return items, stop


def _extent(raw: bytes, at: int, end: int, first: int, base: int, long: int) -> tuple[int, int]:
    """Where the body of the item at `at` starts and stops."""
    start, length = at + 1, first - base
    if first > long:
        start += first - long
        digits = raw[at + 1 : start]
        length = int.from_bytes(digits, "big")
        if start > end or digits[0] == 0 or length <= 55:
            raise RlpError("a length is not written minimally", at)
    if start + length > end:
        raise RlpError("an item reaches beyond its end", at)
    return start, start + length
