"""Takes in entries that an organisation's own wallet signed, having checked what is signed."""

from __future__ import annotations

import time
from typing import Final

from sqlmodel import Session

from api import lookup
from api.acceptance import Taken, digest, taken_of
from api.acts import require_sense
from api.conditions import read_if_match
from api.deps import Service
from api.erasing import erase, require_erasable
from api.errors import Problem, invalid
from api.pressure import require_room
from api.receipts import get_notary
from api.rights import Asking
from api.schemas.relaying import RelayEntry
from api.sight import Sight
from ledger.chain.contract import Authorisation
from ledger.chain.rpc import RpcClient
from ledger.chain.vouching import fetch_is_signed_by
from ledger.database.engine import reading, writing
from ledger.domain.entries import Entry
from ledger.domain.kinds import BIRTHS, BY_ORGANISATIONS, Kind
from ledger.domain.payloads import Erased, Payload, decode_payload
from ledger.domain.telling import documents_of
from ledger.errors import MalformedValue
from ledger.hashing import entry_message, keccak, subject_id
from ledger.mirror.queries import find_asset, find_next_position, find_organisation
from ledger.mirror.tables import MirrorRow
from ledger.outbox.files import hold_files
from ledger.outbox.keys import Credential
from ledger.outbox.operations import Asked, find_answered
from ledger.outbox.relaying import accept_signed
from ledger.signatures import is_signed_by
from ledger.types import Hash32, to_hex

_AHEAD: Final = 60
"""Seconds that a deadline must be away, for the entry to reach the chain."""


def relay(
    service: Service,
    who: Credential,
    org: Hash32,
    body: RelayEntry,
    if_match: str | None,
    key: str | None,
) -> Taken:
    """Take in a signed entry of the caller's organisation.

    Raises:
        Problem: it was signed for another ledger, by nobody who may act, or for too short a time;
            its kind or subject cannot be, or the subject has moved on (If-Match).
        WrongPosition, IdempotencyConflict: it contradicts what is there.
    """
    entry = Entry(body.subject, org, _kind(body), body.position, body.payload)
    leave = Authorisation(body.account, body.deadline, body.signature)
    asked = Asked(org, key, _digest(body))
    with reading(service.engine) as session:
        if answered := find_answered(session, asked):
            return taken_of(session, answered, repeated=True)
        mirror = lookup.get_mirror(session)
        _require_ours(mirror, body)
        payload = _read_payload(mirror, entry)
        following = _find_following(session, entry.subject)
        _require_match(if_match, following)
        _require_account(session, org, body)
        if isinstance(payload, Erased):
            _require_erasable(service, session, who, org, entry, payload)
    _require_time(leave)
    _require_signed(service, mirror.domain, entry, leave)
    require_room(service, org)
    with writing(service.engine) as session:
        accepted = accept_signed(
            session,
            entry,
            leave,
            next_position=following,
            asked=asked,
            notary=get_notary(service, session),
        )
        if isinstance(payload, Erased) and not accepted.existing:
            erase(service, session, payload.documents)
        elif not accepted.existing:
            hold_files(session, org, entry.subject, documents_of(payload))
        return taken_of(session, accepted.operation, repeated=accepted.existing)


def _kind(body: RelayEntry) -> Kind:
    kind = Kind[body.kind.upper()]
    if kind not in BY_ORGANISATIONS:
        raise invalid("kind", body.kind, "is not an organisation's to append")
    return kind


def _digest(body: RelayEntry) -> Hash32:
    told = {
        name: to_hex(value) if isinstance(value, bytes) else value
        for name, value in body.model_dump().items()
    }
    return digest({"path": "entries", **told}, None)


def _require_ours(mirror: MirrorRow, body: RelayEntry) -> None:
    ours = {"chain_id": mirror.chain_id, "contract": to_hex(mirror.contract)}
    given = {"chain_id": body.chain_id, "contract": to_hex(body.contract)}
    if ours != given:
        raise Problem(
            "wrong_chain",
            f"it was signed for contract {given['contract']} on chain {given['chain_id']}, and the"
            f" ledger is {ours['contract']} on chain {ours['chain_id']}",
            members={"expected": ours, "given": given},
        )


def _read_payload(mirror: MirrorRow, entry: Entry) -> Payload:
    """The payload, if it is its kind's, and the subject can be what it is. Raises Problem."""
    try:
        payload = decode_payload(entry.kind, entry.payload)
    except MalformedValue as error:
        raise invalid("payload", to_hex(entry.payload), str(error)) from None
    if entry.kind in BIRTHS:
        if entry.position != 0:
            raise invalid("position", entry.position, f"must be 0: {entry.kind.label} begins it")
        born = subject_id(mirror.domain, entry.kind, entry.org, entry.payload)
        if entry.subject != born:
            raise invalid("subject", to_hex(entry.subject), f"must be {to_hex(born)}")
    elif entry.position == 0:
        raise invalid("position", 0, f"{entry.kind.label} begins no subject")
    return payload


def _find_following(session: Session, subject: Hash32) -> int | None:
    """The subject's next position; an asset of a batch was born with that."""
    following = find_next_position(session, subject)
    if following is not None:
        return following
    row = find_asset(session, subject)
    return None if row is None else row.count


def _require_match(if_match: str | None, following: int | None) -> None:
    tags = None if if_match is None else read_if_match(if_match)
    newest = None if following is None else following - 1
    if if_match is not None and (newest is None or (tags is not None and str(newest) not in tags)):
        raise Problem(
            "precondition_failed",
            f"If-Match names {if_match[:100]}, but the subject is at position {newest}",
            members={"expected": newest, "given": if_match[:100]},
        )


def _require_account(session: Session, org: Hash32, body: RelayEntry) -> None:
    seen = find_organisation(session, id=org)
    if seen is None or body.account not in seen.accounts:
        raise Problem(
            "unknown_account",
            f"{to_hex(body.account)} is no account of your organisation on the ledger",
            members={"account": to_hex(body.account)},
        )


def _require_erasable(
    service: Service,
    session: Session,
    who: Credential,
    org: Hash32,
    entry: Entry,
    payload: Erased,
) -> None:
    """What is erased is destroyed here before the entry stands, as if it had been asked for."""
    sight = Sight.over(session, service.births, [entry.subject])
    target = sight.get_target(who, entry.subject)
    require_sense(sight, who, target, Asking(org, payload, int(time.time())))
    require_erasable(service, session, org, entry.subject, payload.documents)


def _require_time(leave: Authorisation) -> None:
    left = leave.deadline - int(time.time())
    if left < _AHEAD:
        raise Problem(
            "signature_expired",
            f"the deadline {leave.deadline} is {left} seconds away; at least {_AHEAD} are needed",
            members={"deadline": leave.deadline, "needed": _AHEAD},
        )


def _require_signed(service: Service, domain: Hash32, entry: Entry, leave: Authorisation) -> None:
    """See that the account signed it, by its key or, where that is none, by a contract's word."""
    message = entry_message(
        domain,
        entry.subject,
        entry.org,
        entry.kind,
        entry.position,
        entry.payload,
        leave.deadline,
    )
    signed = keccak(message)
    if is_signed_by(leave.signature, signed, leave.actor):
        return
    with RpcClient(service.settings.rpc_url) as rpc:
        if fetch_is_signed_by(rpc, leave.actor, signed, leave.signature):
            return
    raise Problem(
        "bad_signature",
        f"{to_hex(leave.actor)} did not sign this entry for your organisation (EIP-712 digest"
        f" {to_hex(signed)})",
        members={"account": to_hex(leave.actor), "digest": to_hex(signed)},
    )
