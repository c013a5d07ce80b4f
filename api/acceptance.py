"""Takes enrolments in, and says of any request what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from api import lookup
from api.deps import Service
from api.pressure import require_room
from api.receipts import find_receipt, get_notary
from api.schemas.ledger import EnrolOrganisation
from ledger.database.engine import reading, writing
from ledger.documents.canonical import canonical_members, join_members
from ledger.documents.sealing import Sealed
from ledger.domain.kinds import Kind
from ledger.domain.payloads import Enrolled, decode_payload
from ledger.domain.telling import pointed_at
from ledger.hashing import sha256, subject_id
from ledger.outbox.appending import AcceptedEntry
from ledger.outbox.keys import issue_key
from ledger.outbox.operations import (
    OPERATOR,
    Accepted,
    Asked,
    accept_enrolment,
    find_answered,
)
from ledger.outbox.tables import Operation
from ledger.proofs.receipt_tree import Given
from ledger.types import ZERO_HASH, Hash32, to_hex


@dataclass(frozen=True, slots=True)
class Taken:
    """A request that was taken in; `repeated` if it had been before."""

    operation: str
    subject: Hash32
    position: int
    content_hash: Hash32 | None
    repeated: bool
    api_key: str | None = None
    receipt: Given | None = None


def enrol(service: Service, body: EnrolOrganisation, key: str | None) -> Taken:
    """Take in the enrolment of an organisation and issue its first key.

    Raises:
        AlreadyEnrolled, IdempotencyConflict: it contradicts an earlier request.
    """
    request_digest = digest({"path": "organisations", **body.model_dump()}, None)
    with reading(service.engine) as session:
        if answered := find_answered(session, Asked(OPERATOR, key, request_digest)):
            return _again(session, answered)
        lookup.require_new(session, body.did)
        domain = lookup.get_domain(session)
    require_room(service, OPERATOR)
    org = subject_id(domain, Kind.ENROLLED, ZERO_HASH, Enrolled(body.did).encode())
    with writing(service.engine) as session:
        accepted = accept_enrolment(
            session,
            did=body.did,
            name=body.name,
            subject=org,
            idempotency_key=key,
            request_digest=request_digest,
            notary=get_notary(service, session),
        )
        api_key = None if accepted.existing else issue_key(session, org)
        return _taken(session, accepted, api_key)


def digest(attributes: Mapping[str, Any], document: Sealed | None) -> Hash32:
    """Over what is asked, without anything random: equal requests have equal digests."""
    told = to_hex(document.digest) if document else None
    # Member by member, as one that is null has the whole written the slower way.
    return sha256(join_members(canonical_members({**attributes, "document": told})))


def _again(session: Session, operation: Operation) -> Taken:
    return _taken(session, Accepted(operation, existing=True))


def _taken(session: Session, accepted: Accepted, api_key: str | None = None) -> Taken:
    return taken_of(session, accepted.operation, repeated=accepted.existing, api_key=api_key)


def taken_of(
    session: Session, operation: Operation, *, repeated: bool, api_key: str | None = None
) -> Taken:
    """What became of the request that an operation stands for."""
    return Taken(
        operation=operation.id,
        subject=operation.subject,
        position=operation.position,
        content_hash=pointed_at(decode_payload(operation.kind, operation.payload)),
        repeated=repeated,
        api_key=api_key,
        receipt=find_receipt(session, operation.id),
    )


def tell_taken(accepted: AcceptedEntry, receipts: Mapping[str, Given]) -> Taken:
    """What became of an entry that was asked for."""
    return Taken(
        operation=accepted.operation,
        subject=accepted.subject,
        position=accepted.position,
        content_hash=pointed_at(decode_payload(accepted.kind, accepted.payload)),
        repeated=accepted.existing,
        receipt=receipts.get(accepted.operation),
    )
