"""Which characters a font has, so that others can be named on paper."""

from __future__ import annotations

import struct
from bisect import bisect_right
from pathlib import Path
from typing import Any, Final

from ledger.errors import ToolError

_WIDE: Final = 12
"""The format of a table of all Unicode's characters (OpenType, `cmap`, format 12)."""


class Glyphs:
    """The characters of a font, as stretches of code points."""

    def __init__(self, path: Path) -> None:
        """Read a font's `cmap`. Raises ToolError if it has none of all Unicode's characters."""
        groups = sorted(_read_groups(path.read_bytes(), path))
        self._starts = [start for start, _ in groups]
        self._ends = [end for _, end in groups]

    def has(self, character: str) -> bool:
        """Whether the font can show it."""
        at = bisect_right(self._starts, ord(character)) - 1
        return at >= 0 and ord(character) <= self._ends[at]

    def legible(self, value: Any) -> Any:
        """A JSON value in whose texts all other characters are written as [U+1F600]."""
        match value:
            case str():
                return "".join([one if self.has(one) else f"[U+{ord(one):04X}]" for one in value])
            case dict():
                return {name: self.legible(one) for name, one in value.items()}
            case list():
                return [self.legible(one) for one in value]
            case _:
                return value


def _read_groups(font: bytes, path: Path) -> list[tuple[int, int]]:
    tables = struct.unpack_from(">H", font, 4)[0]
    for at in range(12, 12 + 16 * tables, 16):
        tag, _, begin, _ = struct.unpack_from(">4sLLL", font, at)
        if tag == b"cmap":
            for offset in _subtables(font, begin):
                if struct.unpack_from(">H", font, offset)[0] == _WIDE:
                    return _stretches(font, offset)
    raise ToolError(f"{path}: it has no table of all Unicode's characters")


def _subtables(font: bytes, begin: int) -> list[int]:
    count = struct.unpack_from(">H", font, begin + 2)[0]
    return [begin + struct.unpack_from(">HHL", font, begin + 4 + 8 * i)[2] for i in range(count)]


def _stretches(font: bytes, offset: int) -> list[tuple[int, int]]:
    count = struct.unpack_from(">L", font, offset + 12)[0]
    groups = struct.iter_unpack(">LLL", font[offset + 16 : offset + 16 + 12 * count])
    return [(start, end) for start, end, _ in groups]
