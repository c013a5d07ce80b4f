"""Takes an entry in, whatever subject it is about: requests that append become operations here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from api.acceptance import Taken, digest, taken_of
from api.conditions import read_if_match
from api.deps import Service
from api.errors import Problem
from api.pressure import require_room
from api.receipts import get_notary
from api.validation import require_fitting
from ledger.database.engine import reading, writing
from ledger.documents.sealing import Sealed
from ledger.domain.payloads import Payload
from ledger.outbox.appending import accept_entry
from ledger.outbox.classes import Label
from ledger.outbox.conflicts import WrongPosition
from ledger.outbox.keys import Credential
from ledger.outbox.operations import OPERATOR, Asked, SentDocument, find_answered
from ledger.outbox.tables import Operation
from ledger.types import ZERO_HASH, Hash32


@dataclass(frozen=True, slots=True)
class Sending:
    """A request to append: who asks, what it says, its document, its Idempotency-Key.

    `told` tells equal requests apart from others; nothing in it is random.
    """

    who: Credential
    told: Mapping[str, Any]
    document: Sealed | None
    key: str | None


@dataclass(frozen=True, slots=True)
class Decided:
    """The entry that a request turned out to ask for; it must stand at `position`, if that is told.

    `following` is the subject's next position as it is mirrored, `matched` whether `position` is
    what If-Match asks for. The document must fit the schema of that id and text, if there is one,
    and is kept under `label`. `beside` is done with the operation, in its transaction and once.
    """

    subject: Hash32
    payload: Payload
    following: int | None
    position: int | None = None
    matched: bool = False
    schema: Hash32 = ZERO_HASH
    text: bytes | None = None
    label: Label | None = None
    beside: Callable[[Session, Operation], None] | None = None


def take(service: Service, sending: Sending, decide: Callable[[Session], Decided]) -> Taken:
    """Take an entry in; `decide` says which, or raises what speaks against it.

    The operator's key writes as governance.

    Raises:
        Problem: whatever `decide` does; the document does not fit; the subject has moved on; there
            is no room.
        WrongPosition, IdempotencyConflict: it contradicts an earlier request.
    """
    org = sending.who.org or OPERATOR
    asked = Asked(org, sending.key, digest(sending.told, sending.document))
    with reading(service.engine) as session:
        # Before anything is judged: what was right then may be wrong now.
        if answered := find_answered(session, asked):
            return taken_of(session, answered, repeated=True)
        decided = decide(session)
    # Without a session, as it may take its time.
    sent = sending.document
    require_fitting(service, decided.schema, decided.text, sent.raw if sent else None)
    require_room(service, org)
    document = _store(service, org, sent, decided.label)
    try:
        with writing(service.engine) as session:
            accepted = accept_entry(
                session,
                org=sending.who.org,
                subject=decided.subject,
                kind=decided.payload.KIND,
                payload=decided.payload.encode(),
                position=decided.position,
                next_position=decided.following,
                document=document,
                idempotency_key=asked.key,
                request_digest=asked.digest,
                notary=get_notary(service, session),
            )
            if decided.beside is not None and not accepted.existing:
                decided.beside(session, accepted.operation)
            return taken_of(session, accepted.operation, repeated=accepted.existing)
    except WrongPosition as error:
        if not decided.matched:
            raise
        raise Problem("precondition_failed", error.message, members=error.fields) from None


def _store(
    service: Service, org: Hash32, sent: Sealed | None, label: Label | None
) -> SentDocument | None:
    if sent is None:
        return None
    [place] = service.documents.save([sent], [org])
    return SentDocument(sent.content_hash, len(sent.raw), place, label=label)


def place_of(
    subject: Hash32,
    payload: Payload,
    count: int | None,
    position: int | None,
    if_match: str | None,
) -> Decided:
    """The decision to append to a subject of `count` entries (None: it is not mirrored yet).

    Raises:
        Problem: If-Match names another position than its newest entry's (RFC 9110, 13.1.1).
    """
    if if_match is None:
        return Decided(subject, payload, count, position)
    tags = read_if_match(if_match)
    newest = None if count is None else count - 1
    if newest is None or (tags is not None and str(newest) not in tags):
        raise Problem(
            "precondition_failed",
            f"If-Match names {if_match[:100]}, but the subject is at position {newest}",
            members={"expected": newest, "given": if_match[:100]},
        )
    if tags is None or position is not None:
        return Decided(subject, payload, count, position)
    return Decided(subject, payload, count, count, matched=True)
