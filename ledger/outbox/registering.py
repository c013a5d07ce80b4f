"""Accepts registrations, any number in one transaction; one alone is a number, too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from sqlalchemy import bindparam, insert, update
from sqlmodel import Session, col

from ledger.documents.packs import Place
from ledger.documents.sealing import Sealed
from ledger.domain.kinds import Kind
from ledger.outbox.classes import Label
from ledger.outbox.clock import new_id, now
from ledger.outbox.conflicts import IdempotencyConflict, SerialTaken
from ledger.outbox.failpoints import reach
from ledger.outbox.known import AcceptedAsset, Given, Keyed, Known, Owned, find_known
from ledger.outbox.once import Asked, find_request, outlast_races, request_values
from ledger.outbox.operations import SentDocument, document_values, operation_values
from ledger.outbox.receipts import Notary, promise_all
from ledger.outbox.tables import Document, Operation, Registration, Request
from ledger.types import Hash32

MOST: Final = 2000
"""Registrations that one transaction should accept, so that no other writer waits for long."""

OF_MANY: Final = ""
"""Stands for the operation where an Idempotency-Key's request asked for many."""


@dataclass(frozen=True, slots=True)
class Registering:
    """A registration that is asked for.

    `digest` is over the document and the asset's attributes, without anything random: the same
    serial and digest are the same registration. `asked` has its Idempotency-Key, if there is one.
    `is_file`: the document describes a file that was uploaded, and is kept already.
    """

    serial: str
    digest: Hash32
    subject: Hash32
    payload: bytes
    document: Sealed
    asked: Asked
    is_file: bool = False
    label: Label | None = None

    @property
    def place(self) -> Owned:
        """Whose serial it is, and which."""
        return self.asked.org, self.serial


Outcome: TypeAlias = AcceptedAsset | Exception
"""What became of a registration: it is accepted, or there is a reason why not."""

Admit: TypeAlias = Callable[[Hash32, int], Exception | None]
"""Asks whether there is room for so many new operations of an organisation, or why not."""

Keep: TypeAlias = Callable[[Sequence[Sealed], Sequence[Hash32]], Sequence[Place]]
"""Makes documents of these senders lasting, and tells where each lies."""


def accept_registrations(
    session: Session,
    wanted: Sequence[Registering],
    admit: Admit,
    keep: Keep,
    whole: Asked | None = None,
    notary: Notary | None = None,
) -> list[Outcome]:
    """Accept registrations as if they came one after the other; the caller commits.

    An Idempotency-Key, or the same serial and digest, gives the first registration's operation
    again; one that was rejected leaves its serial to others. What cannot be accepted (an
    IdempotencyConflict, a SerialTaken, or what `admit` says) hinders nothing else. `keep` gets
    the documents of what is new. `whole` is the request that all of these came with, if that has
    a key of its own. The `notary` signs receipts of what is new.

    Raises:
        IdempotencyConflict: the key of `whole` stands for another request.
    """

    def attempt() -> list[Outcome]:
        if whole is not None:
            _remember_whole(session, whole)
        ruling = _rule_within_room(session, wanted, admit)
        if ruling.new:
            new = [one for one in ruling.new.values() if not one.is_file]
            places = keep([one.document for one in new], [one.asked.org for one in new])
            reach("documents are stored")
            _write(session, ruling, places, notary)
        if ruling.requests:
            session.connection().execute(insert(Request), ruling.requests)
        return ruling.outcomes

    return outlast_races(session, attempt)


def _remember_whole(session: Session, whole: Asked) -> None:
    if find_request(session, whole) is None:
        session.connection().execute(insert(Request), [request_values(whole, OF_MANY)])


@dataclass(slots=True)
class _Ruling:
    """What is to become of each registration, and what has to be written for that.

    `ids` are for new operations; `new` are those to be accepted, by operation; `freed` the
    serials that are given anew.
    """

    known: Known
    ids: Iterator[str]
    outcomes: list[Outcome] = field(default_factory=list)
    new: dict[str, Registering] = field(default_factory=dict)
    freed: set[Owned] = field(default_factory=set)
    requests: list[dict[str, Any]] = field(default_factory=list)

    def rule(self, one: Registering, full: Mapping[Hash32, Exception]) -> None:
        """Decide by what is known and by those before it."""
        outcome = self._judge(one) or full.get(one.asked.org) or self._begin(one)
        self.outcomes.append(outcome)
        if one.asked.key is not None and isinstance(outcome, AcceptedAsset):
            self._remember(one.asked, one.asked.key, outcome)

    def _judge(self, one: Registering) -> Outcome | None:
        """The outcome of what was asked for before; None: it is new."""
        key = one.asked.key
        if key is not None and (keyed := self.known.keys.get((one.asked.org, key))):
            if keyed.digest == one.asked.digest and keyed.accepted:
                return keyed.accepted
            return IdempotencyConflict(key, keyed.operation)
        given = self.known.serials.get(one.place)
        if given is None or given.rejected:
            return None
        if given.digest != one.digest:
            return SerialTaken(one.serial, given.accepted.asset)
        return given.accepted

    def _begin(self, one: Registering) -> AcceptedAsset:
        if one.place in self.known.serials:
            self.freed.add(one.place)
        begun = AcceptedAsset(
            next(self.ids), one.subject, one.document.content_hash, existing=False
        )
        self.known.serials[one.place] = Given(one.digest, _again(begun), rejected=False)
        self.new[begun.operation] = one
        return begun

    def _remember(self, asked: Asked, key: str, outcome: AcceptedAsset) -> None:
        if (asked.org, key) not in self.known.keys:
            keyed = Keyed(asked.digest, outcome.operation, _again(outcome))
            self.known.keys[asked.org, key] = keyed
            self.requests.append(request_values(asked, outcome.operation))


def _again(accepted: AcceptedAsset) -> AcceptedAsset:
    return AcceptedAsset(accepted.operation, accepted.asset, accepted.content_hash, existing=True)


def _rule_within_room(session: Session, wanted: Sequence[Registering], admit: Admit) -> _Ruling:
    keys = {(one.asked.org, one.asked.key) for one in wanted if one.asked.key is not None}
    known = find_known(session, keys, {one.place for one in wanted})
    ruling = _rule(known, wanted, {})
    full: dict[Hash32, Exception] = {}
    for org, count in Counter([one.asked.org for one in ruling.new.values()]).items():
        if reason := admit(org, count):
            full[org] = reason
    return _rule(known, wanted, full) if full else ruling


def _rule(known: Known, wanted: Sequence[Registering], full: Mapping[Hash32, Exception]) -> _Ruling:
    # Sorted, so that ids made within a millisecond have the order of acceptance, too.
    ruling = _Ruling(known.copy(), iter(sorted([new_id() for _ in wanted])))
    for one in wanted:
        ruling.rule(one, full)
    return ruling


def _write(
    session: Session, ruling: _Ruling, places: Sequence[Place], notary: Notary | None
) -> None:
    operations, documents, files = [], [], []
    given: list[dict[str, Any]] = []
    given_anew: list[dict[str, Any]] = []
    at, lie = now(), iter(places)
    for id, one in ruling.new.items():
        org, subject = one.asked.org, one.subject
        operations.append(
            operation_values(id, org, subject, Kind.REGISTERED, one.payload, 0, at, fixed=True)
        )
        if one.is_file:
            files.append({"file": one.document.content_hash, "about": subject})
        else:
            document = one.document
            sent = SentDocument(
                document.content_hash, len(document.raw), next(lie), label=one.label
            )
            documents.append(document_values(org, subject, sent, at))
        (given_anew if one.place in ruling.freed else given).append(_serial_values(id, one))
    promise_all(session, notary, operations)
    connection = session.connection()
    connection.execute(insert(Operation), operations)
    if documents:
        connection.execute(insert(Document), documents)
    if files:
        connection.execute(_BIND, files)
    # Sorted, so that two transactions never wait for each other.
    given.sort(key=lambda values: (values["org_"], values["serial_"]))
    if given:
        connection.execute(_GIVE, given)
    if given_anew:
        connection.execute(_GIVE_ANEW, given_anew)


_NEW_VALUES: Final[dict[str, Any]] = {
    name: bindparam(f"{name}_") for name in ("asset", "content_hash", "digest", "operation")
}
_BIND: Final = (
    update(Document)
    .where(col(Document.content_hash) == bindparam("file"))
    .values(subject=bindparam("about"))
)
_PLACE: Final[dict[str, Any]] = {name: bindparam(f"{name}_") for name in ("org", "serial")}
_GIVE: Final = insert(Registration).values(**_PLACE, **_NEW_VALUES)
_GIVE_ANEW: Final = (
    update(Registration)
    .where(col(Registration.org) == _PLACE["org"], col(Registration.serial) == _PLACE["serial"])
    .values(**_NEW_VALUES)
)


def _serial_values(operation: str, one: Registering) -> dict[str, Any]:
    return {
        "org_": one.asked.org,
        "serial_": one.serial,
        "asset_": one.subject,
        "content_hash_": one.document.content_hash,
        "digest_": one.digest,
        "operation_": operation,
    }
