"""Lets in as many requests as quotas allow: requests a minute, bytes a day, and in flight.

Counts are kept here, in portions that are taken from the database: see `ledger.outbox.quotas`.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Engine

from api.quota_answers import Need, exceeded, tell_left, too_many_in_flight
from ledger.database.engine import reading, writing
from ledger.outbox.clock import now
from ledger.outbox.keys import Credential
from ledger.outbox.quotas import (
    SLOTS_HELD,
    Limits,
    find_limits,
    owe,
    take_portion,
    take_slots,
)
from ledger.settings import Settings
from ledger.types import Hash32, to_hex

MINUTE: Final = 60_000
DAY: Final = 86_400_000
_CREDIT: Final = 16
_REMEMBERED: Final = 10_000
_LIMITS_FOR: Final = 5_000  # milliseconds until a change by the operator is seen


@dataclass(slots=True)
class _Lease:
    """What this process may still use of a window, and what it knows to be left for all.

    `credit` is what it used before it first took anything: a sixteenth is free of writes.
    """

    began_at: int
    most: int
    left: int
    rest: int
    credit: int = 0
    asked: bool = False


@dataclass(slots=True)
class _Flights:
    """The requests of an organisation that this process answers, and may answer."""

    flying: int = 0
    slots: int = 0
    until: int = 0
    peak: int = 0


@dataclass(slots=True)
class Toll:
    """What a request was let in for; `end` is called once it is answered, with all its bytes."""

    headers: dict[str, str] = field(default_factory=dict)
    end: Callable[[int], None] = lambda _: None


class Quotas:
    """The quotas of one process; the operator has none. Safe to use from many threads."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine = engine
        self.usual = Limits(
            settings.max_requests_per_organisation,
            settings.max_bytes_per_organisation,
            settings.max_in_flight_per_organisation,
        )
        self._per_key = settings.max_requests_per_key
        self._process = secrets.token_hex(8)
        self._lock = threading.Lock()
        self._taking = threading.Lock()
        self._leases: OrderedDict[tuple[str, str], _Lease] = OrderedDict()
        self._flights: OrderedDict[str, _Flights] = OrderedDict()
        self._limits: OrderedDict[Hash32, tuple[int, Limits]] = OrderedDict()

    def try_admit(self, who: Credential, length: int) -> Toll | None:
        """As `admit`, but None where the database has to be asked first."""
        if who.org is None:
            return Toll()
        moment = now()
        with self._lock:
            limits = self._known_limits(who.org, moment)
            if limits is None:
                return None
            needs = self._needs(who, limits, length)
            flights = self._flights_of(_of(who.org))
            if not all(self._has(one, moment) for one in needs):
                return None
            if limits.in_flight and not self._has_slot(flights, limits, moment):
                return None
            return self._let_in(flights, needs, moment)

    def admit(self, who: Credential, length: int) -> Toll:
        """Let a request in, whose body is to have `length` bytes.

        Raises:
            Problem: 429, and when to come again.
        """
        while (toll := self.try_admit(who, length)) is None:
            self._supply(who, length)
        return toll

    def _supply(self, who: Credential, length: int) -> None:
        """Take from the database what a request lacks here. Raises Problem if there is no more."""
        org = who.org or bytes(32)
        limits = self._find_limits(org)
        moment = now()
        with self._lock:
            lacking = [x for x in self._needs(who, limits, length) if not self._has(x, moment)]
            full = not self._has_slot(self._flights_of(_of(org)), limits, moment)
        for one in lacking:
            self._take(one, moment)
        if full and limits.in_flight:
            self._take_slots(_of(org), limits.in_flight)

    def _needs(self, who: Credential, limits: Limits, length: int) -> list[Need]:
        org = _of(who.org or bytes(32))
        needs = [
            Need(f"key:{who.prefix}", "requests", MINUTE, self._per_key, 1),
            Need(org, "requests", MINUTE, limits.requests_per_minute, 1),
            Need(org, "bytes", DAY, limits.bytes_per_day, max(1, length)),
        ]
        return [one for one in needs if one.most]

    def _let_in(self, flights: _Flights, needs: list[Need], moment: int) -> Toll:
        for one in needs:
            lease = self._leases[one.subject, one.measure]
            lease.left -= one.amount
            lease.credit += 0 if lease.asked else one.amount
        flights.flying += 1
        flights.peak = max(flights.peak, flights.flying)
        counted = [one for one in needs if one.measure == "bytes"]

        def end(total: int) -> None:
            with self._lock:
                flights.flying -= 1
                for one in counted:
                    lease = self._leases.get((one.subject, one.measure))
                    if lease is not None:
                        more = max(0, total - one.amount)
                        lease.left -= more
                        lease.credit += 0 if lease.asked else more

        return Toll(tell_left(self._left(needs), moment), end)

    # -- windows -----------------------------------------------------------------------------

    def _has(self, need: Need, moment: int) -> bool:
        """Whether there is enough here; begins the window where it has not begun."""
        key, began = (need.subject, need.measure), moment - moment % need.window
        lease = self._leases.get(key)
        if lease is None or lease.began_at != began or lease.most != need.most:
            owed = 0 if lease is None or lease.began_at != began else lease.credit
            free = max(0, need.most // _CREDIT - owed)
            lease = _Lease(began, need.most, free, need.most - free, credit=owed)
            self._leases[key] = lease
            while len(self._leases) > _REMEMBERED:
                self._leases.popitem(last=False)
        self._leases.move_to_end(key)
        return lease.left >= need.amount

    def _take(self, need: Need, moment: int) -> None:
        """Take a portion of the window from the database. Raises Problem if it is used up."""
        began = moment - moment % need.window
        with self._taking:  # one thread after the other, as each would take for all
            with self._lock:
                if self._has(need, moment):
                    return
                lease = self._leases[need.subject, need.measure]
                credit, short = lease.credit, need.amount - min(0, lease.left)
            if lease.asked and lease.rest <= 0:
                raise exceeded(need, moment)
            with writing(self._engine) as session:
                portion = take_portion(
                    session, need.subject, need.measure, began, need.most, credit + short
                )
                if portion.given < credit:
                    owe(session, need.subject, need.measure, credit - portion.given)
            with self._lock:
                if not lease.asked:  # what was free before is free no more: it is booked now
                    lease.left = min(0, lease.left)
                lease.credit, lease.asked = lease.credit - credit, True
                lease.left += max(0, portion.given - credit)
                lease.rest = portion.left
                enough = lease.left >= need.amount
        if not enough:
            raise exceeded(need, moment)

    def _left(self, needs: Sequence[Need]) -> list[tuple[Need, int]]:
        leases = [(one, self._leases[one.subject, one.measure]) for one in needs]
        return [(one, max(0, lease.left + max(0, lease.rest))) for one, lease in leases]

    # -- in flight ---------------------------------------------------------------------------

    def _flights_of(self, org: str) -> _Flights:
        flights = self._flights.setdefault(org, _Flights())
        self._flights.move_to_end(org)
        while len(self._flights) > _REMEMBERED:
            oldest = next(iter(self._flights))
            if self._flights[oldest].flying:
                break  # as many as that are answered at once
            del self._flights[oldest]
        return flights

    def _has_slot(self, flights: _Flights, limits: Limits, moment: int) -> bool:
        free = max(1, limits.in_flight // _CREDIT) if limits.in_flight >= _CREDIT else 0
        if moment < flights.until:
            free = max(free, min(flights.slots, limits.in_flight))
        return flights.flying < free

    def _take_slots(self, org: str, most: int) -> None:
        with self._lock:
            flights = self._flights_of(org)
            wanted, flights.peak = flights.flying + 1, flights.flying
        with writing(self._engine) as session:
            slots = take_slots(session, org, self._process, most, wanted)
        with self._lock:
            flights.slots, flights.until = slots, now() + SLOTS_HELD
            if flights.flying < slots:
                return
        raise too_many_in_flight(most)

    # -- limits ------------------------------------------------------------------------------

    def _known_limits(self, org: Hash32, moment: int) -> Limits | None:
        known = self._limits.get(org)
        return known[1] if known is not None and moment < known[0] else None

    def _find_limits(self, org: Hash32) -> Limits:
        moment = now()
        with self._lock:
            known = self._known_limits(org, moment)
        if known is not None:
            return known
        with reading(self._engine) as session:
            found = find_limits(session, org, self.usual)
        with self._lock:
            self._limits[org] = (moment + _LIMITS_FOR, found)
            self._limits.move_to_end(org)
            while len(self._limits) > _REMEMBERED:
                self._limits.popitem(last=False)
        return found


def _of(org: Hash32) -> str:
    return f"org:{to_hex(org)}"
