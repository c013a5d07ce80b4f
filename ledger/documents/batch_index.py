"""Finds a batch's lines by serial or content hash: sorted keys, searched in place."""

from __future__ import annotations

import mmap
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

from ledger.documents.private import create_private
from ledger.hashing import sha256
from ledger.types import Hash32

KEY_SIZE: Final = 8
_SPAN: Final = 2**64
_AT_ONCE: Final = 2**20


def serial_key(serial: str) -> int:
    """The key of a serial: the first 8 bytes of its SHA-256, big-endian."""
    return int.from_bytes(sha256(serial.encode())[:KEY_SIZE])


def hash_key(content_hash: Hash32) -> int:
    """The key of a content hash: its first 8 bytes, big-endian."""
    return int.from_bytes(content_hash[:KEY_SIZE])


def write_index(keys: array[int], sorted_keys: Path, order: Path) -> None:
    """Write the keys sorted (8 bytes each), and which line each is of, from 0 (4 bytes each).

    Sorts a million at a time, by ranges of keys, so that memory is bounded.
    """
    passes = -(-len(keys) // _AT_ONCE) or 1
    bounds = [_SPAN * number // passes for number in range(passes + 1)]
    with create_private(sorted_keys) as key_file, create_private(order) as order_file:
        for least, beyond in pairwise(bounds):
            chosen = [i for i, key in enumerate(keys) if least <= key < beyond]
            chosen.sort(key=keys.__getitem__)
            key_file.write(array("Q", [keys[i] for i in chosen]))
            order_file.write(array("I", chosen))


class Column:
    """Numbers or hashes of a fixed size, one a line, read in place from a file."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.bytes = memoryview(self._map)

    def numbers(self, code: str) -> memoryview[int]:
        """The file as numbers of that `array` code."""
        return self.bytes.cast(code)  # type: ignore[call-overload, no-any-return]


class Index:
    """An index that `write_index` wrote."""

    def __init__(self, sorted_keys: Path, order: Path) -> None:
        self.keys = Column(sorted_keys).numbers("Q")
        self._order = Column(order).numbers("I")

    def find(self, key: int) -> Iterator[int]:
        """The lines of that key, from 0: few, but perhaps of other serials."""
        at = bisect_left(self.keys, key)
        while at < len(self.keys) and self.keys[at] == key:
            yield self._order[at]
            at += 1

    def repeated(self) -> Iterator[int]:
        """Keys that more than one line has, each once."""
        last = None
        for window in range(0, len(self.keys), _AT_ONCE):
            part = self.keys[window : window + _AT_ONCE + 1].tolist()
            for key in (one for one, other in pairwise(part) if one == other):
                if key != last:
                    yield key
                last = key

    def common(self, other: Index) -> Iterator[int]:
        """Keys that both hold."""
        for window in range(0, len(self.keys), _AT_ONCE):
            mine = self.keys[window : window + _AT_ONCE].tolist()
            low, high = bisect_left(other.keys, mine[0]), bisect_left(other.keys, mine[-1] + 1)
            yield from sorted(set(mine).intersection(other.keys[low:high]))
