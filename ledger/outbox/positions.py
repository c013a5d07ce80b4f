"""Which position a subject's next entry takes, counting all that is on its way to it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlalchemy import text
from sqlmodel import Session, col, func, select

from ledger.domain.kinds import Kind
from ledger.outbox.tables import MOUNTS, Operation, State
from ledger.types import Hash32

_MOST: Final = 1_000
"""Mountings on a subject since its last operation that are counted: by then, most are mirrored."""


def written_to(subject: Hash32, kind: Kind, payload: bytes) -> frozenset[Hash32]:
    """The subjects that an entry is written to: a part's parent has it, too."""
    if kind in (Kind.MOUNTED, Kind.DISMOUNTED):
        return frozenset({subject, payload})
    return frozenset({subject})


def lock_subjects(session: Session, subjects: Collection[Hash32]) -> None:
    """Let requests about the same subjects take turns; on SQLite all writers do so anyway."""
    if session.get_bind().dialect.name == "postgresql":
        # In one order, or two requests could wait for each other.
        for key in sorted(int.from_bytes(each[:8], "big", signed=True) for each in subjects):
            session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": key})


def next_on_its_way(session: Session, subject: Hash32) -> int:
    """The position after the last one that any accepted operation writes to the subject.

    What is written to it as a parent counts, if it was accepted after the subject's last one.
    """
    wanted = select(Operation.position, Operation.sequence).where(
        Operation.subject == subject, Operation.state != State.REJECTED
    )
    last = session.exec(wanted.order_by(col(Operation.position).desc()).limit(1)).first()
    position, sequence = last or (0, 0)
    echoes = _count_echoes(session, subject, sequence or 0)
    return position + 1 + echoes if last or echoes else 0


def _count_echoes(session: Session, parent: Hash32, after: int) -> int:
    """How many operations accepted after a sequence mount parts on a subject, or dismount them."""
    some = (
        select(Operation.sequence)
        .where(
            text(MOUNTS),
            Operation.payload == parent,
            col(Operation.sequence) > after,
            Operation.state != State.REJECTED,
        )
        .limit(_MOST)
        .subquery()
    )
    return session.exec(select(func.count()).select_from(some)).one()
