"""A stretch's entries as one EPCIS document, written while they are read.

There is an event for each entry; behind that of a correction, the mistaken one is told again with
an error declaration, as the standard has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
from sqlalchemy import Engine

from ledger.database.engine import reading
from ledger.domain.kinds import Kind
from ledger.domain.payloads import Corrected
from ledger.mirror.export.reading import Rows, Stretch
from ledger.mirror.queries import find_entry
from ledger.mirror.tables import MirrorRow
from ledger.standards.epcis import Event, Names, tell_document, tell_error, tell_event
from ledger.types import to_hex

_END: Final = b"]}}"


def document(
    engine: Engine, mirror: MirrorRow, stretch: Stretch, pages: Iterable[Rows]
) -> Iterator[bytes]:
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
        events = [event for row in rows for event in _events(engine, row, names)]
        yield between + b",\n".join([msgspec.json.encode(event) for event in events])
        between = b",\n"
    yield b"\n" + _END + b"\n"


def _events(engine: Engine, row: Any, names: Names) -> list[Event]:
    event = tell_event(row, names)
    if row.kind != Kind.CORRECTED:
        return [event]
    with reading(engine) as session:
        mistaken = find_entry(session, row.subject, Corrected.decode(row.payload).corrects)
    # What corrects the first entry of a batch's asset does not correct the batch.
    if mistaken is None or mistaken.subject != row.subject:
        return [event]
    return [event, tell_error(mistaken, row, names)]
