"""Entries as JSON Lines: one a line, in the ledger's order, in the words of the API."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from ledger.domain.telling import tell_entry
from ledger.mirror.export.reading import Rows


def lines(pages: Iterable[Rows]) -> Iterator[bytes]:
    """Each page's entries as lines."""
    for rows in pages:
        yield b"".join([msgspec.json.encode(tell_entry(row)) + b"\n" for row in rows])
