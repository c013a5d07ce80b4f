"""Takes in what governance says of the ledger itself: pause, resumption, a successor."""

from __future__ import annotations

from sqlmodel import Session

from api.acceptance import Taken
from api.appending import take
from api.deps import Service
from api.described import tell_request
from api.errors import unavailable
from api.judging import Decided, Sending, place_of
from api.rights import refused
from api.schemas.governing import LedgerAct, NameSuccessor, Pause, Resume
from ledger.documents.sealing import seal
from ledger.domain.kinds import Kind
from ledger.domain.payloads import Paused, Payload, Resumed, SuccessorNamed
from ledger.mirror.moments import Moment
from ledger.mirror.queries import find_founding
from ledger.mirror.tables import FoundingRow
from ledger.outbox.keys import Credential
from ledger.outbox.under_way import find_under_way
from ledger.types import ZERO_ADDRESS, Hash32


def append_to_ledger(
    service: Service, who: Credential, body: LedgerAct, if_match: str | None, key: str | None
) -> Taken:
    """Take in an entry about the ledger itself, by the operator's key.

    Raises:
        DocumentError: the document cannot be accepted.
        Problem: it changes nothing, or something was said of the ledger meanwhile.
        WrongPosition, IdempotencyConflict: it contradicts an earlier request.
    """
    sent = seal(body.document)
    told = {"path": "ledger", **tell_request(body)}

    def decide(session: Session) -> Decided:
        row = get_founding(session)
        payload = _payload(body, sent.content_hash)
        _require_change(session, row, payload)
        return place_of(row.id, payload, row.count, body.position, if_match)

    return take(service, Sending(who, told, sent, key), decide)


def get_founding(session: Session, at: Moment | None = None) -> FoundingRow:
    """What is told of the ledger itself. Raises Problem before its first entry is mirrored."""
    row = find_founding(session, at=at)
    if row is None:
        raise unavailable("the ledger is not mirrored yet")
    return row


def _payload(body: LedgerAct, reason: Hash32) -> Payload:
    match body:
        case Pause():
            return Paused(reason)
        case Resume():
            return Resumed(reason)
        case NameSuccessor():
            return SuccessorNamed(body.successor or ZERO_ADDRESS, reason)


def _require_change(session: Session, row: FoundingRow, payload: Payload) -> None:
    """See that a pause or its end is one. What is on its way counts, too. Raises Problem."""
    if not isinstance(payload, Paused | Resumed):
        return
    paused = isinstance(payload, Paused)
    back = Kind.RESUMED if paused else Kind.PAUSED
    if row.paused == paused and not find_under_way(session, row.id, {back}, row.count, limit=1):
        told = "the ledger is paused already" if paused else "the ledger is not paused"
        raise refused("Unchanged", told, subject=row.id)
