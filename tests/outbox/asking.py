"""Requests as the API would make them."""

from __future__ import annotations

import secrets

from sqlmodel import Session

from ledger.domain.kinds import Kind
from ledger.domain.payloads import Enrolled, Observed, Payload, Registered
from ledger.hashing import sha256, subject_id
from ledger.outbox.operations import (
    Accepted,
    SentDocument,
    accept_enrolment,
    accept_entry,
    accept_registration,
)
from ledger.types import ZERO_HASH, AssetKind, Hash32


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
    """Ask for a registration; its content hash is random, as a salted commitment's is."""
    content_hash = secrets.token_bytes(32)
    payload = Registered(owner or org, ZERO_HASH, content_hash, AssetKind.INSTANCE).encode()
    return accept_registration(
        session,
        org=org,
        serial=serial,
        digest=sha256(text.encode()),
        subject=subject_id(domain, Kind.REGISTERED, org, payload),
        payload=payload,
        document=SentDocument(content_hash, len(text)),
        idempotency_key=key,
        request_digest=sha256(f"{serial} {text}".encode()),
    )


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
        document=SentDocument(content_hash, len(text)),
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
