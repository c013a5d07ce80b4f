"""One range of bytes of what is downloaded (RFC 9110, 14)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from api.errors import Problem

_RANGE: Final = re.compile(r"bytes=\s*(\d{0,19})-(\d{0,19})\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Part:
    """The bytes from `begin` up to but not including `end` of `size`; `is_whole` if that is all."""

    begin: int
    end: int
    size: int
    is_whole: bool = False

    @property
    def headers(self) -> dict[str, str]:
        """What the answer says of it."""
        told = {"Accept-Ranges": "bytes", "Content-Length": str(self.end - self.begin)}
        if self.is_whole:
            return told
        return told | {"Content-Range": f"bytes {self.begin}-{self.end - 1}/{self.size}"}


def read_range(given: str | None, if_range: str | None, etag: str, size: int) -> Part:
    """The part that is asked for; all of it where none is, or several, or of something older.

    Raises:
        Problem: nothing is there.
    """
    whole = Part(0, size, size, is_whole=True)
    found = _RANGE.fullmatch(given) if given and if_range in (None, etag) else None
    if found is None or found.groups() == ("", ""):
        return whole
    first, last = found.groups()
    if not first:
        begin, end = max(0, size - int(last)), size
    else:
        begin, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < int(first):
            return whole
    if begin >= end:
        raise Problem(
            "range_not_satisfiable",
            f"the document has {size} bytes, and none of {given!r}"[:300],
            headers={"Content-Range": f"bytes */{size}"},
        )
    return Part(begin, end, size)
