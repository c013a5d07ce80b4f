"""Takes requests in: the document is stored, then one transaction makes the operation lasting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from sqlmodel import Session

from api import lookup
from api.deps import Service
from api.errors import Problem
from api.payloads import pointed_at
from api.pressure import require_room
from api.schemas.assets import (
    Act,
    Correct,
    Freeze,
    Observe,
    RegisterAsset,
    Revise,
    Transfer,
    Unfreeze,
)
from api.schemas.ledger import EnrolOrganisation
from ledger.database.engine import reading, writing
from ledger.documents.canonical import JsonValue, canonical, load_document
from ledger.documents.commitment import Commitment, commit_document, new_seed
from ledger.domain.kinds import Kind
from ledger.domain.payloads import (
    Corrected,
    Enrolled,
    Frozen,
    Observed,
    Payload,
    Registered,
    Revised,
    Transferred,
    Unfrozen,
    decode_payload,
)
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
    accept_registration,
    find_answered,
)
from ledger.outbox.registrations import find_registration
from ledger.outbox.tables import Operation
from ledger.types import ZERO_HASH, AssetKind, Hash32, to_hex


@dataclass(frozen=True, slots=True)
class Taken:
    """A request that was taken in; `repeated` if it had been before."""

    operation: str
    subject: Hash32
    position: int
    content_hash: Hash32 | None
    repeated: bool
    api_key: str | None = None


@dataclass(frozen=True, slots=True)
class _Sent:
    """A document on its way in."""

    raw: bytes
    value: dict[str, JsonValue]
    commitment: Commitment

    @property
    def content_hash(self) -> Hash32:
        return self.commitment.content_hash

    @property
    def row(self) -> SentDocument:
        return SentDocument(self.content_hash, len(self.raw))


def register(service: Service, org: Hash32, body: RegisterAsset, key: str | None) -> Taken:
    """Take in the registration of an asset.

    Raises:
        DocumentError: the document cannot be accepted.
        SerialTaken, IdempotencyConflict: it contradicts an earlier request.
        UnknownThing: the owner is not known.
    """
    sent = _read(body.document, body.serial)
    request_digest = _digest({"path": "assets", **_told(body)}, sent)
    with reading(service.engine) as session:
        if answered := find_answered(session, Asked(org, key, request_digest)):
            return _again(answered)
        owner = lookup.get_party(session, body.owner, "owner") if body.owner else org
        domain = lookup.get_domain(session)
        digest = _digest(_attributes(body, owner), sent)
        known = find_registration(session, org, body.serial)
        repeated = known is not None and known.digest == digest
    if not repeated:
        require_room(service, org)
        _store(service, sent)
    payload = Registered(owner, ZERO_HASH, sent.content_hash, _asset_kind(body)).encode()
    with writing(service.engine) as session:
        accepted = accept_registration(
            session,
            org=org,
            serial=body.serial,
            digest=digest,
            subject=subject_id(domain, Kind.REGISTERED, org, payload),
            payload=payload,
            document=sent.row,
            idempotency_key=key,
            request_digest=request_digest,
        )
        if repeated and not accepted.existing:
            require_room(service, org)
            _store(service, sent)
        return _taken(accepted)


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
    sent = None if isinstance(body, Transfer) else _read(body.document)
    request_digest = _digest({"path": f"assets/{asset.hex()}", **_told(body)}, sent)
    with reading(service.engine) as session:
        # Before anything is judged: what was right then may be wrong now.
        if answered := find_answered(session, Asked(who.org or OPERATOR, key, request_digest)):
            return _again(answered)
        target = lookup.get_target(session, who, asset)
        lookup.require_right(target, who, Kind[body.kind.upper()])
        payload = _payload(session, body, sent)
        lookup.require_sense(target, payload)
    matched = target.match(if_match)
    require_room(service, who.org or OPERATOR)
    if sent:
        _store(service, sent)
    try:
        with writing(service.engine) as session:
            return _taken(
                accept_entry(
                    session,
                    org=who.org,
                    subject=asset,
                    kind=payload.KIND,
                    payload=payload.encode(),
                    position=matched if body.position is None else body.position,
                    next_position=target.count,
                    document=sent.row if sent else None,
                    idempotency_key=key,
                    request_digest=request_digest,
                )
            )
    except WrongPosition as error:
        if matched is None:
            raise
        raise Problem("precondition_failed", error.message, members=error.fields) from None


def enrol(service: Service, body: EnrolOrganisation, key: str | None) -> Taken:
    """Take in the enrolment of an organisation and issue its first key.

    Raises:
        AlreadyEnrolled, IdempotencyConflict: it contradicts an earlier request.
    """
    request_digest = _digest({"path": "organisations", **_told(body)}, None)
    with reading(service.engine) as session:
        if answered := find_answered(session, Asked(OPERATOR, key, request_digest)):
            return _again(answered)
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
        )
        api_key = None if accepted.existing else issue_key(session, org)
        return _taken(accepted, api_key)


def _read(raw: bytes, serial: str | None = None) -> _Sent:
    value = load_document(raw)
    return _Sent(raw, value, commit_document(value, new_seed(), serial))


def _store(service: Service, sent: _Sent) -> None:
    service.documents.save(sent.content_hash, sent.raw, sent.commitment)


def _payload(session: Session, body: Act, sent: _Sent | None) -> Payload:
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
        case Freeze():
            return Frozen(content_hash)
        case Unfreeze():
            return Unfrozen(content_hash)


def _told(body: BaseModel) -> dict[str, Any]:
    return body.model_dump(exclude={"document"})


def _attributes(body: RegisterAsset, owner: Hash32) -> dict[str, Any]:
    return {"asset_kind": body.asset_kind, "owner": to_hex(owner), "schema": None}


def _digest(attributes: Mapping[str, Any], sent: _Sent | None) -> Hash32:
    """Over what is asked, without anything random: equal requests have equal digests."""
    return sha256(canonical({**attributes, "document": sent.value if sent else None}))


def _asset_kind(body: RegisterAsset) -> AssetKind:
    return AssetKind[body.asset_kind.upper()]


def _again(operation: Operation) -> Taken:
    return _taken(Accepted(operation, existing=True))


def _taken(accepted: Accepted, api_key: str | None = None) -> Taken:
    operation = accepted.operation
    return Taken(
        operation=operation.id,
        subject=operation.subject,
        position=operation.position,
        content_hash=pointed_at(decode_payload(operation.kind, operation.payload)),
        repeated=accepted.existing,
        api_key=api_key,
    )
