"""What is on its way to a subject: accepted, and not yet where a mirror could show it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import Executable, bindparam, select
from sqlmodel import Session, col

from ledger.database.plain import fetch
from ledger.domain.kinds import Kind
from ledger.outbox.tables import Operation, State
from ledger.types import Hash32

_DRIFT: Final = 100
"""Entries that come past the queue move what waits in it: so far may predictions be behind."""

_AT_ONCE: Final = 2_000
"""Operations of some subjects that are looked through together; of more, each has its own query."""


@dataclass(frozen=True, slots=True)
class Coming:
    """An entry that is on its way; its `position` may be a prediction."""

    subject: Hash32
    org: Hash32
    kind: int
    position: int
    payload: bytes


def find_under_way(
    session: Session, subject: Hash32, kinds: Collection[Kind], count: int, *, limit: int
) -> list[Coming]:
    """Up to `limit` entries of these kinds that will be written to a subject, in their order.

    `count` is how many entries of the subject are mirrored: what stands below is none of these.
    """
    asked = {"least": count - _DRIFT, "most": _DRIFT + limit}
    rows = _read(session, _IN_ORDER, [subject], kinds, **asked)
    return list(_coming(rows, count))[:limit]


def find_all_under_way(
    session: Session, counts: Mapping[Hash32, int], kinds: Collection[Kind], *, limit: int
) -> dict[Hash32, list[Coming]]:
    """As `find_under_way`, for many subjects with their counts."""
    found: dict[Hash32, list[Coming]] = {}
    for some in _alike(counts):
        least = min(counts[one] for one in some) - _DRIFT
        rows: defaultdict[Hash32, list[Any]] = defaultdict(list)
        read = _read(session, _WANTED, some, kinds, least=least, most=_AT_ONCE)
        for row in sorted(read, key=attrgetter("sequence")):
            rows[row.subject].append(row)
        for one in some:
            count = counts[one]
            found[one] = (
                list(_coming(rows[one], count))[:limit]
                if len(read) < _AT_ONCE
                else find_under_way(session, one, kinds, count, limit=limit)
            )
    return found


def _alike(counts: Mapping[Hash32, int]) -> Iterable[list[Hash32]]:
    """The subjects in lots of about as many entries: no long history is looked through for them."""
    lots: defaultdict[int, list[Hash32]] = defaultdict(list)
    for subject, count in counts.items():
        lots[count // _DRIFT].append(subject)
    return lots.values()


def _read(
    session: Session,
    statement: Executable,
    subjects: Collection[Hash32],
    kinds: Collection[Kind],
    **asked: int,
) -> Sequence[Any]:
    named = {"subjects": list(subjects), "kinds": sorted(map(int, kinds))}
    return fetch(session, statement, **named, **asked)


def _coming(rows: Iterable[Any], count: int) -> Iterator[Coming]:
    for row in rows:
        if row.position >= count or (row.state == State.QUEUED and row.position >= count - _DRIFT):
            yield Coming(row.subject, row.org, row.kind, row.position, row.payload)


# Made once: it takes longer to make a statement than to have it answered.
_WANTED: Final = (
    select(
        *map(col, (Operation.sequence, Operation.subject, Operation.org, Operation.kind)),
        *map(col, (Operation.position, Operation.payload, Operation.state)),
    )
    .where(
        col(Operation.subject).in_(bindparam("subjects", expanding=True)),
        col(Operation.position) >= bindparam("least"),
        col(Operation.kind).in_(bindparam("kinds", expanding=True)),
        col(Operation.state) != State.REJECTED,
    )
    .limit(bindparam("most"))
)
_IN_ORDER: Final = _WANTED.order_by(col(Operation.sequence))
