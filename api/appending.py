"""Takes entries in, whatever subject they are about: requests that append become operations here.

One alone goes the same way as many that come at the same time: judged by one snapshot, accepted by
one commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from sqlmodel import Session

from api.acceptance import Taken, tell_taken
from api.deps import Service
from api.errors import Problem
from api.judging import Decide, Decided, Judged, Sending, judge_all
from api.pressure import foresee_room, require_room
from api.receipts import get_notary
from api.steps import go_on
from ledger.database.engine import reading, writing
from ledger.documents.packs import Place
from ledger.documents.sealing import Sealed
from ledger.outbox.appending import Appending, Outcome, accept_entries
from ledger.outbox.conflicts import WrongPosition
from ledger.outbox.operations import SentDocument
from ledger.outbox.receipts import find_receipts
from ledger.proofs.receipt_tree import Given
from ledger.types import Hash32

_Kept: TypeAlias = tuple[Judged, SentDocument | None]


def take(service: Service, sending: Sending, decide: Decide) -> Taken:
    """Take an entry in. The operator's key writes as governance.

    Raises:
        Problem: whatever `decide` does; the document does not fit; the subject has moved on; there
            is no room.
        WrongPosition, IdempotencyConflict: it contradicts an earlier request.
    """
    with reading(service.engine) as session:
        [judged] = judge_all(session, [(sending, decide)])
    if isinstance(judged, Exception):
        raise judged
    if isinstance(judged, Taken):
        return judged
    judged.require_fitting(service)
    [outcome] = take_all(service, [judged])
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def take_all(service: Service, all_judged: Sequence[Judged]) -> list[Taken | Exception]:
    """Accept what was judged, in one transaction: each has its own outcome, in order.

    What has something done beside it has a transaction of its own, as that may fail.
    """
    foresee_room(service, {one.asked.org for one in all_judged})
    let_in = [_let_in(service, one) for one in all_judged]
    kept = go_on(let_in, lambda these: _keep(service, these))
    return go_on(kept, lambda these: _accept_all(service, these))


def _let_in(service: Service, one: Judged) -> Judged | Exception:
    try:
        require_room(service, one.asked.org)
    except Problem as problem:
        return problem
    return one


def _keep(service: Service, these: Sequence[Judged]) -> list[_Kept | Exception]:
    """Make the documents lasting, together."""
    documents = [(one.document, one.asked.org) for one in these if one.document is not None]
    try:
        places = iter(service.documents.save(*_apart(documents)))
    except Exception as error:  # noqa: BLE001 - it is raised where it was asked for
        return [(one, None) if one.document is None else error for one in these]
    return [(one, _sent(one, places)) for one in these]


def _apart(
    documents: Sequence[tuple[Sealed, Hash32]],
) -> tuple[Sequence[Sealed], Sequence[Hash32]]:
    return [document for document, _ in documents], [org for _, org in documents]


def _sent(one: Judged, places: Iterator[Place]) -> SentDocument | None:
    sent = one.document
    if sent is None:
        return None
    return SentDocument(sent.content_hash, len(sent.raw), next(places), label=one.decided.label)


def _accept_all(service: Service, these: Sequence[_Kept]) -> list[Taken | Exception]:
    plain = [place for place, (one, _) in enumerate(these) if one.decided.beside is None]
    rest = sorted({*range(len(these))} - {*plain})
    outcomes: dict[int, Taken | Exception] = {}
    for places in [plain, *[[place] for place in rest]]:
        told = _accept(service, [these[place] for place in places])
        outcomes |= zip(places, told, strict=True)
    return [outcomes[place] for place in range(len(these))]


def _accept(service: Service, these: Sequence[_Kept]) -> Sequence[Taken | Exception]:
    """Accept entries in one transaction."""
    if not these:
        return []
    try:
        with writing(service.engine) as session:
            notary = get_notary(service, session)
            found = accept_entries(session, [_appending(*one) for one in these], notary)
            for (one, _), outcome in zip(these, found, strict=True):
                _do_beside(session, one.decided, outcome)
            given = notary.given | _find_earlier(session, found)
    except Exception as error:  # noqa: BLE001 - it is raised where it was asked for
        return [error] * len(these)
    return [
        _refusal(one, outcome) if isinstance(outcome, Exception) else tell_taken(outcome, given)
        for (one, _), outcome in zip(these, found, strict=True)
    ]


def _do_beside(session: Session, decided: Decided, outcome: Outcome) -> None:
    if decided.beside is None or isinstance(outcome, Exception) or outcome.existing:
        return
    decided.beside(session, outcome.operation)


def _find_earlier(session: Session, outcomes: Iterable[Outcome]) -> dict[str, Given]:
    """The receipts of what had been accepted before."""
    accepted = [one for one in outcomes if not isinstance(one, Exception)]
    again = [one.operation for one in accepted if one.existing]
    return find_receipts(session, again) if again else {}


def _appending(one: Judged, document: SentDocument | None) -> Appending:
    decided = one.decided
    return Appending(
        asked=one.asked,
        subject=decided.subject,
        kind=decided.payload.KIND,
        payload=decided.payload.encode(),
        position=decided.position,
        following=decided.following,
        document=document,
    )


def _refusal(one: Judged, error: Exception) -> Exception:
    if isinstance(error, WrongPosition) and one.decided.matched:
        return Problem("precondition_failed", error.message, members=error.fields)
    return error
