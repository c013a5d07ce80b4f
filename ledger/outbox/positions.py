"""Which position a subject's next entry takes, counting all that is on its way to it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, text
from sqlmodel import Session, col, func, select

from ledger.database.plain import fetch
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
    if session.get_bind().dialect.name == "postgresql" and subjects:
        # In one order, or two requests could wait for each other.
        keys = sorted({int.from_bytes(each[:8], "big", signed=True) for each in subjects})
        session.connection().execute(_LOCK, {"keys": keys})


_LOCK: Final = text("select pg_advisory_xact_lock(key) from unnest(cast(:keys as bigint[])) key")


@dataclass(slots=True)
class OnItsWay:
    """What accepted operations are to write to a subject: the position of its own `last` one.

    `echoes` are entries that it has as a parent, of operations accepted after that one.
    """

    last: int | None
    echoes: int

    @property
    def following(self) -> int:
        """The position after all of it; zero: there is nothing."""
        return (self.last or 0) + 1 + self.echoes if self.last is not None or self.echoes else 0

    def write(self, position: int) -> None:
        """Count one of its own, accepted now."""
        self.last, self.echoes = position, 0

    def echo(self) -> None:
        """Count one that it has as a parent, accepted now."""
        self.echoes += 1


def next_on_its_way(session: Session, subject: Hash32) -> int:
    """The position after the last one that any accepted operation writes to the subject.

    What is written to it as a parent counts, if it was accepted after the subject's last one.
    """
    return find_on_its_way(session, subject).following


def find_on_its_way(session: Session, subject: Hash32) -> OnItsWay:
    """What accepted operations are to write to a subject."""
    [(position, sequence)] = fetch(session, _LAST, subject=subject) or [(None, 0)]
    [(echoes,)] = fetch(session, _ECHOES, parent=subject, after=sequence)
    return OnItsWay(position, echoes)


# Made once: it takes longer to make a statement than to have it answered.
_LAST: Final = (
    select(Operation.position, Operation.sequence)
    .where(col(Operation.subject) == bindparam("subject"), col(Operation.state) != State.REJECTED)
    .order_by(col(Operation.position).desc())
    .limit(1)
)
_ECHOES: Final = select(func.count()).select_from(
    select(Operation.sequence)
    .where(
        text(MOUNTS),
        col(Operation.payload) == bindparam("parent"),
        col(Operation.sequence) > bindparam("after"),
        col(Operation.state) != State.REJECTED,
    )
    .limit(_MOST)
    .subquery()
)
