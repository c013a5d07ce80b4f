"""Takes in what is said of assets: judged, its document kept, and then lasting as an operation."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from functools import partial
from itertools import product
from typing import Final

from pydantic import TypeAdapter
from sqlmodel import Session

from api import lookup
from api.acceptance import Taken
from api.bodies import decode_body
from api.deps import Service
from api.described import named_file, seal_described, tell_request
from api.erasing import erase, require_erasable
from api.errors import Problem
from api.export_gate import read_release, require_releasable
from api.judging import Decide, Decided, Judged, Sending, judge_all, place_of
from api.lookup import Target
from api.naming import make_payload
from api.published import find_schema_document
from api.rights import Asking, require_right
from api.schemas.acts import Act
from api.sense import find_problem
from api.standing import Standing
from api.steps import go_on
from api.suspension import find_suspended
from api.validation import get_schema
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
from ledger.errors import LedgerError, UnknownThing
from ledger.outbox.classes import keep_releases, make_label
from ledger.outbox.files import bind_file, require_free_file
from ledger.outbox.keys import Credential
from ledger.outbox.operations import OPERATOR
from ledger.types import ZERO_HASH, Hash32, Party, to_hex

ACT: Final[TypeAdapter[Act]] = TypeAdapter(Act)


@dataclass(frozen=True, slots=True)
class Sent:
    """An entry about an asset as it was sent: by whom, its body, If-Match, its Idempotency-Key."""

    who: Credential
    asset: Hash32
    body: bytes
    if_match: str | None
    key: str | None


def judge_acts(service: Service, all_sent: Sequence[Sent]) -> list[Taken | Judged | Exception]:
    """What becomes of entries about assets, as `judge_all` says.

    An outcome may be a DocumentError (the document cannot be accepted), an UnknownThing (what is
    named nobody knows), an IdempotencyConflict, or the Problem of an asset that is not known, not
    the caller's, or has moved on, or of what the ledger would refuse.
    """
    read = [_read(service, sent) for sent in all_sent]
    return go_on(read, partial(judge_all, service))


def _read(service: Service, sent: Sent) -> tuple[Sending, Decide] | Exception:
    try:
        body = decode_body(ACT, sent.body)
        sealed = seal_described(body)
    except (Problem, LedgerError) as error:
        return error
    told = {"path": f"assets/{sent.asset.hex()}", **tell_request(body)}
    decide = partial(_decide, service, sent, body, sealed)
    return Sending(sent.who, told, sealed, sent.key), decide


def _decide(
    service: Service, sent: Sent, body: Act, sealed: Sealed | None, session: Session
) -> Decided:
    who, asset = sent.who, sent.asset
    target = lookup.get_target(session, who, asset)
    payload = _judge(service, session, who, target, body, sealed)
    schema, text = _find_schema(service, session, target, payload)
    return replace(
        place_of(asset, payload, target.count, body.position, sent.if_match),
        following=target.asset.count,
        schema=schema,
        text=text,
        label=make_label(session, who.org or OPERATOR, getattr(body, "data_class", None)),
        beside=_find_beside(service, session, who, asset, body, sealed, payload),
    )


def _find_beside(
    service: Service,
    session: Session,
    who: Credential,
    asset: Hash32,
    body: Act,
    sent: Sealed | None,
    payload: Payload,
) -> Callable[[Session, str], None] | None:
    """What is done with the operation. Raises Problem: a release is not the caller's to give."""
    file, released = named_file(body), read_release(body.kind, sent)
    if released is not None:
        require_releasable(session, service.births, who, asset, released)
    if file is None and released is None and not isinstance(payload, Erased):
        return None

    def beside(session: Session, operation: str) -> None:
        if file is not None:
            bind_file(session, who.org or OPERATOR, file, asset)
        if released is not None:
            keep_releases(session, operation, *astuple(released))
        # Nothing is destroyed unless the entry is taken, and no entry stands before it is.
        if isinstance(payload, Erased):
            erase(service, session, payload.documents)

    return beside


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
