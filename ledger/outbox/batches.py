"""Accepts batches: one operation and one row each, however many assets they bring."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from sqlalchemy import bindparam, text
from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import Select, SelectOfScalar

from ledger.database.plain import fetch_plain, rows_of
from ledger.database.ready import Ready
from ledger.domain.kinds import Kind
from ledger.outbox.classes import Label, label_values
from ledger.outbox.clock import new_id, now
from ledger.outbox.once import Accepted, Asked, accept_once, find_operation
from ledger.outbox.operations import (
    SentDocument,
    add_operation,
    document_values,
    operation_values,
)
from ledger.outbox.receipts import Notary
from ledger.outbox.tables import BatchRegistration, Document, Operation, Registration, State
from ledger.types import Hash32

_PORTION: Final = 5_000

# Numbers are given before commits are made: what was under way is looked at, too.
_UNDER_WAY: Final = 10_000


@dataclass(frozen=True, slots=True)
class SentBatch:
    """A batch whose lines are kept; `digest` is over them and the batch's attributes."""

    subject: Hash32
    payload: bytes
    size: int
    digest: Hash32
    name: str | None
    manifest: SentDocument
    label: Label | None = None


def accept_batch(
    session: Session, sent: SentBatch, asked: Asked, notary: Notary | None = None
) -> Accepted:
    """Accept the registration of a batch; the caller commits, having locked the serials.

    The same digest gives the first one's operation again. If that was rejected, the first batch
    is asked for anew: the operation's subject says whose lines are to stay.

    Raises:
        IdempotencyConflict: the key stands for another request.
    """

    def find() -> Operation | None:
        known = _find_sent(session, asked.org, sent.digest)
        operation = find_operation(session, known.operation) if known else None
        return operation if operation and operation.state != State.REJECTED else None

    def make() -> Operation:
        known = _find_sent(session, asked.org, sent.digest)
        if known is None:
            return _add(session, asked.org, sent, notary)
        first = find_operation(session, known.operation)
        payload = first.payload if first else sent.payload
        operation = _add_operation(session, asked.org, known.batch, payload, notary)
        known.operation = operation.id
        session.add(known)
        return operation

    return accept_once(session, asked, find, make)


def _find_sent(session: Session, org: Hash32, digest: Hash32) -> BatchRegistration | None:
    wanted = select(BatchRegistration).where(
        BatchRegistration.org == org, BatchRegistration.digest == digest
    )
    return session.exec(wanted.with_for_update()).one_or_none()


def _add(session: Session, org: Hash32, sent: SentBatch, notary: Notary | None) -> Operation:
    operation = _add_operation(session, org, sent.subject, sent.payload, notary)
    session.add(Document(**document_values(org, sent.subject, sent.manifest, now())))
    session.add(
        BatchRegistration(
            batch=sent.subject,
            org=org,
            digest=sent.digest,
            name=sent.name,
            size=sent.size,
            operation=operation.id,
            created_at=now(),
            **label_values(sent.label),
        )
    )
    return operation


def _add_operation(
    session: Session, org: Hash32, batch: Hash32, payload: bytes, notary: Notary | None
) -> Operation:
    values = operation_values(
        new_id(), org, batch, Kind.BATCH_REGISTERED, payload, 0, now(), fixed=True
    )
    return add_operation(session, notary, values)


def find_batch(session: Session, batch: Hash32) -> BatchRegistration | None:
    """The batch that was sent here under that id."""
    return session.get(BatchRegistration, batch)


def find_batches(session: Session, batches: Sequence[Hash32]) -> dict[Hash32, BatchRegistration]:
    """Those of the batches that were sent here."""
    wanted = select(BatchRegistration).where(col(BatchRegistration.batch).in_(batches))
    return {found.batch: found for found in session.exec(wanted)}


def get_payload(session: Session, sent: BatchRegistration) -> bytes:
    """The payload that the ledger was, or is to be, given for a batch."""
    return session.exec(select(Operation.payload).where(Operation.id == sent.operation)).one()


def is_standing(session: Session, org: Hash32, digest: Hash32) -> bool:
    """Whether the organisation sent that digest before, and the ledger has not rejected it."""
    wanted = _standing().where(BatchRegistration.org == org, BatchRegistration.digest == digest)
    return session.exec(wanted).first() is not None


def list_standing(session: Session, org: Hash32 | None = None) -> list[BatchRegistration]:
    """The batches of an organisation (None: of all) that the ledger has not rejected."""
    if org is None:
        return fetch_plain(session, BatchRegistration, _ALL_STANDING)
    return fetch_plain(session, BatchRegistration, _ORGS_STANDING, org=org)


def _standing() -> SelectOfScalar[BatchRegistration]:
    return (
        select(BatchRegistration)
        .join(Operation, col(Operation.id) == col(BatchRegistration.operation))
        .where(Operation.state != State.REJECTED)
    )


_STANDING: Final = (
    rows_of(BatchRegistration)
    .join(Operation, col(Operation.id) == col(BatchRegistration.operation))
    .where(col(Operation.state) != State.REJECTED)
    .order_by(col(BatchRegistration.created_at))
)
_ALL_STANDING: Final = Ready(_STANDING)
_ORGS_STANDING: Final = Ready(_STANDING.where(col(BatchRegistration.org) == bindparam("org")))


# -- serials -----------------------------------------------------------------------------------


def lock_serials(session: Session, org: Hash32, *, whole: bool) -> None:
    """Hold an organisation's serials until the transaction ends: together, or (`whole`) alone.

    So no serial is given by a batch and by itself at once. On SQLite writers take turns anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        lock = "pg_advisory_xact_lock" if whole else "pg_advisory_xact_lock_shared"
        key = int.from_bytes(org[8:16], "big", signed=True)
        session.execute(text(f"select {lock}(:key)"), {"key": key})


def newest_sequence(session: Session) -> int:
    """The number of the newest operation."""
    return session.exec(select(func.max(Operation.sequence))).one() or 0


def count_serials(session: Session, org: Hash32, most: int) -> int:
    """How many serials an organisation gave one by one; counts no further than `most`."""
    some = select(Registration.serial).where(Registration.org == org).limit(most).subquery()
    return session.exec(select(func.count()).select_from(some)).one()


def walk_serials(session: Session, org: Hash32) -> Iterator[tuple[str, Hash32]]:
    """The serials that an organisation gave one by one, with their assets."""
    last = ""
    while True:
        following = _given(org).where(Registration.serial > last)
        rows = session.exec(following.order_by(col(Registration.serial)).limit(_PORTION)).all()
        if not rows:
            return
        last = rows[-1][0]
        yield from rows


def find_serials(
    session: Session, org: Hash32, serials: Iterable[str]
) -> Iterator[tuple[str, Hash32]]:
    """Those of the serials that the organisation gave one by one, with their assets."""
    remaining = iter(serials)
    while part := list(islice(remaining, _PORTION)):
        yield from session.exec(_given(org).where(col(Registration.serial).in_(part))).all()


def serials_since(session: Session, org: Hash32, sequence: int) -> list[tuple[str, Hash32]]:
    """Serials that the organisation gave one by one since that operation was the newest."""
    since = _given(org).where(col(Operation.sequence) > sequence - _UNDER_WAY)
    return list(session.exec(since).all())


def _given(org: Hash32) -> Select[str, Hash32]:
    """Serials and assets of an organisation's registrations that were not rejected."""
    return (
        select(Registration.serial, Registration.asset)
        .join(Operation, col(Operation.id) == col(Registration.operation))
        .where(Registration.org == org, Operation.state != State.REJECTED)
    )
