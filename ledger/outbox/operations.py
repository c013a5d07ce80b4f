"""Accepting requests: each becomes one durable operation, however often it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeVar

from sqlalchemy import text
from sqlmodel import Session, col, func, select

from ledger.domain.kinds import CONSEQUENCES, GOVERNANCE, Kind
from ledger.domain.payloads import Enrolled
from ledger.outbox.clock import new_id, now
from ledger.outbox.conflicts import (
    AlreadyEnrolled,
    SerialTaken,
    WrittenByTheLedger,
    WrongPosition,
)
from ledger.outbox.once import Accepted, Asked, accept_once, find_answered, find_operation
from ledger.outbox.tables import (
    Document,
    Operation,
    Registration,
    Role,
    State,
    Tenant,
)
from ledger.types import ZERO_HASH, Hash32

__all__ = [
    "OPERATOR",
    "Accepted",
    "Asked",
    "SentDocument",
    "accept_enrolment",
    "accept_entry",
    "accept_registration",
    "count_operations",
    "find_answered",
    "find_operation",
    "lock_subject",
    "next_on_its_way",
]

OPERATOR: Final = ZERO_HASH
"""Stands for the operator where a row names who asked; the contract's own word for governance."""

_Row = TypeVar("_Row", Registration, Tenant)


@dataclass(frozen=True, slots=True)
class SentDocument:
    """A document that came with a request and lies in the document store; `size` is in bytes."""

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

    def find() -> Operation | None:
        known = _get_locked(session, Registration, (org, serial))
        operation = _find_standing(session, known)
        if known and operation and known.digest != digest:
            raise SerialTaken(serial, known.asset)
        return operation

    def make() -> Operation:
        operation = _add_operation(session, org, subject, Kind.REGISTERED, payload, 0, fixed=True)
        _add_document(session, org, subject, document)
        session.merge(
            Registration(
                org=org,
                serial=serial,
                asset=subject,
                content_hash=document.content_hash,
                digest=digest,
                operation=operation.id,
            )
        )
        return operation

    return accept_once(session, Asked(org, idempotency_key, request_digest), find, make)


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
        WrittenByTheLedger: nobody can ask for an entry of that kind.
    """
    if kind in CONSEQUENCES or kind is Kind.FOUNDED:
        raise WrittenByTheLedger(kind.label)
    sender = OPERATOR if org is None else org

    def make() -> Operation:
        lock_subject(session, subject)
        expected = max(next_position or 0, next_on_its_way(session, subject))
        if position not in (None, expected):
            raise WrongPosition(subject, expected=expected, given=position)
        fixed = position is not None
        if document:
            _add_document(session, sender, subject, document)
        return _add_operation(session, sender, subject, kind, payload, expected, fixed=fixed)

    asked = Asked(sender, idempotency_key, request_digest)
    return accept_once(session, asked, lambda: None, make)


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

    def find() -> None:
        if _find_standing(session, _get_locked(session, Tenant, subject)):
            raise AlreadyEnrolled(did, subject)

    def make() -> Operation:
        payload = Enrolled(did).encode()
        operation = _add_operation(
            session, OPERATOR, subject, Kind.ENROLLED, payload, 0, fixed=True
        )
        session.merge(
            Tenant(org=subject, did=did, name=name, operation=operation.id, created_at=now())
        )
        return operation

    return accept_once(session, Asked(OPERATOR, idempotency_key, request_digest), find, make)


def count_operations(session: Session, most: int | None = None) -> dict[State, int]:
    """How many operations are in each state; counts no further than `most` (None: to the end)."""
    counts = [
        select(func.count())
        .select_from(
            select(Operation.sequence).where(Operation.state == state).limit(most).subquery()
        )
        .scalar_subquery()
        for state in State
    ]
    return dict(zip(State, session.connection().execute(select(*counts)).one(), strict=True))


def _get_locked(session: Session, table: type[_Row], key: object) -> _Row | None:
    """A row that nobody else changes until this transaction ends."""
    return session.get(table, key, with_for_update=True, populate_existing=True)


def _find_standing(session: Session, row: Registration | Tenant | None) -> Operation | None:
    """The operation behind a registration or tenant, unless it was rejected."""
    operation = find_operation(session, row.operation) if row else None
    return operation if operation and operation.state != State.REJECTED else None


def _add_operation(
    session: Session,
    org: Hash32,
    subject: Hash32,
    kind: Kind,
    payload: bytes,
    position: int,
    *,
    fixed: bool,
) -> Operation:
    accepted_at = now()
    operation = Operation(
        id=new_id(),
        org=org,
        role=Role.GOVERNOR if kind in GOVERNANCE else Role.CUSTODIAN,
        kind=kind,
        subject=subject,
        position=position,
        position_fixed=fixed,
        payload=payload,
        accepted_at=accepted_at,
        updated_at=accepted_at,
    )
    session.add(operation)
    return operation


def _add_document(session: Session, org: Hash32, subject: Hash32, document: SentDocument) -> None:
    if session.get(Document, document.content_hash) is None:
        session.add(
            Document(
                content_hash=document.content_hash,
                org=org,
                subject=subject,
                size=document.size,
                media_type=document.media_type,
                created_at=now(),
            )
        )


def lock_subject(session: Session, subject: Hash32) -> None:
    """Let requests about one subject take turns; on SQLite all writers do so anyway."""
    if session.get_bind().dialect.name == "postgresql":
        key = int.from_bytes(subject[:8], "big", signed=True)
        session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": key})


def next_on_its_way(session: Session, subject: Hash32) -> int:
    """The position after the last one that any accepted operation of the subject takes."""
    highest = select(func.max(Operation.position)).where(
        Operation.subject == subject, Operation.state != State.REJECTED
    )
    last = session.exec(highest).one()
    return 0 if last is None else last + 1
