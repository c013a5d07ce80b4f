"""Lets in as many requests as quotas allow: requests a minute, bytes a day, and in flight.

Counts are kept here, in portions that are taken from the database: see `ledger.outbox.quotas`.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Engine

from api.flights import Flight, Flights
from api.quota_answers import HeaderField, Need, exceeded, name_of, tell_left, tell_policies
from ledger.database.engine import reading, writing
from ledger.outbox.clock import now
from ledger.outbox.keys import Credential
from ledger.outbox.quotas import (
    Limits,
    find_limits,
    owe,
    take_portion,
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


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a key's requests need, made once for as long as its organisation's limits stay."""

    limits: Limits
    needs: list[Need]
    bounds: list[tuple[str, int]]
    policies: HeaderField
    names: list[str]


@dataclass(slots=True)
class Toll:
    """What a request was let in for; `end` is called once it is answered, with all its bytes."""

    headers: list[HeaderField] = field(default_factory=list)
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
        self.per_key = Limits(
            settings.max_requests_per_key,
            settings.max_bytes_per_key,
            settings.max_in_flight_per_key,
        )
        self._lock = threading.Lock()
        self._taking = threading.Lock()
        self._leases: OrderedDict[tuple[str, str], _Lease] = OrderedDict()
        self._flights = Flights(engine, self._lock)
        self._limits: OrderedDict[Hash32, tuple[int, Limits]] = OrderedDict()
        self._plans: OrderedDict[str, _Plan] = OrderedDict()

    def try_admit(self, who: Credential, length: int) -> Toll | None:
        """As `admit`, but None where the database has to be asked first."""
        if who.org is None:
            return Toll()
        moment = now()
        with self._lock:
            limits = self._known_limits(who.org, moment)
            if limits is None:
                return None
            plan = self._plan(who, limits)
            needs = plan.needs if length <= 1 else self._needs(who, limits, length)
            leases = [(one, self._lease(one, moment)) for one in needs]
            for one, lease in leases:
                if lease.left < one.amount:
                    return None
            flights: list[Flight] = []
            for subject, most in plan.bounds:
                flight = self._flights.find(subject, most, moment)
                if flight is None:
                    return None
                flights.append(flight)
            return self._let_in(plan, leases, flights, moment)

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
            bounds = self._bounds(who, limits)
            full = [one for one in bounds if self._flights.find(*one, moment) is None]
        for one in lacking:
            self._take(one, moment)
        for subject, most in full:
            self._flights.take(subject, most)

    def _plan(self, who: Credential, limits: Limits) -> _Plan:
        plan = self._plans.get(who.prefix)
        if plan is None or (plan.limits is not limits and plan.limits != limits):
            needs = self._needs(who, limits, 0)
            names = [name_of(one) for one in needs]
            plan = _Plan(limits, needs, self._bounds(who, limits), tell_policies(needs), names)
            self._plans[who.prefix] = plan
            while len(self._plans) > _REMEMBERED:
                self._plans.popitem(last=False)
        return plan

    def _needs(self, who: Credential, limits: Limits, length: int) -> list[Need]:
        needs = []
        for subject, may in ((_key(who), self.per_key), (_of(who), limits)):
            needs.append(Need(subject, "requests", MINUTE, may.requests_per_minute, 1))
            needs.append(Need(subject, "bytes", DAY, may.bytes_per_day, max(1, length)))
        return [one for one in needs if one.most]

    def _bounds(self, who: Credential, limits: Limits) -> list[tuple[str, int]]:
        """How many may be in flight, of whom."""
        bounds = [(_key(who), self.per_key.in_flight), (_of(who), limits.in_flight)]
        return [one for one in bounds if one[1]]

    def _let_in(
        self,
        plan: _Plan,
        leases: list[tuple[Need, _Lease]],
        flights: list[Flight],
        moment: int,
    ) -> Toll:
        for one, lease in leases:
            lease.left -= one.amount
            lease.credit += 0 if lease.asked else one.amount
        for flight in flights:
            flight.flying += 1
        counted = [one for one, _ in leases if one.measure == "bytes"]

        def end(total: int) -> None:
            with self._lock:
                for flight in flights:
                    flight.flying -= 1
                for one in counted:
                    lease = self._leases.get((one.subject, one.measure))
                    if lease is not None:
                        more = max(0, total - one.amount)
                        lease.left -= more
                        lease.credit += 0 if lease.asked else more

        if not leases:
            return Toll([], end)
        left = [
            (name, max(0, lease.left + max(0, lease.rest)), one.window)
            for name, (one, lease) in zip(plan.names, leases, strict=True)
        ]
        return Toll([plan.policies, tell_left(left, moment)], end)

    # -- windows -----------------------------------------------------------------------------

    def _has(self, need: Need, moment: int) -> bool:
        """Whether there is enough here."""
        return self._lease(need, moment).left >= need.amount

    def _lease(self, need: Need, moment: int) -> _Lease:
        """What there is here; begins the window where it has not begun."""
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
        return lease

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


def _key(who: Credential) -> str:
    return f"key:{who.prefix}"


def _of(who: Credential) -> str:
    return f"org:{to_hex(who.org or bytes(32))}"
