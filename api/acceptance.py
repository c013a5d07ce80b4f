"""Takes requests in: the document is stored, then one transaction makes the operation lasting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from sqlmodel import Session

from api import lookup
from api.deps import Service
from api.erasing import erase, require_erasable
from api.errors import Problem
from api.pressure import require_room
from api.receipts import find_receipt, get_notary
from api.schemas.assets import (
    Act,
    Correct,
    Erase,
    Freeze,
    Observe,
    Revise,
    Transfer,
    Unfreeze,
)
from api.schemas.ledger import EnrolOrganisation
from ledger.database.engine import reading, writing
from ledger.documents.canonical import canonical
from ledger.documents.sealing import Sealed, seal
from ledger.domain.kinds import Kind
from ledger.domain.payloads import (
    Corrected,
    Enrolled,
    Erased,
    Frozen,
    Observed,
    Payload,
    Revised,
    Transferred,
    Unfrozen,
    decode_payload,
)
from ledger.domain.telling import pointed_at
from ledger.hashing import sha256, subject_id
from ledger.outbox.conflicts import WrongPosition
from ledger.outbox.keys import Credential, issue_key
from ledger.outbox.operations import (
    OPERATOR,
    Accepted,
    Asked,
    SentDocument,
    accept_enrolment,
    accept_entry,
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


def append(
    service: Service,
    who: Credential,
    asset: Hash32,
    body: Act,
    if_match: str | None,
    key: str | None,
) -> Taken:
    """Take in an entry about an asset.

    Raises:
        DocumentError: the document cannot be accepted.
        Problem: the asset is not known, not the caller's, or has moved on.
        WrongPosition, IdempotencyConflict: it contradicts an earlier request.
    """
    sent = None if isinstance(body, Transfer | Erase) else seal(body.document)
    request_digest = digest({"path": f"assets/{asset.hex()}", **_told(body)}, sent)
    with reading(service.engine) as session:
        # Before anything is judged: what was right then may be wrong now.
        if answered := find_answered(session, Asked(who.org or OPERATOR, key, request_digest)):
            return _again(session, answered)
        target = lookup.get_target(session, who, asset)
        lookup.require_right(target, who, Kind[body.kind.upper()])
        payload = _payload(session, body, sent)
        lookup.require_sense(target, payload)
        if isinstance(payload, Erased):
            require_erasable(service, session, target.owner, asset, payload.documents)
    matched = target.match(if_match)
    require_room(service, who.org or OPERATOR)
    document = _store(service, who.org or OPERATOR, sent) if sent else None
    try:
        with writing(service.engine) as session:
            accepted = accept_entry(
                session,
                org=who.org,
                subject=asset,
                kind=payload.KIND,
                payload=payload.encode(),
                position=matched if body.position is None else body.position,
                next_position=target.following if target.count is None else target.count,
                document=document,
                idempotency_key=key,
                request_digest=request_digest,
                notary=get_notary(service, session),
            )
            # Nothing is destroyed unless the entry is taken, and no entry stands before it is.
            if isinstance(payload, Erased) and not accepted.existing:
                erase(service, session, payload.documents)
            return _taken(session, accepted)
    except WrongPosition as error:
        if matched is None:
            raise
        raise Problem("precondition_failed", error.message, members=error.fields) from None


def enrol(service: Service, body: EnrolOrganisation, key: str | None) -> Taken:
    """Take in the enrolment of an organisation and issue its first key.

    Raises:
        AlreadyEnrolled, IdempotencyConflict: it contradicts an earlier request.
    """
    request_digest = digest({"path": "organisations", **_told(body)}, None)
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
    return sha256(canonical({**attributes, "document": told}))


def _store(service: Service, org: Hash32, sent: Sealed) -> SentDocument:
    [place] = service.documents.save([sent], [org])
    return SentDocument(sent.content_hash, len(sent.raw), place)


def _payload(session: Session, body: Act, sent: Sealed | None) -> Payload:
    content_hash = sent.content_hash if sent else ZERO_HASH
    match body:
        case Revise():
            return Revised(content_hash)
        case Observe():
            return Observed(content_hash)
        case Correct():
            return Corrected(body.corrects, content_hash)
        case Transfer():
            return Transferred(lookup.get_party(session, body.to, "to"))
        case Erase():
            return Erased(tuple(dict.fromkeys(body.documents)))
        case Freeze():
            return Frozen(content_hash)
        case Unfreeze():
            return Unfrozen(content_hash)


def _told(body: BaseModel) -> dict[str, Any]:
    told = body.model_dump(exclude={"document"})
    if isinstance(body, Erase):
        told["documents"] = [to_hex(one) for one in body.documents]
    return told


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
