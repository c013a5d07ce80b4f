"""A span's entries as one EPCIS document, written while they are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from ledger.mirror.export.reading import Rows, Span
from ledger.mirror.tables import MirrorRow
from ledger.standards.epcis import Names, tell_document, tell_event
from ledger.types import to_hex

_END: Final = b"]}}"


def document(mirror: MirrorRow, span: Span, pages: Iterable[Rows]) -> Iterator[bytes]:
    """A document piece by piece; it is as old as its newest entry."""
    names = Names(mirror.chain_id, mirror.contract)
    empty = tell_document(
        names,
        span.last.timestamp,
        domain=to_hex(mirror.domain),
        from_block=span.before.block + 1,
        to_block=span.last.block,
        ledger_head=to_hex(span.last.ledger_head),
    )
    yield msgspec.json.encode(empty).removesuffix(_END)
    between = b"\n"
    for rows in pages:
        events = [msgspec.json.encode(tell_event(row, names)) for row in rows]
        yield between + b",\n".join(events)
        between = b",\n"
    yield b"\n" + _END + b"\n"
