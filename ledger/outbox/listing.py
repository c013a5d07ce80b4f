"""Operations as they are asked about: many at a time, newest first, one organisation's or all."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import tuple_, union_all
from sqlmodel import Session, col, select

from ledger.domain.kinds import GOVERNANCE, Kind
from ledger.outbox.tables import Operation, Role, State, Transaction
from ledger.types import Hash32


@dataclass(frozen=True, slots=True)
class OperationFilter:
    """Which operations; None: whichever. `org` is who asked (zero: the operator)."""

    org: Hash32 | None = None
    state: State | None = None
    kind: Kind | None = None
    subject: Hash32 | None = None


ALL: Final = OperationFilter()


def list_operations(
    session: Session, wanted: OperationFilter = ALL, *, before: int | None = None, limit: int = 50
) -> list[Operation]:
    """Up to `limit` operations, newest first, of those accepted before the sequence `before`."""
    chosen = select(Operation)
    if wanted.subject is None:
        chosen = chosen.where(col(Operation.sequence).in_(_newest(wanted, before, limit)))
    else:
        chosen = chosen.where(*_conditions(wanted, before))
    return list(session.exec(chosen.order_by(col(Operation.sequence).desc()).limit(limit)))


def find_operations(
    session: Session, ids: Collection[str], wanted: OperationFilter = ALL
) -> list[Operation]:
    """The operations of these ids, in the order of their acceptance; unknown ones are left out."""
    found = select(Operation).where(col(Operation.id).in_(ids), *_conditions(wanted, None))
    return list(session.exec(found.order_by(col(Operation.sequence))))


def find_transaction_hashes(
    session: Session, operations: Sequence[Operation]
) -> dict[tuple[str | None, int | None], Hash32]:
    """Hashes of the transactions that carry these operations, by lane and nonce, in one query."""
    places = {(one.lane, one.nonce) for one in operations if one.lane is not None}
    if not places:
        return {}
    place = tuple_(col(Transaction.lane), col(Transaction.nonce))
    asked = select(Transaction.lane, Transaction.nonce, Transaction.hash).where(place.in_(places))
    return {(lane, nonce): hash_ for lane, nonce, hash_ in session.exec(asked)}


def _newest(wanted: OperationFilter, before: int | None, limit: int) -> Any:
    """Sequences of the newest in each state of each role: the indices hold each of these sorted.

    So no page sorts or counts what it does not show, and no further index has to be kept.
    """
    states = list(State) if wanted.state is None else [wanted.state]
    parts = [
        select(Operation.sequence)
        .where(Operation.state == state, Operation.role == role, *_conditions(wanted, before))
        .order_by(col(Operation.sequence).desc())
        .limit(limit)
        .subquery()
        for state in states
        for role in _roles(wanted.kind)
    ]
    return union_all(*(select(part.c.sequence) for part in parts))


def _roles(kind: Kind | None) -> Sequence[Role]:
    if kind is None:
        return list(Role)
    return [Role.GOVERNOR if kind in GOVERNANCE else Role.CUSTODIAN]


def _conditions(wanted: OperationFilter, before: int | None) -> list[Any]:
    asked = [
        (Operation.org, wanted.org),
        (Operation.state, wanted.state),
        (Operation.kind, wanted.kind),
        (Operation.subject, wanted.subject),
    ]
    conditions: list[Any] = [col(column) == value for column, value in asked if value is not None]
    if before is not None:
        conditions.append(col(Operation.sequence) < before)
    return conditions
