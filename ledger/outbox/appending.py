"""Accepts entries about what exists, any number in one transaction; one alone is a number, too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from sqlalchemy import bindparam, insert, tuple_
from sqlmodel import Session, col, select

from ledger.database.plain import fetch
from ledger.domain.kinds import CONSEQUENCES, Kind
from ledger.outbox.clock import new_id, now
from ledger.outbox.conflicts import IdempotencyConflict, WrittenByTheLedger, WrongPosition
from ledger.outbox.known import Owned
from ledger.outbox.once import Accepted, Asked, outlast_races, request_values
from ledger.outbox.operations import OPERATOR, SentDocument, document_values, operation_values
from ledger.outbox.positions import OnItsWay, find_on_its_way, lock_subjects, written_to
from ledger.outbox.receipts import Notary, promise_all
from ledger.outbox.tables import Document, Operation, Request
from ledger.types import Hash32


@dataclass(frozen=True, slots=True)
class Appending:
    """An entry that is asked for; by governance, if OPERATOR asks.

    `following` is the subject's next position as mirrored (None: not mirrored). With `position`
    None the entry takes whatever position is next when it is sent, and the operation tells the one
    expected.
    """

    asked: Asked
    subject: Hash32
    kind: Kind
    payload: bytes
    position: int | None = None
    following: int | None = None
    document: SentDocument | None = None

    @property
    def written_to(self) -> frozenset[Hash32]:
        """The subjects that it is written to."""
        return written_to(self.subject, self.kind, self.payload)


@dataclass(frozen=True, slots=True)
class AcceptedEntry:
    """The operation that an entry became; `existing` if an earlier request had made it."""

    operation: str
    subject: Hash32
    kind: int
    position: int
    payload: bytes
    existing: bool


Outcome: TypeAlias = AcceptedEntry | Exception
"""What became of an entry: it is accepted, or there is a reason why not."""


def accept_entries(
    session: Session, wanted: Sequence[Appending], notary: Notary | None = None
) -> list[Outcome]:
    """Accept entries as if they came one after the other; the caller commits.

    An Idempotency-Key gives the first request's operation again. What cannot be accepted (an
    IdempotencyConflict, a WrongPosition, or what is WrittenByTheLedger) hinders nothing else. The
    `notary` signs receipts of what is new, all by one signature.
    """
    # First, and all at once: whoever asks the same has it accepted, or waits here.
    lock_subjects(session, frozenset[Hash32]().union(*[one.written_to for one in wanted]))

    def attempt() -> list[Outcome]:
        known = find_known(session, [one.asked for one in wanted])
        # Sorted, so that ids made within a millisecond have the order of acceptance, too.
        ids = iter(sorted([new_id() for _ in wanted]))
        ruling = _Ruling(session, known, ids)
        for one in wanted:
            ruling.rule(one)
        _write(session, ruling, notary)
        return ruling.outcomes

    return outlast_races(session, attempt)


def accept_entry(
    session: Session,
    *,
    org: Hash32 | None,
    subject: Hash32,
    kind: Kind,
    payload: bytes,
    position: int | None,
    next_position: int | None,
    document: SentDocument | None,
    idempotency_key: str | None,
    request_digest: Hash32,
    notary: Notary | None = None,
) -> Accepted:
    """As `accept_entries`, of one alone; `org` is None where governance acts.

    Raises:
        IdempotencyConflict: the key stands for another request.
        WrongPosition: `position` is not the next, counting what is on its way.
        WrittenByTheLedger: nobody can ask for an entry of that kind.
    """
    asked = Asked(OPERATOR if org is None else org, idempotency_key, request_digest)
    wanted = Appending(asked, subject, kind, payload, position, next_position, document)
    [outcome] = accept_entries(session, [wanted], notary)
    if isinstance(outcome, Exception):
        raise outcome
    operation = session.exec(select(Operation).where(Operation.id == outcome.operation)).one()
    return Accepted(operation, outcome.existing)


@dataclass(slots=True)
class _Ruling:
    """What is to become of each entry, and what has to be written for that.

    `ids` are for new operations; `ways` how far things are on their way to each subject, those of
    this transaction included.
    """

    session: Session
    known: dict[Owned, Known]
    ids: Iterator[str]
    at: int = field(default_factory=now)
    ways: dict[Hash32, OnItsWay] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)
    operations: list[dict[str, Any]] = field(default_factory=list)
    documents: list[dict[str, Any]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)

    def rule(self, one: Appending) -> None:
        """Decide by what is known and by those before it."""
        self.outcomes.append(find_outcome(self.known, one.asked) or self._begin(one))

    def _begin(self, one: Appending) -> Outcome:
        if one.kind in CONSEQUENCES or one.kind is Kind.FOUNDED:
            return WrittenByTheLedger(one.kind.label)
        way = self._way(one.subject)
        expected = max(one.following or 0, way.following)
        if one.position not in (None, expected):
            return WrongPosition(one.subject, expected=expected, given=one.position)
        for parent in one.written_to - {one.subject}:
            self._way(parent).echo()
        way.write(expected)
        return self._add(one, expected)

    def _way(self, subject: Hash32) -> OnItsWay:
        if subject not in self.ways:
            self.ways[subject] = find_on_its_way(self.session, subject)
        return self.ways[subject]

    def _add(self, one: Appending, position: int) -> AcceptedEntry:
        id, (org, key) = next(self.ids), (one.asked.org, one.asked.key)
        fixed = one.position is not None
        said = (one.subject, one.kind, one.payload, position)
        self.operations.append(operation_values(id, org, *said, self.at, fixed=fixed))
        if one.document:
            self.documents.append(document_values(org, one.subject, one.document, self.at))
        told = (id, one.subject, one.kind, position, one.payload)
        if key is not None:
            self.requests.append(request_values(one.asked, id))
            again = AcceptedEntry(*told, existing=True)
            self.known[org, key] = Known(one.asked.digest, id, again)
        return AcceptedEntry(*told, existing=False)


def _write(session: Session, ruling: _Ruling, notary: Notary | None) -> None:
    if not ruling.operations:
        return
    promise_all(session, notary, ruling.operations)
    connection = session.connection()
    connection.execute(_ADD_OPERATIONS, ruling.operations)
    if ruling.documents:
        connection.execute(_ADD_DOCUMENTS, ruling.documents)
    if ruling.requests:
        # Sorted, so that two transactions never wait for each other.
        ruling.requests.sort(key=lambda values: (values["org"], values["key"]))
        connection.execute(_ADD_REQUESTS, ruling.requests)


_ADD_OPERATIONS: Final = insert(Operation)
_ADD_DOCUMENTS: Final = insert(Document)
_ADD_REQUESTS: Final = insert(Request)


# -- keys -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """What was asked under an Idempotency-Key, and what came of it, if that is one operation."""

    digest: Hash32
    operation: str
    accepted: AcceptedEntry | None


def find_known(session: Session, all_asked: Iterable[Asked]) -> dict[Owned, Known]:
    """What earlier requests left behind under the keys of these, in one query."""
    keys = {(one.org, one.key) for one in all_asked if one.key is not None}
    if not keys:
        return {}
    rows = fetch(session, _KEYED, keys=sorted(keys))
    return {(row.org, row.key): Known(row.digest, row.operation, _accepted(row)) for row in rows}


def find_outcome(known: Mapping[Owned, Known], asked: Asked) -> Outcome | None:
    """The outcome of what was asked for before; None: it is new."""
    found = None if asked.key is None else known.get((asked.org, asked.key))
    if asked.key is None or found is None:
        return None
    if found.digest != asked.digest or found.accepted is None:
        return IdempotencyConflict(asked.key, found.operation)
    return found.accepted


_TOLD: Final = (Operation.subject, Operation.kind, Operation.position, Operation.payload)
_KEYED: Final = (
    select(  # type: ignore[call-overload]
        *(Request.org, Request.key, Request.digest, Request.operation, *_TOLD)
    )
    .join(Operation, col(Operation.id) == col(Request.operation), isouter=True)
    .where(tuple_(col(Request.org), col(Request.key)).in_(bindparam("keys", expanding=True)))
)


def _accepted(row: Any) -> AcceptedEntry | None:
    if row.subject is None:
        return None
    told = (row.operation, row.subject, row.kind, row.position, row.payload)
    return AcceptedEntry(*told, existing=True)
