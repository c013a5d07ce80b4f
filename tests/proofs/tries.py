"""An oracle: Merkle-Patricia tries built the plain way, with another RLP than ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

import rlp

from ledger.hashing import keccak

Pairs = Sequence[tuple[tuple[int, ...], bytes]]


def nibbles(key: bytes) -> tuple[int, ...]:
    return tuple(nibble for byte in key for nibble in divmod(byte, 16))


def hex_prefix(path: tuple[int, ...], is_leaf: bool) -> bytes:
    flag = 2 * is_leaf + len(path) % 2
    padded = (flag, *path) if len(path) % 2 else (flag, 0, *path)
    return bytes(16 * high + low for high, low in zip(padded[::2], padded[1::2], strict=True))


def shared_prefix(pairs: Pairs) -> tuple[int, ...]:
    columns = zip(*(path for path, _ in pairs), strict=False)
    return tuple(c[0] for c in takewhile(lambda column: len(set(column)) == 1, columns))


class Trie:
    """A trie of keys of one length; `values` maps each key to its value."""

    def __init__(self, values: Mapping[bytes, bytes]) -> None:
        self._pairs = [(nibbles(key), value) for key, value in sorted(values.items())]
        self._kept: dict[bytes, bytes] = {}
        top = rlp.encode(self._node(self._pairs))
        self.root = keccak(top)
        self._kept[self.root] = top

    def prove(self, key: bytes) -> tuple[bytes, ...]:
        """The nodes from the root towards the key, embedded ones left out."""
        found, path = [self._kept[self.root]], nibbles(key)
        node: Any = rlp.decode(found[0])
        while isinstance(node, list):
            if len(node) == 17:
                step, path = node[path[0]], path[1:]
            else:
                stem = nibbles(node[0])
                stem = stem[1:] if stem[0] % 2 else stem[2:]
                if nibbles(node[0])[0] >= 2 or path[: len(stem)] != stem:
                    break
                step, path = node[1], path[len(stem) :]
            if isinstance(step, bytes) and step:
                found.append(self._kept[step])
                step = rlp.decode(found[-1])
            node = step
        return tuple(found)

    def _node(self, pairs: Pairs) -> Any:
        if not pairs:
            return b""
        if len(pairs) == 1:
            return [hex_prefix(pairs[0][0], True), pairs[0][1]]
        stem = shared_prefix(pairs)
        if stem:
            below = self._reference([(path[len(stem) :], value) for path, value in pairs])
            return [hex_prefix(stem, False), below]
        return [
            self._reference([(path[1:], value) for path, value in pairs if path[0] == nibble])
            for nibble in range(16)
        ] + [b""]

    def _reference(self, pairs: Pairs) -> Any:
        node = self._node(pairs)
        encoded = rlp.encode(node)
        if node == b"" or len(encoded) < 32:
            return node
        self._kept[keccak(encoded)] = encoded
        return keccak(encoded)
