"""Draws a sample that neither side can choose, by steps that anybody can repeat.

All assets that a ledger had after a block are numbered from 0 in the order of their births, those
of a batch by index: so their number is all that has to be known of them. H is Keccak-256, numbers
fill 32 bytes.

1. Word k, from 0, is H(domain ‖ seed ‖ population ‖ k), read as a number.
2. A word that is not below the greatest multiple of the population (2²⁵⁶ at most) is passed over,
   so that no number is likelier than another.
3. What remains of the word by the population is drawn, unless it was drawn before.
4. The draw ends when so many as are wanted are drawn, or all. A larger one begins with a smaller.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count
from typing import Final

from ledger.errors import MalformedValue
from ledger.hashing import keccak
from ledger.types import Hash32

MOST_DRAWN: Final = 10_000
"""Assets that one sample holds at the most."""

_WORD: Final = 32
_SPAN: Final = 1 << 8 * _WORD


def draw(domain: Hash32, seed: Hash32, population: int, wanted: int) -> tuple[int, ...]:
    """The numbers of the assets that are drawn, in the order of drawing.

    `domain` is the ledger's (EIP-712), which binds chain and contract, `seed` a block's hash.

    Raises:
        MalformedValue: none is wanted, or more than MOST_DRAWN.
    """
    if not 1 <= wanted <= MOST_DRAWN:
        raise MalformedValue(field="sample", value=wanted, wanted=f"from 1 to {MOST_DRAWN}")
    if population == 0:
        return ()
    size = min(wanted, population)
    drawn: dict[int, None] = {}
    words = _words(domain + seed + population.to_bytes(_WORD, "big"))
    numbers = evenly(words, population, _SPAN)
    while len(drawn) < size:
        drawn[next(numbers)] = None
    return tuple(drawn)


def evenly(words: Iterable[int], population: int, span: int) -> Iterator[int]:
    """Of words evenly below `span`, numbers evenly below `population`; some are passed over."""
    bound = span - span % population
    return (word % population for word in words if word < bound)


def _words(begin: bytes) -> Iterator[int]:
    return (int.from_bytes(keccak(begin + counter.to_bytes(_WORD, "big"))) for counter in count())
