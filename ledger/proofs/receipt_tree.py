"""The tree of all promises that were made together, and the receipt that each gets of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.hashing import leaf_hash, merkle_top, next_level, receipts_message
from ledger.proofs.receipt import Promise, Receipt
from ledger.types import Hash32


class ReceiptTree:
    """The tree over promises that were made together, in order."""

    def __init__(self, leaf_hashes: Sequence[Hash32]) -> None:
        """Take the hashes of the leaves, one at least."""
        self._levels = [list(leaf_hashes)]
        while len(self._levels[-1]) > 1:
            self._levels.append(next_level(self._levels[-1]))

    @classmethod
    def over(cls, promises: Sequence[Promise]) -> ReceiptTree:
        """The tree over promises."""
        return cls([leaf_hash(one.leaf()) for one in promises])

    @property
    def leaves(self) -> list[Hash32]:
        """The hashes of the leaves."""
        return self._levels[0]

    @property
    def size(self) -> int:
        """How many leaves it has."""
        return len(self._levels[0])

    @property
    def root(self) -> Hash32:
        """Its root."""
        return merkle_top(self._levels[-1])

    def message(self, domain: Hash32) -> bytes:
        """What the service signs the keccak of, for all receipts at once."""
        return receipts_message(domain, self.root, self.size)

    def path(self, index: int) -> tuple[Hash32, ...]:
        """The path from a leaf to the root, lowest sibling first (RFC 6962, 2.1.1)."""
        found = []
        for level in self._levels[:-1]:
            if index ^ 1 < len(level):
                found.append(level[index ^ 1])
            index >>= 1
        return tuple(found)

    def receipt(self, domain: Hash32, promise: Promise, index: int, signature: bytes) -> Receipt:
        """The receipt of the promise that is leaf `index`."""
        return Receipt(domain, promise, index, self.size, self.path(index), signature)


@dataclass(frozen=True, slots=True)
class Given:
    """A promise about the ledger of `domain`, as leaf `index` of a tree whose root was signed."""

    domain: Hash32
    promise: Promise
    index: int
    tree: ReceiptTree
    signature: bytes

    def receipt(self) -> Receipt:
        """The receipt by itself."""
        return self.tree.receipt(self.domain, self.promise, self.index, self.signature)
