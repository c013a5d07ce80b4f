"""The feed's events as CloudEvents."""

from __future__ import annotations

from typing import Any, Final

from ledger.domain.telling import moment, tell_entry
from ledger.mirror.feed import Told
from ledger.standards.cloudevents import tell_cloud_event

REVERTED: Final = "ledger.entry.reverted"
"""The type of events that tell of an entry that no longer holds; others end in their kind."""


def tell_told(told: Told, source: str) -> dict[str, Any]:
    """An event: its data is the entry, whether it came or went, without a link to a document."""
    entry = tell_entry(told.entry)
    back = told.reverted_at
    return tell_cloud_event(
        id=told.id,
        source=source,
        type=f"ledger.entry.{entry['kind']}" if back is None else REVERTED,
        subject=entry["subject"],
        time=entry["at"] if back is None else moment(back / 1000),
        data=entry | {"document": None},
    )


def feed_source(api_url: str) -> str:
    """What all events of a service name as their source."""
    return f"{api_url}/v1/events"
