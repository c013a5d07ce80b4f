"""The feed: the ledger's entries in the order in which the mirror took them up, and took them back.

A *place* in it is what somebody was told: the entries 1 to `sequence`, as they stood after `epoch`
rollbacks. What follows a place is derived, so that no entry costs a row more: if a later rollback
went back below `sequence`, it takes back what is above, the latest first; then come the entries
behind. Whoever comes late is told of nothing that came and went meanwhile.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

from sqlmodel import Session

from ledger.errors import MalformedValue
from ledger.mirror.queries.feed import (
    FeedFilter,
    Tip,
    find_rollback,
    find_tip,
    list_reverted,
    list_since,
    list_standing,
)
from ledger.mirror.tables import EntryRow
from ledger.mirror.tables.rollbacks import RevertedRow, RollbackRow

_ID: Final = re.compile(r"(0|[1-9][0-9]{0,17})\.(0|[1-9][0-9]{0,17})(\.reverted)?")
_SCANNED: Final = 10_000
"""Entries that one look goes through at the most to find those that are wanted."""
EVERYTHING: Final = FeedFilter()


class Place(NamedTuple):
    """What somebody was told: entries 1 to `sequence`, as they stood after `epoch` rollbacks."""

    epoch: int
    sequence: int

    @classmethod
    def parse(cls, text: str, field: str = "Last-Event-ID") -> Self:
        """The place that an event's id leads to. Raises MalformedValue."""
        found = _ID.fullmatch(text)
        epoch, sequence, back = (int(found[1]), int(found[2]), found[3]) if found else (0, 0, "x")
        if back is not None and (found is None or not epoch or not sequence):
            raise MalformedValue(field=field, value=text, wanted="the id of an event of this feed")
        # Taken back was what had stood before that rollback.
        return cls(epoch, sequence) if back is None else cls(epoch - 1, sequence - 1)

    def __str__(self) -> str:
        return f"{self.epoch}.{self.sequence}"


BEGINNING: Final = Place(0, 0)


@dataclass(frozen=True, slots=True)
class Told:
    """An event: an entry that came, or, if `reverted_at` (milliseconds) says so, that went.

    `id` is this event's alone: `epoch` is the rollback since which the entry stood, or that took it
    back. Whoever was told of it stands at `after`.
    """

    entry: EntryRow | RevertedRow
    epoch: int
    reverted_at: int | None
    after: Place

    @property
    def id(self) -> str:
        """Names the event, and the place that it leads to."""
        end = "" if self.reverted_at is None else ".reverted"
        return f"{self.epoch}.{self.entry.sequence}{end}"


@dataclass(frozen=True, slots=True)
class Portion:
    """Some events, and where they lead; `more`: others follow at once."""

    events: Sequence[Told]
    after: Place
    more: bool


def read_feed(
    session: Session, place: Place, wanted: FeedFilter = EVERYTHING, limit: int = 200
) -> Portion:
    """The events that follow a place, `limit` at the most."""
    tip = find_tip(session)
    if tip is None:
        return Portion((), place, more=False)
    rollback = find_rollback(session, place.epoch, place.sequence)
    if rollback is not None:
        return _taken_back(session, rollback, place, wanted, limit)
    return _added(session, tip, place, wanted, limit)


def _taken_back(
    session: Session, rollback: RollbackRow, place: Place, wanted: FeedFilter, limit: int
) -> Portion:
    rows = list_reverted(session, rollback.number, place.sequence, wanted, limit)
    events = [
        Told(row, rollback.number, rollback.at, Place(rollback.number - 1, row.sequence - 1))
        for row in rows
    ]
    more = len(rows) == limit
    # All that it took back is told: what is left stood after it, too.
    after = events[-1].after if more else Place(rollback.number, rollback.to_sequence)
    return Portion(events, after, more=True)


def _added(session: Session, tip: Tip, place: Place, wanted: FeedFilter, limit: int) -> Portion:
    up_to = min(tip.sequence, place.sequence + _SCANNED)
    rows = list_since(session, place.sequence, up_to, wanted, limit)
    epochs = _epochs(session, rows)
    events = [
        Told(row, epoch, None, Place(tip.epoch, row.sequence))
        for row, epoch in zip(rows, epochs, strict=True)
    ]
    end = rows[-1].sequence if len(rows) == limit else max(up_to, place.sequence)
    return Portion(events, Place(tip.epoch, end), more=end < tip.sequence)


def _epochs(session: Session, rows: Sequence[EntryRow]) -> list[int]:
    """Since which rollback each entry stands: the latest of those that went back to before it."""
    if not rows:
        return []
    # Each one but the last went back to one of these entries.
    span = rows[-1].sequence - rows[0].sequence + 1
    standing = list(list_standing(session, rows[-1].sequence, span + 1))
    epochs = []
    for row in rows:
        while len(standing) > 1 and standing[-2].to_sequence < row.sequence:
            standing.pop()
        since = standing[-1] if standing else None
        epochs.append(since.number if since and since.to_sequence < row.sequence else 0)
    return epochs
