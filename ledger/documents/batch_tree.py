"""The Merkle tree over a batch's content hashes, with one level kept so that paths are quick."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ledger.documents.private import create_private
from ledger.errors import VerificationError
from ledger.hashing import leaf_hash, merkle_top, next_level, node_hash
from ledger.types import Hash32, to_hex

HASH_SIZE: Final = 32
KEPT_LEVEL: Final = 10
"""Each kept node is the root of 2¹⁰ leaves."""

_LEAVES: Final = 1 << KEPT_LEVEL


def write_tree(hashes: Path, nodes: Path) -> Hash32:
    """Write the kept level over a file of content hashes (32 bytes each), and return the root."""
    kept = []
    with hashes.open("rb") as file:
        while portion := file.read(HASH_SIZE * _LEAVES):
            kept.append(merkle_top(_leaves(portion)))
    with create_private(nodes) as file:
        file.writelines(kept)
    return merkle_top(kept)


def find_path(hashes: memoryview, nodes: memoryview, index: int) -> list[Hash32]:
    """The path from leaf `index`, from 0, to the root, lowest sibling first (RFC 6962, 2.1.1)."""
    block = index // _LEAVES
    begin = block * _LEAVES * HASH_SIZE
    below = _leaves(bytes(hashes[begin : begin + _LEAVES * HASH_SIZE]))
    path = _climb(below, index % _LEAVES)
    return path + _climb(_cut(bytes(nodes)), block)


def verify_path(
    root: Hash32, size: int, index: int, content_hash: Hash32, path: Sequence[Hash32]
) -> None:
    """See that a content hash is leaf `index`, from 0, of the tree (RFC 9162, 2.1.3.2).

    Raises:
        VerificationError: it is not.
    """
    found = find_root(size, index, content_hash, path)
    if found != root:
        raise VerificationError(
            f"the path does not lead from leaf {index} of {size} to the root",
            expected=to_hex(root),
            found=None if found is None else to_hex(found),
        )


def find_root(size: int, index: int, leaf: bytes, path: Sequence[Hash32]) -> Hash32 | None:
    """The root that a path leads to from leaf `index`, from 0 (RFC 9162, 2.1.3.2).

    None if no tree of that size has such a path.
    """
    found, at, last = leaf_hash(leaf), index, size - 1
    for sibling in path:
        if last == 0:
            return None
        if at % 2 or at == last:
            found = node_hash(sibling, found)
            while at and not at % 2:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        at, last = at >> 1, last >> 1
    return found if 0 <= index < size and last == 0 else None


def _climb(level: list[Hash32], index: int) -> list[Hash32]:
    path = []
    while len(level) > 1:
        if index ^ 1 < len(level):
            path.append(level[index ^ 1])
        level, index = next_level(level), index >> 1
    return path


def _leaves(hashes: bytes) -> list[Hash32]:
    return [leaf_hash(each) for each in _cut(hashes)]


def _cut(joined: bytes) -> list[Hash32]:
    return [joined[at : at + HASH_SIZE] for at in range(0, len(joined), HASH_SIZE)]
