"""How calldata is laid out: words, and tails that words point at (Solidity ABI, encoding)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Final

from ledger.hashing import keccak
from ledger.types import Address

WORD: Final = 32
"""Bytes of a word."""


@cache
def selector(signature: str) -> bytes:
    """The 4 bytes that name a function or an error (Solidity ABI, function selector)."""
    return keccak(signature.encode())[:4]


def word(value: int) -> bytes:
    """A number as a word."""
    return value.to_bytes(WORD, "big")


def address_word(value: Address) -> bytes:
    """An address as a word."""
    return value.rjust(WORD, b"\0")


def tail(value: bytes) -> bytes:
    """Bytes with their length before and zeros behind them."""
    return word(len(value)) + value + bytes(-len(value) % WORD)


def pointed(tails: Sequence[bytes]) -> bytes:
    """Offsets of the tails, counted from the first offset, then the tails."""
    offset, heads = WORD * len(tails), []
    for one in tails:
        heads.append(word(offset))
        offset += len(one)
    return b"".join(heads) + b"".join(tails)


def array(items: Iterable[bytes]) -> bytes:
    """A list of what has tails of its own."""
    listed = list(items)
    return word(len(listed)) + pointed(listed)
