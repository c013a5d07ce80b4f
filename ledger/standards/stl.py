"""STL files, binary and text: as many triangles as they say, whole, with numbers that are some."""

from __future__ import annotations

import re
import struct
from typing import Final

from ledger.standards.files import Readable, broken, read_at

_HEAD: Final = 84
_TRIANGLE: Final = 50
_WITHIN: Final = 64 * 1024
_SOLID: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*solid\b[^\n]*\n\s*", re.I)
_FACET: Final = re.compile(rb"facet\s+normal(?:\s+\S+){3}\s+outer\s+loop\s+vertex\s", re.I)
_END: Final = re.compile(rb"endsolid\b[^\n]*\s*\Z", re.I)


def verify_stl(file: Readable, size: int) -> None:
    """See that a file is as long as its triangles are, or a text that ends. Raises BrokenFile."""
    head = read_at(file, 0, _HEAD)
    count = int(struct.unpack_from("<I", head, 80)[0]) if len(head) == _HEAD else None
    if count is not None and size == _HEAD + _TRIANGLE * count:
        _verify_numbers(file, count)
    elif head.lstrip(b"\xef\xbb\xbf \t\r\n")[:5].lower() == b"solid":
        _verify_text(file, size)
    elif count is None:
        raise broken("", f"it has {size} bytes, too few to be STL")
    else:
        wanted = _HEAD + _TRIANGLE * count
        raise broken("/triangles", f"it tells of {count}, {wanted} bytes in all, and has {size}")


def _verify_numbers(file: Readable, count: int) -> None:
    """See that the first triangles' corners are numbers."""
    some = min(count, _WITHIN // _TRIANGLE)
    raw = read_at(file, _HEAD, some * _TRIANGLE)
    for index in range(some):
        numbers = struct.unpack_from("<9f", raw, index * _TRIANGLE + 12)
        if any(number != number or abs(number) == float("inf") for number in numbers):
            raise broken(f"/triangles/{index}", "a corner is at no number")


def _verify_text(file: Readable, size: int) -> None:
    begin = read_at(file, 0, _WITHIN)
    solid = _SOLID.match(begin)
    if solid is None:
        raise broken("", "the line of its solid does not end")
    if not _FACET.match(begin, solid.end()) and not _END.match(begin, solid.end()):
        raise broken("/facets/0", "no facet with its normal and loop comes first")
    if not _END.search(read_at(file, max(0, size - 1024), 1024)):
        raise broken("", "it does not end with endsolid (was it cut short?)")
