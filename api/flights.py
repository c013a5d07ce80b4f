"""Requests in flight: how many of a key or an organisation this process answers, and may answer."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine

from api.quota_answers import too_many_in_flight
from ledger.database.engine import writing
from ledger.outbox.clock import now
from ledger.outbox.quotas import SLOTS_HELD, take_slots

_CREDIT: Final = 16
_REMEMBERED: Final = 10_000
_REFUSED_FOR: Final = 250  # milliseconds for which a refusal is not looked into again


@dataclass(slots=True)
class Flight:
    """How many there are, and how many there may be until when; none was to be had until when."""

    flying: int = 0
    slots: int = 0
    until: int = 0
    short_until: int = 0


class Flights:
    """Counts what is under way; `lock` is held by whoever calls all but `take`."""

    def __init__(self, engine: Engine, lock: threading.Lock) -> None:
        self._engine = engine
        self._lock = lock
        self._process = secrets.token_hex(8)
        self._flights: OrderedDict[str, Flight] = OrderedDict()

    def __len__(self) -> int:
        return len(self._flights)

    def find(self, subject: str, most: int, moment: int) -> Flight | None:
        """Where one more may be counted, if it may begin; a sixteenth is free of writes.

        It is good until the lock is let go, and, while one is counted there, until that has ended.
        """
        flight = self._get(subject)
        free = max(1, most // _CREDIT) if most >= _CREDIT else 0
        if moment < flight.until:
            free = max(free, min(flight.slots, most))
        return flight if flight.flying < free else None

    def take(self, subject: str, most: int) -> None:
        """Take slots for one more from the database. Raises Problem if there are none."""
        with self._lock:
            flight = self._get(subject)
            if now() < flight.short_until:
                raise too_many_in_flight(subject, most)
            wanted = flight.flying + 1
        with writing(self._engine) as session:
            slots = take_slots(session, subject, self._process, most, wanted)
        with self._lock:
            flight.slots, flight.until = slots, now() + SLOTS_HELD
            # Others may have begun by what was taken just now: there is more to be had then.
            if slots < wanted and flight.flying >= slots:
                flight.short_until = now() + _REFUSED_FOR
                raise too_many_in_flight(subject, most)

    def _get(self, subject: str) -> Flight:
        flight = self._flights.get(subject)
        if flight is not None:
            self._flights.move_to_end(subject)
            return flight
        flight = self._flights[subject] = Flight()
        if len(self._flights) > _REMEMBERED:
            idle = (name for name, one in self._flights.items() if not one.flying)
            if (oldest := next(idle, subject)) != subject:
                del self._flights[oldest]
        return flight
