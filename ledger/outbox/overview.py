"""How the outbox is doing: its lanes, and how long the longest has waited."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session, col, func, select

from ledger.outbox.clock import now
from ledger.outbox.lanes import is_held
from ledger.outbox.tables import Lane, Operation, Role, State, Transaction, Travel
from ledger.types import Address


@dataclass(frozen=True, slots=True)
class LaneSeen:
    """A lane as it stands; `oldest` is the age in seconds of the first that is in no block."""

    id: str
    role: Role
    chain_id: int
    sender: Address
    next_nonce: int
    in_flight: int
    oldest: float | None
    halted: str | None
    released: bool
    held: bool


def list_lanes(session: Session) -> list[LaneSeen]:
    """All lanes, in the order of their making."""
    flying = {
        lane: (count, created)
        for lane, count, created in session.exec(
            select(Transaction.lane, func.count(), func.min(Transaction.created_at))
            .where(Transaction.state == Travel.SIGNED)
            .group_by(col(Transaction.lane))
        )
    }
    lanes = session.exec(select(Lane).order_by(col(Lane.created_at), col(Lane.id)))
    return [_see(lane, *flying.get(lane.id, (0, None))) for lane in lanes]


def _see(lane: Lane, count: int, created: int | None) -> LaneSeen:
    return LaneSeen(
        id=lane.id,
        role=Role(lane.role),
        chain_id=lane.chain_id,
        sender=lane.sender,
        next_nonce=lane.next_nonce,
        in_flight=count,
        oldest=None if created is None else (now() - created) / 1000,
        halted=lane.halted,
        released=lane.released,
        held=is_held(lane),
    )


def find_oldest_waiting(session: Session) -> float | None:
    """For how many seconds the first in the queue has waited; None: nothing waits."""
    accepted = [
        session.exec(
            select(Operation.accepted_at)
            .where(Operation.state == State.QUEUED, Operation.role == role)
            .order_by(col(Operation.sequence))
            .limit(1)
        ).first()
        for role in Role
    ]
    oldest = min((at for at in accepted if at is not None), default=None)
    return None if oldest is None else (now() - oldest) / 1000
