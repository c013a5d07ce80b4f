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

from api.acceptance import Taken
from api.bodies import decode_body
from api.deps import Service
from api.described import load_file, named_file, seal_described, tell_request
from api.erasing import erase, require_erasable
from api.errors import Problem
from api.export_gate import read_release, require_releasable
from api.judging import Decided, Judged, Sending, judge_all, place_of
from api.lookup import Target, require_no_cycle
from api.naming import make_payload
from api.rights import Asking, require_right
from api.schemas.acts import Act, Attest, Dismount, ForceTitle, Mount, Offer, Transfer
from api.sense import find_problem
from api.sight import Sight
from api.standing import Standing
from api.steps import go_on
from api.validation import get_schema
from ledger.database.engine import reading
from ledger.documents.sealing import Sealed
from ledger.domain.kinds import Kind
from ledger.domain.payloads import (
    Accepted,
    Attested,
    Dismounted,
    Erased,
    Listed,
    Mounted,
    Offered,
    Payload,
    Revised,
    TitleForced,
    Transferred,
)
from ledger.domain.telling import documents_of
from ledger.errors import LedgerError, UnknownThing
from ledger.outbox.classes import keep_releases, make_label
from ledger.outbox.files import bind_file, hold_files, require_free_file
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
    read = [_read(sent) for sent in all_sent]
    with reading(service.engine) as session:
        return go_on(read, lambda these: _judge_read(service, session, these))


@dataclass(frozen=True, slots=True)
class _Read:
    """A request that is right by itself."""

    sent: Sent
    told: Act
    document: Sealed | None

    def sending(self) -> Sending:
        """The request as it is told apart from others."""
        told = {"path": f"assets/{self.sent.asset.hex()}", **tell_request(self.told)}
        return Sending(self.sent.who, told, self.document, self.sent.key)


def _read(sent: Sent) -> _Read | Exception:
    try:
        body = decode_body(ACT, sent.body)
        return _Read(sent, body, seal_described(body))
    except (Problem, LedgerError) as error:
        return error


def _judge_read(
    service: Service, session: Session, these: Sequence[_Read]
) -> list[Taken | Judged | Exception]:
    if not these:
        return []
    sight = _see(service, session, these)
    return judge_all(
        session, [(one.sending(), partial(_decide, service, sight, one)) for one in these]
    )


def _see(service: Service, session: Session, these: Sequence[_Read]) -> Sight:
    """All that these name, looked up at once."""
    assets = {one.sent.asset for one in these}
    assets |= {one.told.parent for one in these if isinstance(one.told, Mount | Dismount)}
    names = {one.told.to for one in these if isinstance(one.told, Transfer | Offer | ForceTitle)}
    orgs = {one.sent.who.org for one in these if one.sent.who.org is not None}
    return Sight.over(session, service.births, assets, names, orgs)


def _decide(service: Service, sight: Sight, read: _Read, session: Session) -> Decided:
    sent, body, sealed = read.sent, read.told, read.document
    who, asset = sent.who, sent.asset
    target = sight.get_target(who, asset)
    payload = _judge(service, sight, who, target, body, sealed)
    schema, text = _find_schema(service, sight, target, payload)
    return replace(
        place_of(asset, payload, target.count, body.position, sent.if_match),
        following=target.asset.count,
        schema=schema,
        text=text,
        described=None if text is None else _find_description(service, session, who, body),
        label=make_label(session, who.org or OPERATOR, getattr(body, "data_class", None)),
        beside=_find_beside(service, session, who, asset, body, sealed, payload),
    )


def _find_description(
    service: Service, session: Session, who: Credential, body: Act
) -> bytes | None:
    """The description of the file that an attestation names; what a schema asks of it, it says."""
    file = named_file(body)
    if file is None or not isinstance(body, Attest):
        return None
    return load_file(service.births, session, who.org or OPERATOR, file).raw


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
    shown = documents_of(payload) if isinstance(payload, Listed) else set[Hash32]()
    if sent is not None:
        shown.discard(sent.content_hash)
    if released is not None:
        require_releasable(session, service.births, who, asset, released)
    if not (file or released or shown or isinstance(payload, Erased)):
        return None

    def beside(session: Session, operation: str) -> None:
        if file is not None:
            bind_file(session, who.org or OPERATOR, file, asset)
        hold_files(session, who.org or OPERATOR, asset, shown)
        if released is not None:
            keep_releases(session, operation, *astuple(released))
        # Nothing is destroyed unless the entry is taken, and no entry stands before it is.
        if isinstance(payload, Erased):
            erase(service, session, payload.documents)

    return beside


def _find_schema(
    service: Service, sight: Sight, target: Target, payload: Payload
) -> tuple[Hash32, bytes | None]:
    """The schema that the document must fit, with its text; None: it need fit none.

    What is attested may be under a schema whose document this service was never sent.
    """
    match payload:
        case Revised():
            return target.asset.schema, get_schema(service, sight.session, target.asset.schema)
        case Attested(schema):
            return schema, sight.find_schema_document(schema)
        case _:
            return ZERO_HASH, None


# -- judging -------------------------------------------------------------------------------------


def _judge(
    service: Service,
    sight: Sight,
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
    payload = make_payload(sight, who.org, target, body, content_hash, now)
    suspended = sight.find_suspended(_concerned(who.org, payload, target))
    asking = Asking(who.org, payload, now, suspended)
    require_sense(sight, who, target, asking)
    if (file := named_file(body)) is not None:
        require_free_file(sight.session, who.org or OPERATOR, file, target.id)
    if isinstance(payload, Erased):
        require_erasable(service, sight.session, target.owner, target.id, payload.documents)
    return payload


def require_sense(sight: Sight, who: Credential, target: Target, asking: Asking) -> None:
    """Refuse what the contract would, both as things stand and as they will. Raises Problem."""
    last: Problem | None = None
    for standing, above in _find_cases(sight, who, target, asking.payload):
        last = find_problem(asking, standing, above)
        if last is None:
            break
    if last is not None:
        raise last
    if isinstance(asking.payload, Mounted):
        parent = _get_parent(sight, who, asking.payload.parent)
        require_no_cycle(sight.session, target.id, parent)


def _find_cases(
    sight: Sight, who: Credential, target: Target, payload: Payload
) -> Iterator[tuple[Standing, Standing | None]]:
    """The states in which the ledger may find the asset, and its parent; none: it is not known."""
    standings = target.standings or ()
    if isinstance(payload, Erased):
        # What is destroyed does not come back: only what stands counts.
        standings = [Standing(target.asset)]
    if not isinstance(payload, Mounted | Dismounted):
        yield from ((one, None) for one in standings)
        return
    parent = _get_parent(sight, who, payload.parent)
    yield from product(standings, parent.standings or ())


def _get_parent(sight: Sight, who: Credential, parent: Hash32) -> Target:
    try:
        return sight.get_target(who, parent)
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
