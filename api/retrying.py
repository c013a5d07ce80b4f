"""Tries rejected operations again, if what they asked for is still to be had."""

from __future__ import annotations

from sqlmodel import Session

from api import batch_serials
from api.answers import tell_operation
from api.batch_acceptance import problem_of_lines
from api.deps import Service
from api.errors import Problem
from api.pressure import require_room
from api.schemas.ledger import OperationAnswer
from ledger.database.engine import reading, writing
from ledger.documents.batch_lines import LineFault
from ledger.domain.kinds import Kind
from ledger.domain.payloads import Listed, decode_payload
from ledger.domain.telling import pointed_at
from ledger.mirror.queries import find_next_position
from ledger.outbox import interventions
from ledger.outbox.batches import list_standing, lock_serials
from ledger.outbox.conflicts import SerialTaken
from ledger.outbox.files import DocumentGone
from ledger.outbox.keys import Credential
from ledger.outbox.operations import find_operation
from ledger.outbox.registrations import find_assets, find_documents
from ledger.outbox.tables import Operation, State


def get_own(session: Session, who: Credential, operation: str) -> Operation:
    """An operation that the caller asked for, or anybody's for the operator. Raises Problem."""
    found = find_operation(session, operation)
    if found is None or who.org not in (None, found.org):
        raise unknown(operation)
    return found


def unknown(operation: str) -> Problem:
    """The problem of an operation that is not there, or not the caller's."""
    return Problem("not_found", f"no operation {operation} of yours is known")


def retry(service: Service, who: Credential, operation: str) -> OperationAnswer:
    """Queue a rejected operation again; one that waits already is told as it is.

    Raises:
        Problem: it is not the caller's, there is no room, or its serials were given since.
        OperationUnderWay, Superseded, WrongPosition, SerialTaken: it makes no sense any more.
        DocumentGone: the file that it names was taken back.
    """
    with reading(service.engine) as session:
        found = get_own(session, who, operation)
        following = find_next_position(session, found.subject)
        seen = batch_serials.Seen(0, frozenset())
        if found.state == State.REJECTED and found.kind == Kind.BATCH_REGISTERED:
            taken, seen = _find_taken(session, service, found)
            _refuse(taken)
    if found.state == State.REJECTED:
        require_room(service, found.org)
    with writing(service.engine) as session:
        found = get_own(session, who, operation)
        if found.state == State.REJECTED:
            _claim(session, service, found, seen)
        queued = interventions.retry(session, found, following)
        _require_document(session, queued)
        return tell_operation(session, queued)


def _require_document(session: Session, operation: Operation) -> None:
    """See that what was sent with an operation is here still. Raises DocumentGone."""
    payload = decode_payload(operation.kind, operation.payload)
    named = pointed_at(payload)
    if named is None or isinstance(payload, Listed) or operation.signature is not None:
        return  # what those name may be kept anywhere
    if not find_documents(session, [named]):
        raise DocumentGone(f"operation {operation.id}", named)


def _claim(
    session: Session, service: Service, operation: Operation, seen: batch_serials.Seen
) -> None:
    """See that the serials which the operation gives are still free, and hold them.

    Raises:
        SerialTaken, Problem: they are not.
    """
    org = operation.org
    if operation.kind == Kind.REGISTERED:
        lock_serials(session, org, whole=False)
        given = find_assets(session, [operation.subject]).get(operation.subject)
        lines = (
            service.births.find_lines(list_standing(session, org), given.serial) if given else ()
        )
        for line in lines:
            raise SerialTaken(line.batch.read(line.index).serial, line.asset)
    if operation.kind == Kind.BATCH_REGISTERED:
        lock_serials(session, org, whole=True)
        batch = service.births.batches.find(operation.subject)
        if batch is not None:
            itself = operation.subject
            _refuse(
                batch_serials.find_taken_since(session, service.births, org, itself, batch, seen)
            )


def _find_taken(
    session: Session, service: Service, operation: Operation
) -> tuple[list[LineFault], batch_serials.Seen]:
    batch = service.births.batches.find(operation.subject)
    if batch is None:
        return [], batch_serials.Seen(0, frozenset())
    return batch_serials.find_taken(session, service.births, operation.org, batch)


def _refuse(taken: list[LineFault]) -> None:
    if taken:
        raise problem_of_lines("serial_taken", taken)
