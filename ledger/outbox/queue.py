"""Which queued operations go next: fair between organisations, in order about each subject."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import text
from sqlmodel import Session, col, or_, select

from ledger.chain.contract import Authorisation
from ledger.domain.batch import batch_id_of
from ledger.domain.entries import Entry
from ledger.domain.kinds import GOVERNANCE, Kind
from ledger.domain.payloads import (
    Attested,
    BatchRegistered,
    CredentialIssued,
    Delisted,
    Dismounted,
    Listed,
    Mounted,
    Offered,
    Registered,
    SchemaPublished,
    TitleForced,
    Transferred,
    WorldOpened,
    decode_payload,
)
from ledger.errors import MalformedValue
from ledger.outbox.positions import written_to
from ledger.outbox.tables import MOUNTS, Operation, Role, State
from ledger.types import ZERO_HASH, Hash32


@dataclass(frozen=True, slots=True)
class Waiting:
    """A queued operation as it was read: the entry it asks for, and its place in the queue.

    If `fixed`, the entry must stand at its position or nowhere. `leave` is there where a wallet
    signed it: it is appended for that account, whoever sends it.
    """

    sequence: int
    id: str
    entry: Entry
    fixed: bool
    leave: Authorisation | None = None

    @property
    def governs(self) -> bool:
        """Whether governance acts, by a function of its own."""
        return self.entry.kind in GOVERNANCE

    def goes_with(self, other: Waiting) -> bool:
        """Whether one transaction may carry both.

        What wallets signed goes by another function of the contract, and with its own
        organisation's alone: a wallet that changes its mind makes all of its transaction fail.
        """
        if self.leave is None or other.leave is None:
            return self.leave is other.leave
        return self.entry.org == other.entry.org

    @property
    def writes_to(self) -> frozenset[Hash32]:
        """The subjects that the entry is written to: a part's parent has it, too."""
        return written_to(self.entry.subject, self.entry.kind, self.entry.payload)

    @property
    def touches(self) -> frozenset[Hash32]:
        """The subjects whose state decides whether the entry is allowed."""
        return _touched_by(self.entry)


# SQLite takes 32,766 parameters in a statement at most.
_CHUNK: Final = 10_000

# Plain columns: whole rows of a thousand candidates would cost more than all else here.
_COLUMNS: Final[Sequence[Any]] = [
    getattr(Operation, name)
    for name in (
        "sequence",
        "id",
        "position_fixed",
        "subject",
        "org",
        "kind",
        "position",
        "payload",
        "actor",
        "deadline",
        "signature",
    )
]

_WAITS: Final = [
    select(Operation.sequence)
    .where(Operation.state == State.QUEUED, Operation.role == role)
    .exists()
    .label(role)
    for role in Role
]


def find_waiting(session: Session) -> frozenset[Role]:
    """The roles for which anything is queued; cheap, as it is asked all the time."""
    waits = session.connection().execute(select(*_WAITS)).one()
    return frozenset(role for role, waits_for_it in zip(Role, waits, strict=True) if waits_for_it)


def choose(
    session: Session,
    role: Role,
    limit: int,
    window: int,
    without: Collection[Hash32] = (),
) -> list[Waiting]:
    """Up to `limit` operations that may go now, in the order of their acceptance.

    Those of the organisations `without` are left to another lane.

    Organisations take turns. An operation stays back while an earlier one about a subject that
    it touches is neither chosen with it nor settled, and while its own subject is under way.
    """
    candidates = _candidates(session, role, window, without)
    unsettled = _find_unsettled(session, candidates)
    free = unsettled.let_through(candidates)
    turns = sorted(_take_turns(free)[:limit], key=lambda one: one.sequence)
    return unsettled.let_through(turns)


def _candidates(
    session: Session, role: Role, window: int, without: Collection[Hash32]
) -> list[Waiting]:
    """The first `window` in the queue, and the first of every organisation that is not in it."""
    queued = (
        select(*_COLUMNS)
        .where(Operation.state == State.QUEUED, Operation.role == role)
        .order_by(col(Operation.sequence))
    )
    if without:
        queued = queued.where(col(Operation.org).not_in(without))
    found = list(session.exec(queued.limit(window)))
    if len(found) == window:
        seen = {one.org for one in found}.union(without)
        found += _first_of_others(session, role, seen, window)
    return [_waiting(one) for one in found]


def _first_of_others(session: Session, role: Role, seen: set[Hash32], window: int) -> Iterable[Any]:
    """Skips from organisation to organisation along the index, past any one's million."""
    mine = (Operation.state == State.QUEUED, Operation.role == role)
    last: Hash32 = b""
    for _ in range(window):
        following = select(Operation.org).where(*mine, Operation.org > last)
        org = session.exec(following.order_by(col(Operation.org)).limit(1)).first()
        if org is None:
            return
        last = org
        if org not in seen:
            first = select(*_COLUMNS).where(*mine, Operation.org == org)
            yield from session.exec(first.order_by(col(Operation.sequence)).limit(10))


def _take_turns(candidates: list[Waiting]) -> list[Waiting]:
    queues: dict[Hash32, deque[Waiting]] = defaultdict(deque)
    for one in candidates:
        queues[one.entry.org].append(one)
    taken = []
    while queues:
        for org in list(queues):
            taken.append(queues[org].popleft())
            if not queues[org]:
                del queues[org]
    return taken


@dataclass(frozen=True, slots=True)
class _Unsettled:
    """What stands before others: queued or sent operations by subject, and subjects under way."""

    earlier: dict[Hash32, set[int]]
    under_way: set[Hash32]

    def let_through(self, candidates: list[Waiting]) -> list[Waiting]:
        """Those of `candidates`, in order of sequence, that wait for nothing but one another."""
        free, taken = [], set[int]()
        for one in candidates:
            before = {
                sequence
                for subject in one.touches
                for sequence in self.earlier.get(subject, ())
                if sequence < one.sequence
            }
            if one.entry.subject not in self.under_way and before <= taken:
                free.append(one)
                taken.add(one.sequence)
        return free


def _find_unsettled(session: Session, candidates: list[Waiting]) -> _Unsettled:
    touched = list({subject for one in candidates for subject in one.touches})
    sequences = [one.sequence for one in candidates]
    first, last = min(sequences, default=0), max(sequences, default=0)
    found = _Unsettled(defaultdict(set), set())
    for start in range(0, len(touched), _CHUNK):
        part = touched[start : start + _CHUNK]
        rows = [*_find_about(session, part, last), *_find_consequences(session, part, first, last)]
        for subject, sequence, state in rows:
            found.earlier[subject].add(sequence or 0)
            if state == State.SENT:
                found.under_way.add(subject)
    return found


def _find_about(
    session: Session, subjects: Sequence[Hash32], last: int
) -> Iterable[tuple[Hash32, int | None, str]]:
    """What is queued up to the sequence `last`, or sent, about these subjects."""
    return session.exec(
        select(Operation.subject, Operation.sequence, Operation.state).where(
            col(Operation.subject).in_(subjects),
            col(Operation.state).in_([State.QUEUED, State.SENT]),
            or_(col(Operation.sequence) <= last, Operation.state == State.SENT),
        )
    )


def _find_consequences(
    session: Session, subjects: Sequence[Hash32], first: int, last: int
) -> Iterator[tuple[Hash32, int | None, str]]:
    """What writes to these as parents, too: it is sent, or queued between two sequences.

    Its payload is the parent's id. What was accepted after it was told a position behind it.
    """
    sequence, state = col(Operation.sequence), col(Operation.state)
    custodian = Operation.role == Role.CUSTODIAN
    for which in (
        [state == State.SENT, custodian, col(Operation.kind).in_([Kind.MOUNTED, Kind.DISMOUNTED])],
        [state == State.QUEUED, text(MOUNTS), sequence.between(first, last)],
    ):
        found = select(Operation.payload, Operation.sequence, Operation.state)
        yield from session.exec(found.where(*which, col(Operation.payload).in_(subjects)))


def _waiting(row: Any) -> Waiting:
    sequence, id, fixed, subject, org, kind, position, payload, actor, deadline, signature = row
    entry = Entry(subject, org, Kind(kind), position, payload)
    leave = None if signature is None else Authorisation(actor, deadline, signature)
    return Waiting(sequence, id, entry, fixed, leave)


# The same candidates are looked at again until they go.
@lru_cache(maxsize=4096)
def _touched_by(entry: Entry) -> frozenset[Hash32]:
    batch = batch_id_of(entry.subject)
    return frozenset({entry.subject, batch, entry.org, *_named(entry)}) - {ZERO_HASH}


def _named(entry: Entry) -> tuple[Hash32, ...]:
    """The subjects that an entry's payload names."""
    try:
        payload = decode_payload(entry.kind, entry.payload)
    except MalformedValue:
        return ()  # the contract will say what is wrong with it
    match payload:
        case Registered(owner, schema) | BatchRegistered(owner, schema):
            return (owner, schema)
        case Transferred(to) | TitleForced(to) | Offered(_, to):
            return (to,)
        case Mounted(parent) | Dismounted(parent):
            return (parent,)
        case Attested(schema) | CredentialIssued(schema):
            return (schema,)
        case SchemaPublished(_, replaces):
            return (replaces,)
        case WorldOpened(_, schema, issuer):
            return (schema, issuer)
        case Listed(world) | Delisted(world):
            return (world,)
        case _:
            return ()
