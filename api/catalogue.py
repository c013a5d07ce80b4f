"""Takes schemas and worlds in: published, opened, closed."""

from __future__ import annotations

from sqlmodel import Session

from api import lookup
from api.acceptance import Taken
from api.appending import take
from api.deps import Service
from api.errors import Problem
from api.judging import Decided, Sending, place_of
from api.published import find_birth, get_published
from api.rights import refused
from api.schemas.catalogue import Admission, CloseWorld, OpenWorld, PublishSchema
from api.suspension import require_acting, require_active
from ledger.documents.sealing import seal
from ledger.domain.kinds import Kind
from ledger.domain.payloads import Payload, SchemaPublished, WorldClosed, WorldOpened
from ledger.hashing import subject_id
from ledger.mirror.queries import find_world
from ledger.outbox.keys import Credential
from ledger.types import ZERO_HASH, Hash32, to_hex


def publish_schema(
    service: Service, who: Credential, org: Hash32, body: PublishSchema, key: str | None
) -> Taken:
    """Take in a schema of the caller's organisation.

    Raises:
        DocumentError: the document cannot be accepted.
        UnknownThing: there is no schema that it could replace.
        UnusableSchema: no document could be held against it.
        Problem: that is another publisher's.
        IdempotencyConflict: it contradicts an earlier request.
    """
    sent = seal(body.document)
    service.validators.find_faults(sent.raw, [])
    replaces = body.replaces or ZERO_HASH
    told = {"path": "schemas", "replaces": to_hex(replaces)}

    def decide(session: Session) -> Decided:
        require_acting(session, org)
        if replaces != ZERO_HASH and get_published(session, replaces, "replaces").org != org:
            raise Problem("forbidden", f"schema {to_hex(replaces)} is another organisation's")
        return _born(session, org, SchemaPublished(sent.content_hash, replaces))

    return take(service, Sending(who, told, sent, key), decide)


def open_world(
    service: Service, who: Credential, org: Hash32, body: OpenWorld, key: str | None
) -> Taken:
    """Take in a world that the caller's organisation opens.

    Raises:
        DocumentError: the document cannot be accepted.
        UnknownThing: there is no such schema, or issuer.
        Problem: the issuer is suspended.
        IdempotencyConflict: it contradicts an earlier request.
    """
    sent = seal(body.document)
    rule = body.admission
    told = {
        "path": "worlds",
        "schema": to_hex(rule.schema_) if rule else None,
        "issuer": rule.issuer if rule else None,
    }

    def decide(session: Session) -> Decided:
        require_acting(session, org)
        schema, issuer = _admission(session, rule)
        return _born(session, org, WorldOpened(sent.content_hash, schema, issuer))

    return take(service, Sending(who, told, sent, key), decide)


def append_to_world(
    service: Service,
    who: Credential,
    world: Hash32,
    body: CloseWorld,
    if_match: str | None,
    key: str | None,
) -> Taken:
    """Take in that a world is closed.

    Raises:
        DocumentError: the document cannot be accepted.
        Problem: the world is not known, another's, closed already, or has moved on.
        WrongPosition, IdempotencyConflict: it contradicts an earlier request.
    """
    sent = seal(body.document)
    told = {"path": f"worlds/{world.hex()}", "kind": body.kind, "position": body.position}

    def decide(session: Session) -> Decided:
        count = _require_own_world(session, who, world)
        require_acting(session, who.org)
        return place_of(world, WorldClosed(sent.content_hash), count, body.position, if_match)

    return take(service, Sending(who, told, sent, key), decide)


def _born(session: Session, org: Hash32, payload: Payload) -> Decided:
    """The first entry of a subject, whose id it makes."""
    domain = lookup.get_domain(session)
    id = subject_id(domain, payload.KIND, org, payload.encode())
    return Decided(id, payload, following=0, position=0)


def _admission(session: Session, rule: Admission | None) -> tuple[Hash32, Hash32]:
    if rule is None:
        return ZERO_HASH, ZERO_HASH
    schema = get_published(session, rule.schema_, "admission.schema").id
    if rule.issuer is None:
        return schema, ZERO_HASH
    issuer = lookup.get_party(session, rule.issuer, "admission.issuer")
    require_active(session, issuer, "admission.issuer")
    return schema, issuer


def _require_own_world(session: Session, who: Credential, world: Hash32) -> int | None:
    """How many entries a world of the caller's has; None: it is not mirrored. Raises Problem."""
    row = find_world(session, world)
    sent = None if row else find_birth(session, world)
    if sent and (sent.kind != Kind.WORLD_OPENED or who.org not in (None, sent.org)):
        sent = None
    opener = row.org if row else sent.org if sent else None
    if opener is None:
        raise no_world(world)
    if who.org != opener:
        raise Problem("forbidden", "only the organisation that opened the world may close it")
    if row and not row.open:
        raise refused("ClosedWorld", f"world {to_hex(world)} is closed already", world=world)
    return row.count if row else None


def no_world(world: Hash32) -> Problem:
    """The problem of a world that is not there."""
    return Problem("not_found", f"no world {to_hex(world)} is known")
