"""What people may do to an operation that was accepted: cancel it, or have it tried again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, cast

from sqlalchemy import CursorResult
from sqlmodel import Session, col, func, select, update

from ledger.domain.kinds import Kind
from ledger.errors import Conflict
from ledger.outbox.clock import now
from ledger.outbox.conflicts import WrongPosition
from ledger.outbox.keys import Credential
from ledger.outbox.positions import lock_subjects, next_on_its_way, written_to
from ledger.outbox.tables import BatchRegistration, Operation, Registration, State, Tenant
from ledger.types import to_hex

CANCELLED: Final = "cancelled"
"""Code of the reason of an operation that somebody cancelled."""


class OperationUnderWay(Conflict):
    """The operation is not in the state that this needs; `state` is the one it is in."""

    code = "operation_under_way"

    def __init__(self, operation: Operation, wanted: str) -> None:
        super().__init__(
            f"operation {operation.id} is {operation.state}, and only {wanted}",
            operation=operation.id,
            state=str(operation.state),
        )


class Superseded(Conflict):
    """What the operation was to register was meanwhile asked for by another one."""

    code = "superseded"

    def __init__(self, operation: Operation) -> None:
        super().__init__(
            f"what operation {operation.id} was to register was given to another operation",
            operation=operation.id,
        )


def cancel(session: Session, operation: Operation, by: Credential) -> Operation:
    """Reject an operation that waits, as cancelled by `by`; the caller commits.

    Cancelled or rejected before, it stays as it is. Once it is in a transaction it cannot be
    taken back: that is decided by the row itself, so that signing and cancelling exclude each
    other whichever comes first. A serial that it was to take is free again.

    Raises:
        OperationUnderWay: it is sent, or done.
    """
    changed = cast(
        CursorResult[Any],
        session.execute(
            update(Operation)
            .where(col(Operation.id) == operation.id, col(Operation.state) == State.QUEUED)
            .values(state=State.REJECTED, reason=_told(by), updated_at=now())
            .execution_options(synchronize_session=False)
        ),
    )
    found = _read(session, operation)
    if changed.rowcount != 1 and found.state != State.REJECTED:
        raise OperationUnderWay(found, "what is queued can be cancelled")
    return found


def retry(session: Session, operation: Operation, next_position: int | None) -> Operation:
    """Queue a rejected operation again, behind all others; the caller commits.

    It stays the same operation and asks for the same entry. Without a fixed position it takes
    whatever is next. `next_position` is the subject's next one as mirrored (None: not mirrored).
    What waits already stays as it is, so that a repeated call changes nothing.

    Raises:
        OperationUnderWay: it is sent, or done.
        Superseded: the serial, or DID, stands for another operation by now.
        WrongPosition: its fixed position is no longer the subject's next.
    """
    _lock_claim(session, operation)
    lock_subjects(session, written_to(operation.subject, Kind(operation.kind), operation.payload))
    found = _read(session, operation)
    if found.state == State.QUEUED:
        return found
    if found.state != State.REJECTED:
        raise OperationUnderWay(found, "what was rejected can be tried again")
    expected = max(next_position or 0, next_on_its_way(session, found.subject))
    if found.position_fixed and found.position != expected:
        raise WrongPosition(found.subject, expected=expected, given=found.position)
    session.execute(
        update(Operation)
        .where(col(Operation.id) == found.id)
        .values(
            sequence=_next_sequence(session),
            state=State.QUEUED,
            reason=None,
            position=expected,
            updated_at=now(),
        )
        .execution_options(synchronize_session=False)
    )
    return _read(session, found)


def _read(session: Session, operation: Operation) -> Operation:
    """The operation as it stands, which nobody else changes until the caller commits.

    By its id, as trying it again gives it another key.
    """
    session.expunge(operation)
    by_id = select(Operation).where(Operation.id == operation.id)
    return session.exec(by_id.with_for_update()).one()


def _told(by: Credential) -> dict[str, object]:
    """The reason of a cancelled operation, in the form of the contract's refusals."""
    who = "operator" if by.org is None else to_hex(by.org)
    at = datetime.fromtimestamp(now() / 1000, UTC).isoformat(timespec="seconds")
    values = {"by": who, "key": by.prefix, "at": at.replace("+00:00", "Z")}
    return {"code": CANCELLED, "message": f"cancelled by {who}", "values": values}


def _lock_claim(session: Session, operation: Operation) -> None:
    """Hold on to the serial or DID that the operation claims, so that nobody else is given it.

    Raises:
        Superseded: it stands for another operation.
    """
    if operation.signature is not None:
        return  # what is relayed claims nothing here
    match operation.kind:
        case Kind.REGISTERED:
            claim = select(Registration.operation).where(Registration.asset == operation.subject)
        case Kind.ENROLLED:
            claim = select(Tenant.operation).where(Tenant.org == operation.subject)
        case Kind.BATCH_REGISTERED:
            claim = select(BatchRegistration.operation).where(
                BatchRegistration.batch == operation.subject
            )
        case _:
            return
    if session.exec(claim.with_for_update()).one_or_none() != operation.id:
        raise Superseded(operation)


def _next_sequence(session: Session) -> Any:
    """The end of the queue: those that came since must not have their positions taken."""
    if session.get_bind().dialect.name == "postgresql":
        return func.nextval(func.pg_get_serial_sequence("operation", "sequence"))
    return select(func.max(Operation.sequence) + 1).scalar_subquery()
