"""Finds what requests name, and says no at once where the mirror shows that it cannot be."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlmodel import Session

from api.conditions import read_if_match
from api.errors import Problem, invalid, unavailable
from ledger.domain.batch import batch_id_of, index_of
from ledger.domain.kinds import GOVERNANCE, Kind
from ledger.domain.payloads import (
    BatchRegistered,
    Corrected,
    Enrolled,
    Payload,
    Registered,
    Transferred,
    decode_payload,
)
from ledger.errors import LedgerError, MalformedValue, UnknownThing
from ledger.hashing import subject_id
from ledger.mirror.queries import (
    find_asset,
    find_mirror,
    find_organisation,
    find_organisations,
)
from ledger.mirror.tables import MirrorRow
from ledger.outbox.batches import find_batch
from ledger.outbox.conflicts import AlreadyEnrolled
from ledger.outbox.keys import Credential
from ledger.outbox.operations import find_operation
from ledger.outbox.registrations import find_assets, find_tenants
from ledger.outbox.tables import BatchRegistration, Operation, State
from ledger.types import ZERO_HASH, Hash32, parse_hash, to_hex


@dataclass(frozen=True, slots=True)
class Target:
    """An asset that something shall be appended to; `count` is None until it is mirrored.

    Until then, `following` is the first position that its own operations may take.
    """

    id: Hash32
    owner: Hash32
    custodian: Hash32 | None
    operator: Hash32 | None
    frozen: bool
    count: int | None
    following: int = 0

    def entitled(self, kind: Kind) -> set[Hash32 | None]:
        """The organisations that may append an entry of that kind."""
        match kind:
            case Kind.OBSERVED | Kind.CORRECTED:
                return {self.owner, self.custodian, self.operator}
            case Kind.REVISED:
                return {self.owner, self.operator}
            case _:
                return {self.owner}

    def match(self, if_match: str | None) -> int | None:
        """The position that follows the one that If-Match names (RFC 9110, 13.1.1).

        Raises:
            Problem: the asset's newest entry has another position.
        """
        if if_match is None:
            return None
        tags = read_if_match(if_match)
        newest = None if self.count is None else self.count - 1
        if newest is None or (tags is not None and str(newest) not in tags):
            raise Problem(
                "precondition_failed",
                f"If-Match names {if_match[:100]}, but the asset is at position {newest}",
                members={"expected": newest, "given": if_match[:100]},
            )
        return None if tags is None else self.count


def get_mirror(session: Session) -> MirrorRow:
    """How far the mirror is. Raises Problem before it has begun."""
    mirror = find_mirror(session)
    if mirror is None:
        raise unavailable("the ledger is not mirrored yet")
    return mirror


def get_domain(session: Session) -> Hash32:
    """The ledger's domain. Raises Problem before the mirror has begun."""
    return get_mirror(session).domain


def get_party(session: Session, name: str, field: str) -> Hash32:
    """The id of the organisation that a request names by id or DID, enrolled or about to be.

    Raises:
        UnknownThing: there is none.
    """
    org = find_party(session, name, field)
    if org is None:
        raise _no_organisation(name, field)
    return org


def find_party(session: Session, name: str, field: str) -> Hash32 | None:
    """As `get_party`, but None where there is none. Raises MalformedValue for broken ids."""
    found = find_parties(session, [name], field)[name]
    if isinstance(found, UnknownThing):
        return None
    if isinstance(found, LedgerError):
        raise found
    return found


def find_parties(
    session: Session, names: Collection[str], field: str
) -> dict[str, Hash32 | LedgerError]:
    """The ids of organisations that requests name, or what is wrong with a name; in two queries."""
    dids = any(not name.startswith("0x") for name in names)
    domain = get_domain(session) if dids else ZERO_HASH
    ids = {name: _id_of(domain, name, field) for name in names}
    wanted = {found for found in ids.values() if isinstance(found, bytes)}
    known = {*find_organisations(session, wanted), *find_tenants(session, wanted)}
    unknown = {name for name, found in ids.items() if found in wanted - known}
    return ids | {name: _no_organisation(name, field) for name in unknown}


def _id_of(domain: Hash32, name: str, field: str) -> Hash32 | LedgerError:
    """The id that is meant: given as such, or that of whoever has, or would have, the DID."""
    if not name.startswith("0x"):
        return subject_id(domain, Kind.ENROLLED, ZERO_HASH, Enrolled(name).encode())
    try:
        return parse_hash(name, field)
    except MalformedValue as error:
        return error


def _no_organisation(name: str, field: str) -> UnknownThing:
    return UnknownThing("organisation", field=field, value=name)


def get_target(session: Session, who: Credential, asset: Hash32) -> Target:
    """The asset that the caller wants to append to: on the ledger, or on its way there.

    Raises:
        Problem: there is none that the caller may know of.
    """
    row = find_asset(session, asset)
    if row:
        return Target(asset, row.owner, row.custodian, row.operator, row.frozen, row.count)
    operation = find_pending(session, who, asset)
    if operation is None:
        raise no_asset(asset)
    birth = decode_payload(operation.kind, operation.payload)
    owner = birth.owner if isinstance(birth, Registered | BatchRegistered) else operation.org
    born = operation.subject != asset  # with its batch, whose entry is its first
    return Target(asset, owner, None, None, frozen=False, count=None, following=int(born))


def find_pending(session: Session, who: Credential, asset: Hash32) -> Operation | None:
    """The registration that is on its way, if it is the caller's (or the caller the operator)."""
    registration = find_assets(session, [asset]).get(asset) or _find_pending_batch(session, asset)
    if registration is None or who.org not in (None, registration.org):
        return None
    operation = find_operation(session, registration.operation)
    return operation if operation and operation.state != State.REJECTED else None


def _find_pending_batch(session: Session, asset: Hash32) -> BatchRegistration | None:
    sent = find_batch(session, batch_id_of(asset))
    return sent if sent and 0 < index_of(asset) <= sent.size else None


def no_asset(asset: Hash32) -> Problem:
    """The problem of an asset that is not there."""
    return Problem("not_found", f"no asset {to_hex(asset)} is known")


def require_right(target: Target, who: Credential, kind: Kind) -> None:
    """See that the caller may do this. Raises Problem."""
    if kind in GOVERNANCE:
        if who.org is not None:
            raise Problem("forbidden", f"only the operator's key may append {kind.label}")
    elif who.org is None:
        raise Problem("forbidden", f"only the owner's key may append {kind.label}")
    elif who.org not in target.entitled(kind):
        raise Problem(
            "forbidden",
            f"your organisation does not hold title to {to_hex(target.id)}; its owner may append"
            f" {kind.label}",
        )


def require_sense(target: Target, payload: Payload) -> None:
    """Refuse what the contract would refuse as the asset stands now. Raises Problem."""
    match payload:
        case Corrected() if target.count is not None and payload.corrects >= target.count:
            reason = f"no entry stands there yet: the newest is at {target.count - 1}"
            raise invalid("corrects", payload.corrects, reason)
        case Transferred() if payload.to == target.owner:
            raise invalid("to", to_hex(payload.to), "holds title already")
    if target.frozen and payload.KIND not in GOVERNANCE:
        raise Problem(
            "refused",
            f"asset {to_hex(target.id)} is frozen: only governance may act on it",
            members={"name": "AssetFrozen", "values": {"subject": to_hex(target.id)}},
        )


def require_new(session: Session, did: str) -> None:
    """See that no organisation has this DID. Raises AlreadyEnrolled."""
    known = find_organisation(session, did=did)
    if known:
        raise AlreadyEnrolled(did, known.row.id)
