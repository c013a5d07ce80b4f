"""Judges requests to append, whatever subject they are about, before they are accepted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from sqlmodel import Session

from api.acceptance import Taken, digest, tell_taken
from api.conditions import read_if_match
from api.deps import Service
from api.errors import Problem
from api.validation import require_fitting
from ledger.documents.sealing import Sealed
from ledger.domain.payloads import Payload
from ledger.errors import LedgerError
from ledger.outbox.appending import Known, find_known, find_outcome
from ledger.outbox.classes import Label
from ledger.outbox.keys import Credential
from ledger.outbox.known import Owned
from ledger.outbox.operations import OPERATOR, Asked
from ledger.outbox.receipts import find_receipts
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
    and is kept under `label`; so must the description of a file that is named in its place.
    `beside` is done with the operation, in its transaction and once.
    """

    subject: Hash32
    payload: Payload
    following: int | None
    position: int | None = None
    matched: bool = False
    schema: Hash32 = ZERO_HASH
    text: bytes | None = None
    described: bytes | None = None
    label: Label | None = None
    beside: Callable[[Session, str], None] | None = None


Decide: TypeAlias = Callable[[Session], Decided]
"""Says which entry a request asks for, or raises what speaks against it."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A request that nothing speaks against, but for what its document has to fit."""

    asked: Asked
    document: Sealed | None
    decided: Decided

    @property
    def fits(self) -> bool:
        """Whether the document fits: it need fit nothing, or was held against what it must."""
        return self.decided.text is None

    def fitted(self) -> Judged:
        """The same, whose document was held against what it must fit."""
        return replace(self, decided=replace(self.decided, text=None))

    def require_fitting(self, service: Service) -> None:
        """See that the document fits, which may take its time. Raises Problem."""
        decided, document = self.decided, self.document
        field, raw = ("document", document.raw) if document else ("file", decided.described)
        require_fitting(service, decided.schema, decided.text, raw, field)


def judge_all(
    session: Session, all_sent: Sequence[tuple[Sending, Decide]]
) -> list[Taken | Judged | Exception]:
    """What becomes of requests as things stand: answered before, refused, or to be accepted.

    All are judged by one snapshot, and what is wrong with one hinders no other.
    """
    all_asked = [_asked(sending) for sending, _ in all_sent]
    # Before anything is judged: what was right then may be wrong now.
    known = find_known(session, all_asked)
    return [
        _judge(session, known, asked, sending, decide)
        for asked, (sending, decide) in zip(all_asked, all_sent, strict=True)
    ]


def _asked(sending: Sending) -> Asked:
    org = sending.who.org or OPERATOR
    return Asked(org, sending.key, digest(sending.told, sending.document))


def _judge(
    session: Session,
    known: Mapping[Owned, Known],
    asked: Asked,
    sending: Sending,
    decide: Decide,
) -> Taken | Judged | Exception:
    answered = find_outcome(known, asked)
    if isinstance(answered, Exception):
        return answered
    try:
        if answered is not None:
            return tell_taken(answered, find_receipts(session, [answered.operation]))
        return Judged(asked, sending.document, decide(session))
    except (Problem, LedgerError) as error:
        return error
    except Exception as error:  # noqa: BLE001 - it is raised where it was asked for
        session.rollback()  # the others' session is sound again
        return error


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
