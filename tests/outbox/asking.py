"""Requests as the API would make them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from typing import Final

from sqlmodel import Session

from ledger.documents.packs import Place
from ledger.documents.sealing import Sealed, seal
from ledger.domain.kinds import Kind
from ledger.domain.payloads import Enrolled, Observed, Payload, Registered
from ledger.hashing import sha256, subject_id
from ledger.outbox.appending import accept_entry
from ledger.outbox.operations import (
    Accepted,
    Asked,
    SentDocument,
    accept_enrolment,
    find_operation,
)
from ledger.outbox.registering import Registering, accept_registrations
from ledger.types import ZERO_HASH, AssetKind, Hash32

NOWHERE: Final = Place("", 0, 0)


def organisation_of(domain: Hash32, did: str) -> Hash32:
    return subject_id(domain, Kind.ENROLLED, ZERO_HASH, Enrolled(did).encode())


def enrol(session: Session, domain: Hash32, did: str) -> Accepted:
    return accept_enrolment(
        session,
        did=did,
        name=did,
        subject=organisation_of(domain, did),
        idempotency_key=None,
        request_digest=sha256(did.encode()),
    )


def register(
    session: Session,
    domain: Hash32,
    org: Hash32,
    serial: str,
    *,
    owner: Hash32 | None = None,
    text: str = "a gearbox",
    key: str | None = None,
) -> Accepted:
    """Ask for a registration."""
    return accept_one(session, prepare(domain, org, serial, owner=owner, text=text, key=key))


def prepare(
    domain: Hash32,
    org: Hash32,
    serial: str,
    *,
    owner: Hash32 | None = None,
    text: str = "a gearbox",
    key: str | None = None,
) -> Registering:
    """A registration; its content hash is random, as a salted commitment's is."""
    document = seal(json.dumps({"is": text}).encode(), serial)
    payload = Registered(owner or org, ZERO_HASH, document.content_hash, AssetKind.INSTANCE)
    return Registering(
        serial=serial,
        digest=document.digest,
        subject=subject_id(domain, Kind.REGISTERED, org, payload.encode()),
        payload=payload.encode(),
        document=document,
        asked=Asked(org, key, sha256(f"{serial} {text}".encode())),
    )


def accept_one(session: Session, wanted: Registering) -> Accepted:
    """Accept a registration by itself."""
    [outcome] = accept_registrations(session, [wanted], has_room, keep_nowhere)
    if isinstance(outcome, Exception):
        raise outcome
    operation = find_operation(session, outcome.operation)
    assert operation is not None
    return Accepted(operation, outcome.existing)


def has_room(org: Hash32, count: int) -> None:
    """There is always room."""


def keep_nowhere(documents: Sequence[Sealed], _: Sequence[Hash32]) -> list[Place]:
    """Documents that nobody will read."""
    return [NOWHERE for _ in documents]


def observe(
    session: Session,
    org: Hash32,
    subject: Hash32,
    *,
    position: int | None = None,
    next_position: int | None = None,
    key: str | None = None,
    text: str = "inspected",
) -> Accepted:
    content_hash = secrets.token_bytes(32)
    return accept_entry(
        session,
        org=org,
        subject=subject,
        kind=Kind.OBSERVED,
        payload=Observed(content_hash).encode(),
        position=position,
        next_position=next_position,
        document=SentDocument(content_hash, len(text), NOWHERE),
        idempotency_key=key,
        request_digest=sha256(text.encode()),
    )


def ask(
    session: Session, org: Hash32 | None, subject: Hash32, payload: Payload, **more: int
) -> Accepted:
    """Ask for an entry that carries no document."""
    return accept_entry(
        session,
        org=org,
        subject=subject,
        kind=payload.KIND,
        payload=payload.encode(),
        position=more.get("position"),
        next_position=more.get("next_position"),
        document=None,
        idempotency_key=None,
        request_digest=secrets.token_bytes(32),
    )
