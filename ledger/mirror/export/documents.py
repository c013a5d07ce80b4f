"""A stretch's entries as one EPCIS document, written while they are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from ledger.mirror.export.reading import Rows, Stretch
from ledger.mirror.tables import MirrorRow
from ledger.standards.epcis import Names, tell_document, tell_event
from ledger.types import to_hex

_END: Final = b"]}}"


def document(mirror: MirrorRow, stretch: Stretch, pages: Iterable[Rows]) -> Iterator[bytes]:
    """A document piece by piece; it is as old as its newest entry."""
    names = Names(mirror.chain_id, mirror.contract)
    empty = tell_document(
        names,
        stretch.last.timestamp,
        domain=to_hex(mirror.domain),
        from_block=stretch.before.block + 1,
        to_block=stretch.last.block,
        ledger_head=to_hex(stretch.last.ledger_head),
    )
    yield msgspec.json.encode(empty).removesuffix(_END)
    between = b"\n"
    for rows in pages:
        events = [msgspec.json.encode(tell_event(row, names)) for row in rows]
        yield between + b",\n".join(events)
        between = b",\n"
    yield b"\n" + _END + b"\n"
