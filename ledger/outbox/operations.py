"""Accepting requests: each becomes one durable operation, however often it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlmodel import Session, func, select

from ledger.documents.packs import Place
from ledger.domain.kinds import GOVERNANCE, Kind
from ledger.domain.payloads import Enrolled
from ledger.outbox.classes import Label, label_values
from ledger.outbox.clock import new_id, now
from ledger.outbox.conflicts import AlreadyEnrolled
from ledger.outbox.once import Accepted, Asked, accept_once, find_answered, find_operation
from ledger.outbox.receipts import Notary, promise_all
from ledger.outbox.tables import Operation, Role, State, Tenant
from ledger.types import ZERO_HASH, Hash32

__all__ = [
    "OPERATOR",
    "Accepted",
    "Asked",
    "SentDocument",
    "accept_enrolment",
    "add_operation",
    "count_operations",
    "document_values",
    "find_answered",
    "find_operation",
    "operation_values",
]

OPERATOR: Final = ZERO_HASH
"""Stands for the operator where a row names who asked; the contract's own word for governance."""


@dataclass(frozen=True, slots=True)
class SentDocument:
    """A document that came with a request, and its place in the document store; `size` in bytes."""

    content_hash: Hash32
    size: int
    place: Place
    media_type: str = "application/json"
    label: Label | None = None


def accept_enrolment(
    session: Session,
    *,
    did: str,
    name: str,
    subject: Hash32,
    idempotency_key: str | None,
    request_digest: Hash32,
    notary: Notary | None = None,
) -> Accepted:
    """Accept the enrolment of an organisation; `subject` is its id; the caller commits.

    Raises:
        IdempotencyConflict: the key stands for another request.
        AlreadyEnrolled: an organisation of that DID was accepted before.
    """

    def find() -> None:
        # Nobody else changes the row until this transaction ends.
        tenant = session.get(Tenant, subject, with_for_update=True, populate_existing=True)
        operation = find_operation(session, tenant.operation) if tenant else None
        if operation and operation.state != State.REJECTED:
            raise AlreadyEnrolled(did, subject)

    def make() -> Operation:
        payload = Enrolled(did).encode()
        values = operation_values(
            new_id(), OPERATOR, subject, Kind.ENROLLED, payload, 0, now(), fixed=True
        )
        operation = add_operation(session, notary, values)
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


def add_operation(session: Session, notary: Notary | None, values: dict[str, Any]) -> Operation:
    """Add an operation of these columns, with its receipt signed; the caller commits."""
    promise_all(session, notary, [values])
    operation = Operation(**values)
    session.add(operation)
    return operation


def operation_values(
    id: str,
    org: Hash32,
    subject: Hash32,
    kind: Kind,
    payload: bytes,
    position: int,
    at: int,
    *,
    fixed: bool,
) -> dict[str, Any]:
    """The columns of an operation that is accepted at `at` (milliseconds since 1970)."""
    return {
        "id": id,
        "org": org,
        "role": Role.GOVERNOR if kind in GOVERNANCE else Role.CUSTODIAN,
        "kind": kind,
        "subject": subject,
        "position": position,
        "position_fixed": fixed,
        "payload": payload,
        "state": State.QUEUED,
        "accepted_at": at,
        "updated_at": at,
    }


def document_values(
    org: Hash32, subject: Hash32, document: SentDocument, at: int
) -> dict[str, Any]:
    """The columns of a document of `org` about `subject`."""
    return {
        "content_hash": document.content_hash,
        "org": org,
        "subject": subject,
        "size": document.size,
        "media_type": document.media_type,
        "pack": document.place.pack,
        "pack_offset": document.place.offset,
        "pack_length": document.place.length,
        "created_at": at,
        **label_values(document.label),
    }
