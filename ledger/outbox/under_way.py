"""What is on its way to a subject: accepted, and not yet where a mirror could show it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlmodel import Session, col, select

from ledger.domain.kinds import Kind
from ledger.outbox.tables import Operation, State
from ledger.types import Hash32

_DRIFT: Final = 100
"""Entries that come past the queue move what waits in it: so far may predictions be behind."""


def find_under_way(
    session: Session, subject: Hash32, kinds: Collection[Kind], count: int, *, limit: int
) -> list[Operation]:
    """Up to `limit` operations of these kinds that will be written to a subject, in their order.

    `count` is how many entries of the subject are mirrored: what stands below is none of these.
    """
    wanted = select(Operation).where(
        Operation.subject == subject,
        col(Operation.position) >= count - _DRIFT,
        col(Operation.kind).in_(kinds),
        Operation.state != State.REJECTED,
    )
    found = session.exec(wanted.order_by(col(Operation.sequence)).limit(_DRIFT + limit)).all()
    return [one for one in found if one.state == State.QUEUED or one.position >= count][:limit]
