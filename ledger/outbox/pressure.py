"""How full the queue is: counted seldom and up to a bound, so that asking costs next to nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from sqlalchemy import ColumnElement, Engine, Executable, bindparam
from sqlmodel import Session, col, func, select

from ledger.database.engine import reading
from ledger.database.plain import fetch
from ledger.outbox.clock import now
from ledger.outbox.tables import Lane, Operation, Role, State, Transaction
from ledger.types import Hash32

FRESH: Final = 1.0
"""Seconds for which a count is good; what this process accepts meanwhile is added to it."""

SHORTEST: Final = 1
LONGEST: Final = 300
"""Seconds that somebody is asked to stay away, at least and at most."""

_UNKNOWN: Final = 30
_RECENT: Final = 20
_PAUSE: Final = 1000


@dataclass(frozen=True, slots=True)
class Bound:
    """At most `most` operations may wait: of the organisation `org`, or (None) of all together."""

    org: Hash32 | None
    most: int


@dataclass(frozen=True, slots=True)
class Full:
    """A bound that leaves no room; `seconds` is when there may be some."""

    bound: Bound
    waiting: int
    seconds: int


@dataclass(slots=True)
class _Count:
    """What waits, as counted at `at` (monotonic seconds), and what was let in since."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    waiting: int = 0
    at: float = float("-inf")

    @property
    def is_fresh(self) -> bool:
        return time.monotonic() - self.at < FRESH


class Gauge:
    """Lets requests in while there is room; one for each process, safe to use from many threads.

    It knows what other processes accepted only once it counts again, so that several of them may
    together exceed a bound by what they accept within a second.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._counts: dict[Hash32 | None, _Count] = {}
        self._lock = threading.Lock()

    def admit(self, bounds: Sequence[Bound], count: int) -> Full | None:
        """Let `count` operations in under all of `bounds`, or under none: then say which is full.

        An empty queue takes any number, so that nothing is too large for ever.
        """
        for bound in bounds:
            self._refresh(bound)
        with self._lock:
            counts = [self._counts[bound.org] for bound in bounds]
            full = next(
                (
                    pair
                    for pair in zip(bounds, counts, strict=True)
                    if pair[1].waiting and pair[1].waiting + count > pair[0].most
                ),
                None,
            )
            if full is None:
                for one in counts:
                    one.waiting += count
                return None
        bound, found = full
        return Full(bound, found.waiting, self._wait(bound, found.waiting + count - bound.most))

    def foresee(self, bounds: Collection[Bound]) -> None:
        """Count in one transaction what admitting under each of these would count by itself."""
        counts = {bound: self._count_of(bound) for bound in bounds}
        stale = {bound: known for bound, known in counts.items() if not known.is_fresh}
        # What another thread counts already is left to it.
        mine = {bound: one for bound, one in stale.items() if one.lock.acquire(blocking=False)}
        try:
            self._count(mine)
        finally:
            for known in mine.values():
                known.lock.release()

    def _refresh(self, bound: Bound) -> None:
        known = self._count_of(bound)
        if known.is_fresh:
            return
        with known.lock:  # one counts, the others wait for it
            if not known.is_fresh:
                self._count({bound: known})

    def _count_of(self, bound: Bound) -> _Count:
        with self._lock:
            return self._counts.setdefault(bound.org, _Count())

    def _count(self, counts: Mapping[Bound, _Count]) -> None:
        if not counts:
            return
        at = time.monotonic()
        with reading(self._engine) as session:
            found = {bound: count_waiting(session, bound.org, bound.most) for bound in counts}
        with self._lock:
            for bound, known in counts.items():
                known.waiting, known.at = found[bound], at

    def _wait(self, bound: Bound, missing: int) -> int:
        with reading(self._engine) as session:
            rate = measure_rate(session, bound.org)
        return min(max(round(missing / rate), SHORTEST), LONGEST) if rate else _UNKNOWN


def count_waiting(session: Session, org: Hash32 | None, most: int) -> int:
    """How many operations are queued, of one organisation or (None) of all; counts to `most`."""
    named = {"most": most} if org is None else {"most": most, "org": org}
    [(found,)] = fetch(session, _WAITING if org is None else _WAITING_OF_ONE, **named)
    return int(found)


def _counted(*more: ColumnElement[bool]) -> Executable:
    """Made once: it takes longer to make a statement than to have it answered."""
    queued = (Operation.state == State.QUEUED, col(Operation.role).in_(list(Role)))
    waiting = select(Operation.sequence).where(*queued, *more).limit(bindparam("most"))
    return select(func.count()).select_from(waiting.subquery())


_WAITING: Final = _counted()
_WAITING_OF_ONE: Final = _counted(col(Operation.org) == bindparam("org"))


def measure_rate(session: Session, org: Hash32 | None = None) -> float:
    """Operations that left the queue per second lately, of one organisation or of all.

    Over the newest transactions of each lane. Pauses between them count for little, as there may
    have been nothing to send; that what waits now is not sent counts in full.
    """
    lanes = session.exec(select(Lane.id, Lane.next_nonce)).all()
    waited = _waited(session, org)
    return sum(_lane_rate(session, lane, nonce, org, waited) for lane, nonce in lanes)


def _lane_rate(
    session: Session, lane: str, following: int, org: Hash32 | None, waited: float
) -> float:
    first = max(0, following - _RECENT)
    signed = session.exec(
        select(Transaction.created_at)
        .where(Transaction.lane == lane, Transaction.nonce >= first)
        .order_by(col(Transaction.nonce))
    ).all()
    if not signed:
        return 0.0
    sent = select(func.count()).where(Operation.lane == lane, col(Operation.nonce) >= first)
    if org is not None:
        sent = sent.where(Operation.org == org)
    pauses = sum(min(later - sooner, _PAUSE) for sooner, later in pairwise(signed))
    busy = pauses + min(now() - signed[-1], waited)
    return session.exec(sent).one() * 1000 / max(busy, 1)


def _waited(session: Session, org: Hash32 | None) -> float:
    """For how many milliseconds the first that is queued has waited."""
    queued = select(Operation.accepted_at).where(
        Operation.state == State.QUEUED, Operation.role == Role.CUSTODIAN
    )
    if org is not None:
        queued = queued.where(Operation.org == org)
    accepted = session.exec(queued.order_by(col(Operation.sequence)).limit(1)).first()
    return 0.0 if accepted is None else now() - accepted
