"""How a long stretch of blocks is asked for: in ranges worth their while, that a node answers.

Every node refuses what is too much in words of its own, or by saying nothing. None is needed: what
is refused is asked for again in quarters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from ledger.errors import NodeError

_ENTRIES: Final = 1_000
_LARGEST: Final = 100_000
_RISE_AFTER: Final = 8
"""Answers after which it is tried whether more is given than was refused once."""

_One = TypeVar("_One")


@dataclass(slots=True)
class Span:
    """A number of blocks that holds about _ENTRIES entries, and that the node does not refuse."""

    size: int = 10
    _most: int = field(default=_LARGEST, init=False)
    _given: int = field(default=0, init=False)

    def shrink(self) -> None:
        """Ask for less, as the node refused or did not tell the truth."""
        self._most, self._given = max(1, self.size // 2), 0
        self.size = max(1, self.size // 4)

    def adapt(self, entries: int) -> None:
        """Ask for more or less, as a range of this size held so many entries."""
        self._given += 1
        if self._given % _RISE_AFTER == 0:
            self._most = min(_LARGEST, self._most * 2)
        if entries > 2 * _ENTRIES:
            self.size = max(1, self.size * _ENTRIES // entries)
        elif entries < _ENTRIES // 2:
            self.size = max(self.size, min(self._most, self.size * 2))


def read_ranges(
    ask: Callable[[int, int], Sequence[_One]], first: int, last: int, span: Span
) -> Iterator[tuple[int, Sequence[_One]]]:
    """What `ask` answers of the blocks from `first` to `last`, range after range, ascending.

    With each answer comes the last block that it is of; `span` learns what the node gives.

    Raises:
        NodeError: it does not answer about a single block.
    """
    while first <= last:
        upto = min(last, first + span.size - 1)
        try:
            answer = ask(first, upto)
        except NodeError:
            if upto == first:
                raise
            span.size = upto - first + 1
            span.shrink()
            continue
        yield upto, answer
        first = upto + 1
        span.adapt(len(answer))
