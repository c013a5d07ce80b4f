"""Takes in what is said of assets: judged, its document kept, and then lasting as an operation."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import astuple
from itertools import product

from sqlmodel import Session

from api import lookup
from api.acceptance import Taken, digest, taken_of
from api.deps import Service
from api.described import named_file, seal_described, tell_request
from api.erasing import erase, require_erasable
from api.errors import Problem
from api.export_gate import read_release, require_releasable
from api.lookup import Target
from api.naming import make_payload
from api.pressure import require_room
from api.published import find_schema_document
from api.receipts import get_notary
from api.rights import Asking, require_right
from api.schemas.acts import Act
from api.sense import find_problem
from api.standing import Standing
from api.suspension import find_suspended
from api.validation import get_schema, require_fitting
from ledger.database.engine import reading, writing
from ledger.documents.sealing import Sealed
from ledger.domain.kinds import Kind
from ledger.domain.payloads import (
    Accepted,
    Attested,
    Dismounted,
    Erased,
    Mounted,
    Offered,
    Payload,
    Revised,
    TitleForced,
    Transferred,
)
from ledger.errors import UnknownThing
from ledger.outbox.classes import Label, keep_releases, make_label
from ledger.outbox.conflicts import WrongPosition
from ledger.outbox.files import bind_file, require_free_file
from ledger.outbox.keys import Credential
from ledger.outbox.operations import (
    OPERATOR,
    Asked,
    SentDocument,
    accept_entry,
    find_answered,
)
from ledger.types import ZERO_HASH, Hash32, Party, to_hex


def append(
    service: Service,
    who: Credential,
    asset: Hash32,
    body: Act,
    if_match: str | None,
    key: str | None,
) -> Taken:
    """Take in an entry about an asset.

    Raises:
        DocumentError: the document cannot be accepted.
        UnknownThing: the request names something that nobody knows.
        Problem: the asset is not known, not the caller's, or has moved on; the ledger would refuse.
        WrongPosition, IdempotencyConflict: it contradicts an earlier request.
    """
    org = who.org or OPERATOR
    sent, file = seal_described(body), named_file(body)
    request_digest = digest({"path": f"assets/{asset.hex()}", **tell_request(body)}, sent)
    with reading(service.engine) as session:
        # Before anything is judged: what was right then may be wrong now.
        if answered := find_answered(session, Asked(org, key, request_digest)):
            return taken_of(session, answered, repeated=True)
        target = lookup.get_target(session, who, asset)
        payload = _judge(service, session, who, target, body, sent)
        label = make_label(session, org, getattr(body, "data_class", None))
        released = read_release(body.kind, sent)
        if released is not None:
            require_releasable(session, service.births, who, asset, released)
        schema, text = _find_schema(service, session, target, payload)
    require_fitting(service, schema, text, sent.raw if sent else None)
    matched = target.match(if_match)
    require_room(service, org)
    document = _store(service, org, sent, label) if sent else None
    try:
        with writing(service.engine) as session:
            accepted = accept_entry(
                session,
                org=who.org,
                subject=asset,
                kind=payload.KIND,
                payload=payload.encode(),
                position=matched if body.position is None else body.position,
                next_position=target.asset.count,
                document=document,
                idempotency_key=key,
                request_digest=request_digest,
                notary=get_notary(service, session),
            )
            if file is not None and not accepted.existing:
                bind_file(session, org, file, asset)
            if released is not None and not accepted.existing:
                keep_releases(session, accepted.operation.id, *astuple(released))
            # Nothing is destroyed unless the entry is taken, and no entry stands before it is.
            if isinstance(payload, Erased) and not accepted.existing:
                erase(service, session, payload.documents)
            return taken_of(session, accepted.operation, repeated=accepted.existing)
    except WrongPosition as error:
        if matched is None:
            raise
        raise Problem("precondition_failed", error.message, members=error.fields) from None


def _find_schema(
    service: Service, session: Session, target: Target, payload: Payload
) -> tuple[Hash32, bytes | None]:
    """The schema that the document must fit, with its text; None: it need fit none.

    What is attested may be under a schema whose document this service was never sent.
    """
    match payload:
        case Revised():
            return target.asset.schema, get_schema(service, session, target.asset.schema)
        case Attested(schema):
            return schema, find_schema_document(session, service.births, schema)
        case _:
            return ZERO_HASH, None


def _store(service: Service, org: Hash32, sent: Sealed, label: Label | None) -> SentDocument:
    [place] = service.documents.save([sent], [org])
    return SentDocument(sent.content_hash, len(sent.raw), place, label=label)


# -- judging -------------------------------------------------------------------------------------


def _judge(
    service: Service,
    session: Session,
    who: Credential,
    target: Target,
    body: Act,
    sent: Sealed | None,
) -> Payload:
    """What the entry is to say, if nothing speaks against it. Raises as `append`."""
    standings, party = target.standings or (), getattr(body, "party", None)
    require_right(standings, who, Kind[body.kind.upper()], Party[party.upper()] if party else None)
    now = int(time.time())
    content_hash = sent.content_hash if sent else named_file(body) or ZERO_HASH
    payload = make_payload(session, who.org, target, body, content_hash, now)
    suspended = find_suspended(session, _concerned(who.org, payload, target))
    asking = Asking(who.org, payload, now, suspended)
    require_sense(session, who, target, asking)
    if (file := named_file(body)) is not None:
        require_free_file(session, who.org or OPERATOR, file, target.id)
    if isinstance(payload, Erased):
        require_erasable(service, session, target.owner, target.id, payload.documents)
    return payload


def require_sense(session: Session, who: Credential, target: Target, asking: Asking) -> None:
    """Refuse what the contract would, both as things stand and as they will. Raises Problem."""
    last: Problem | None = None
    for standing, parent in _find_cases(session, who, target, asking.payload):
        last = find_problem(asking, standing, parent)
        if last is None:
            break
    if last is not None:
        raise last
    if isinstance(asking.payload, Mounted):
        lookup.require_no_cycle(session, target.id, asking.payload.parent)


def _find_cases(
    session: Session, who: Credential, target: Target, payload: Payload
) -> Iterator[tuple[Standing, Standing | None]]:
    """The states in which the ledger may find the asset, and its parent; none: it is not known."""
    standings = target.standings or ()
    if isinstance(payload, Erased):
        # What is destroyed does not come back: only what stands counts.
        standings = [Standing(target.asset)]
    if not isinstance(payload, Mounted | Dismounted):
        yield from ((one, None) for one in standings)
        return
    parent = _get_parent(session, who, payload.parent)
    yield from product(standings, parent.standings or ())


def _get_parent(session: Session, who: Credential, parent: Hash32) -> Target:
    try:
        return lookup.get_target(session, who, parent)
    except Problem:
        raise UnknownThing("asset", field="parent", value=to_hex(parent)) from None


def _concerned(org: Hash32 | None, payload: Payload, target: Target) -> set[Hash32]:
    """The organisations that must not be suspended."""
    found = {org} if org else set()
    match payload:
        case Transferred(to) | TitleForced(to) | Offered(_, to):
            found.add(to)
        case Accepted(party):
            found |= {standing.holder(party) for standing in target.standings or ()}
    return found
