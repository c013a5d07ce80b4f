"""Accepting requests: each becomes one durable operation, however often it is sent."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, func, select

from ledger.domain.entries import BIRTHS, GOVERNANCE, Enrolled, Kind
from ledger.errors import Conflict, InputError
from ledger.outbox.clock import new_id, now
from ledger.outbox.tables import (
    Document,
    Operation,
    Registration,
    Request,
    Role,
    State,
    Tenant,
    Transaction,
)
from ledger.types import ZERO_HASH, Hash32

OPERATOR: Final = ZERO_HASH
"""Stands for the operator where a row names who asked; the contract's own word for governance."""


class IdempotencyConflict(InputError):
    """An Idempotency-Key was used before, for another request."""

    code = "idempotency_conflict"

    def __init__(self, key: str, operation: str) -> None:
        super().__init__(
            f"Idempotency-Key {key!r} was used for another request", key=key, operation=operation
        )


class SerialTaken(Conflict):
    """The organisation gave the serial to another document; `asset` has it."""

    code = "serial_taken"

    def __init__(self, serial: str, asset: Hash32) -> None:
        shown = f"0x{asset.hex()}"
        super().__init__(
            f"serial {serial!r} is registered with another document or other attributes,"
            f" as asset {shown}",
            serial=serial,
            asset=shown,
        )


class AlreadyEnrolled(Conflict):
    """An organisation of that DID is enrolled, or about to be."""

    code = "already_enrolled"

    def __init__(self, did: str, org: Hash32) -> None:
        shown = f"0x{org.hex()}"
        super().__init__(f"{did} is enrolled as {shown}", did=did, organisation=shown)


class WrongPosition(Conflict):
    """The entry was asked to stand at a position that is not the subject's next."""

    code = "wrong_position"

    def __init__(self, subject: Hash32, *, expected: int, given: int) -> None:
        super().__init__(
            f"position {given} is not the next of 0x{subject.hex()}: {expected} is",
            subject=f"0x{subject.hex()}",
            expected=expected,
            given=given,
        )


@dataclass(frozen=True, slots=True)
class Accepted:
    """The operation that a request became; `existing` if an earlier request had made it."""

    operation: Operation
    existing: bool


@dataclass(frozen=True, slots=True)
class SentDocument:
    """A document that came with a request and lies in the document store already.

    `size` is in bytes.
    """

    content_hash: Hash32
    size: int
    media_type: str = "application/json"


def accept_registration(
    session: Session,
    *,
    org: Hash32,
    serial: str,
    digest: Hash32,
    subject: Hash32,
    payload: bytes,
    document: SentDocument,
    idempotency_key: str | None,
    request_digest: Hash32,
) -> Accepted:
    """Accept the registration of an asset under `serial`; the caller commits.

    `digest` is over the document and the asset's attributes, without anything random: the same
    serial and digest give the first registration's operation again. A registration that was
    rejected gives its serial free.

    Raises:
        IdempotencyConflict: the key stands for another request.
        SerialTaken: the serial stands for another document or other attributes.
    """
    raise NotImplementedError


def accept_entry(
    session: Session,
    *,
    org: Hash32 | None,
    subject: Hash32,
    kind: Kind,
    payload: bytes,
    position: int | None,
    next_position: int | None,
    document: SentDocument | None,
    idempotency_key: str | None,
    request_digest: Hash32,
) -> Accepted:
    """Accept an entry about a subject that exists (or is about to); the caller commits.

    `org` is None where governance acts. `next_position` is the subject's next position as
    mirrored (None: not mirrored). With `position` None the entry takes whatever position is next
    when it is sent, and the operation tells the one expected.

    Raises:
        IdempotencyConflict: the key stands for another request.
        WrongPosition: `position` is not the next, counting what is on its way.
    """
    raise NotImplementedError


def accept_enrolment(
    session: Session,
    *,
    did: str,
    name: str,
    subject: Hash32,
    idempotency_key: str | None,
    request_digest: Hash32,
) -> Accepted:
    """Accept the enrolment of an organisation; `subject` is its id; the caller commits.

    Raises:
        IdempotencyConflict: the key stands for another request.
        AlreadyEnrolled: an organisation of that DID was accepted before.
    """
    raise NotImplementedError


def find_operation(session: Session, operation: str) -> Operation | None:
    """The operation of that id."""
    return session.exec(select(Operation).where(Operation.id == operation)).one_or_none()


def find_transaction_hash(session: Session, operation: Operation) -> Hash32 | None:
    """Hash of the transaction that carries an operation; None until it is signed."""
    if operation.lane is None or operation.nonce is None:
        return None
    transaction = session.get(Transaction, (operation.lane, operation.nonce))
    return transaction.hash if transaction else None


def count_operations(session: Session) -> dict[State, int]:
    """How many operations are in each state."""
    rows = session.exec(select(Operation.state, func.count()).group_by(col(Operation.state))).all()
    return {state: dict(rows).get(state, 0) for state in State}
