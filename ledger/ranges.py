"""How many blocks to ask for at once: so many that the answer is worth its while, and is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_ENTRIES: Final = 2_500
_LARGEST: Final = 100_000


@dataclass(slots=True)
class Span:
    """A number of blocks that holds about _ENTRIES entries, and that the node does not refuse.

    Every node refuses what is too much in words of its own, and none is needed: what is refused is
    asked for again in quarters.
    """

    size: int = 100

    def shrink(self) -> None:
        """Ask for less, as the node refused or did not tell the truth."""
        self.size = max(1, self.size // 4)

    def adapt(self, entries: int) -> None:
        """Ask for more or less, as a range of this size held so many entries."""
        if entries > 2 * _ENTRIES:
            self.size = max(1, self.size * _ENTRIES // entries)
        elif entries < _ENTRIES // 2:
            self.size = min(_LARGEST, self.size * 2)
