"""What keys and organisations took of their quotas, shared by all processes on one database.

A process takes portions: an eighth of what is left, so that many requests cost one write, and the
last ones are shared out finely.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete
from sqlmodel import Session, col, func, select

from ledger.outbox.clock import now
from ledger.outbox.credential_tables import QuotaOverride, QuotaSlots, QuotaWindow
from ledger.outbox.once import outlast_races
from ledger.types import Hash32

_SHARES: Final = 8
_SLOT_SHARES: Final = 4

SLOTS_HELD: Final = 10_000
"""Milliseconds for which a process holds the slots that it took, unless it takes them again."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an organisation may have; 0: as much as it likes."""

    requests_per_minute: int
    bytes_per_day: int
    in_flight: int


@dataclass(frozen=True, slots=True)
class Portion:
    """What a process was given of a window, and what is left there for all."""

    given: int
    left: int


def take_portion(
    session: Session, subject: str, measure: str, began_at: int, most: int, wanted: int
) -> Portion:
    """Take at least `wanted` of the window that began then, or what is left; the caller commits.

    `wanted` may be more than that: what was used on credit is taken in any case.
    """

    def attempt() -> Portion:
        row = session.get(
            QuotaWindow, (subject, measure), with_for_update=True, populate_existing=True
        )
        if row is None:
            row = QuotaWindow(subject=subject, measure=measure, began_at=began_at, taken=0)
            session.add(row)
        if row.began_at < began_at:
            row.began_at, row.taken = began_at, 0
        left = max(0, most - row.taken)
        given = min(left, max(wanted, -(-left // _SHARES)))
        row.taken += given
        session.flush()
        return Portion(given, left - given)

    return outlast_races(session, attempt)


def owe(session: Session, subject: str, measure: str, amount: int) -> None:
    """Book what was used beyond what was taken; the caller commits."""
    row = session.get(QuotaWindow, (subject, measure), with_for_update=True)
    if row is not None:
        row.taken += amount


def take_slots(session: Session, subject: str, process: str, most: int, wanted: int) -> int:
    """Hold at least `wanted` slots for a process, or what the others leave; the caller commits.

    Returns how many it holds until SLOTS_HELD from now.
    """

    def attempt() -> int:
        moment = now()
        session.execute(
            delete(QuotaSlots).where(
                col(QuotaSlots.subject) == subject, col(QuotaSlots.held_until) < moment
            )
        )
        # One row for all is locked, as who sums must not be overtaken.
        take_portion(session, subject, "slots", 0, 0, 0)
        taken = select(func.coalesce(func.sum(QuotaSlots.slots), 0)).where(
            QuotaSlots.subject == subject, QuotaSlots.process != process
        )
        free = max(0, most - int(session.exec(taken).one()))
        slots = min(free, max(wanted, -(-free // _SLOT_SHARES)))
        session.merge(
            QuotaSlots(
                subject=subject, process=process, slots=slots, held_until=moment + SLOTS_HELD
            )
        )
        session.flush()
        return slots

    return outlast_races(session, attempt)


def find_limits(session: Session, org: Hash32, usual: Limits) -> Limits:
    """What an organisation may have: the operator's word for it, else the usual."""
    row = session.get(QuotaOverride, org)
    if row is None:
        return usual
    return Limits(
        _either(row.requests_per_minute, usual.requests_per_minute),
        _either(row.bytes_per_day, usual.bytes_per_day),
        _either(row.in_flight, usual.in_flight),
    )


def _either(own: int | None, usual: int) -> int:
    return usual if own is None else own


def keep_override(
    session: Session,
    org: Hash32,
    requests_per_minute: int | None,
    bytes_per_day: int | None,
    in_flight: int | None,
) -> None:
    """Let an organisation have other limits (None: the usual one); the caller commits."""
    session.merge(
        QuotaOverride(
            org=org,
            requests_per_minute=requests_per_minute,
            bytes_per_day=bytes_per_day,
            in_flight=in_flight,
            created_at=now(),
        )
    )
