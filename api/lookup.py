"""Finds what requests name: on the ledger, or on its way there."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from api.errors import Problem, unavailable
from api.rights import refused
from api.standing import Standing, find_coming, find_offers, standings_of
from ledger.domain.asset import Asset, open_asset
from ledger.domain.batch import batch_id_of, index_of
from ledger.domain.kinds import Kind
from ledger.domain.payloads import (
    BatchRegistered,
    Enrolled,
    Registered,
    decode_payload,
)
from ledger.errors import LedgerError, MalformedValue, UnknownThing
from ledger.hashing import subject_id
from ledger.mirror.moments import Moment
from ledger.mirror.queries import (
    OrganisationSeen,
    find_asset,
    find_assets,
    find_mirror,
    find_organisation,
    find_organisations,
    list_where_used,
)
from ledger.mirror.queries.states import read_asset
from ledger.mirror.tables import MirrorRow
from ledger.outbox.batches import find_batch
from ledger.outbox.conflicts import AlreadyEnrolled
from ledger.outbox.keys import Credential
from ledger.outbox.operations import find_operation
from ledger.outbox.registrations import find_births, find_tenants
from ledger.outbox.tables import BatchRegistration, Operation, State
from ledger.outbox.under_way import find_under_way
from ledger.types import ZERO_HASH, AssetKind, Hash32, parse_hash, to_hex


@dataclass(frozen=True, slots=True)
class Target:
    """An asset that something shall be appended to; `count` is None until it is mirrored.

    `standings` are how it stands, and how it will; None where too much is on its way to say.
    `sender` is who registers it, until it is mirrored.
    """

    asset: Asset
    standings: Sequence[Standing] | None
    count: int | None
    sender: Hash32 | None = None

    @property
    def id(self) -> Hash32:
        return self.asset.id

    @property
    def owner(self) -> Hash32:
        return self.asset.owner


def get_mirror(session: Session) -> MirrorRow:
    """How far the mirror is. Raises Problem before it has begun."""
    mirror = find_mirror(session)
    if mirror is None:
        raise unavailable("the ledger is not mirrored yet")
    return mirror


def get_domain(session: Session) -> Hash32:
    """The ledger's domain. Raises Problem before the mirror has begun."""
    return get_mirror(session).domain


def get_seen(session: Session, name: str, at: Moment | None = None) -> OrganisationSeen:
    """The organisation on the ledger that a path names by id or DID, as it was then.

    Raises:
        Problem: there is none, or was none then.
        MalformedValue: it is a broken id.
    """
    if name.startswith("0x"):
        seen = find_organisation(session, id=parse_hash(name, "organisation"), at=at)
    else:
        seen = find_organisation(session, did=name, at=at)
    if seen is None:
        raise Problem("not_found", f"no organisation {name[:200]} is known")
    return seen


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


def find_wanted(session: Session, name: str | None, field: str) -> Hash32 | None:
    """The organisation that a list is filtered by; None: by none.

    Of one that nobody knows there is nothing: that is zero, and an empty page.
    """
    return (find_party(session, name, field) or ZERO_HASH) if name else None


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


def find_targets(session: Session, assets: Collection[Hash32]) -> dict[Hash32, Target]:
    """Those of these assets that are on the ledger or on their way there, whoever may know of them.

    The number of queries does not grow with theirs, but for what is on its way in batches.
    """
    rows = find_assets(session, assets)
    births = _find_registering(session, [one for one in assets if one not in rows])
    mirrored = [read_asset(row) for row in rows.values()]
    unborn = [_unborn(operation, asset) for asset, operation in births.items()]
    offers, coming = find_offers(session, mirrored), find_coming(session, [*mirrored, *unborn])

    def target(asset: Asset) -> Target:
        row, operation = rows.get(asset.id), births.get(asset.id)
        standings = standings_of(asset, offers.get(asset.id, ()), coming[asset.id])
        sender = operation.org if operation else None
        return Target(asset, standings, row.count if row else None, sender)

    return {one.id: target(one) for one in [*mirrored, *unborn]}


def get_target(targets: Mapping[Hash32, Target], who: Credential, asset: Hash32) -> Target:
    """The asset that the caller wants to append to, of those that were found.

    Raises:
        Problem: there is none that the caller may know of.
    """
    target = targets.get(asset)
    if target is None:
        raise no_asset(asset)
    if target.count is None:
        named = set[Hash32]().union(*[each.parties() for each in target.standings or ()])
        if who.org not in {None, target.sender, *named}:
            raise no_asset(asset)
    return target


def _unborn(operation: Operation, asset: Hash32) -> Asset:
    """The asset as its registration, or its batch's, will leave it."""
    birth = decode_payload(operation.kind, operation.payload)
    if not isinstance(birth, Registered | BatchRegistered):
        raise no_asset(asset)
    return open_asset(
        asset,
        operation.org,
        owner=birth.owner,
        schema=birth.schema,
        asset_kind=birth.asset_kind if isinstance(birth, Registered) else AssetKind.INSTANCE,
        content_hash=birth.content_hash if isinstance(birth, Registered) else None,
        opened_at=0,
    )


def find_pending(session: Session, who: Credential, asset: Hash32) -> Operation | None:
    """The registration that is on its way, if it is the caller's (or the caller the operator)."""
    operation = _find_registering(session, [asset]).get(asset)
    return operation if operation and who.org in (None, operation.org) else None


def _find_registering(session: Session, assets: Sequence[Hash32]) -> dict[Hash32, Operation]:
    """The registrations of assets that are on their way, or those of their batches."""
    found = find_births(session, assets) if assets else {}
    for asset in assets:
        sent = None if asset in found else _find_pending_batch(session, asset)
        operation = find_operation(session, sent.operation) if sent else None
        if operation is not None and operation.state != State.REJECTED:
            found[asset] = operation
    return found


def _find_pending_batch(session: Session, asset: Hash32) -> BatchRegistration | None:
    sent = find_batch(session, batch_id_of(asset))
    return sent if sent and 0 < index_of(asset) <= sent.size else None


def no_asset(asset: Hash32) -> Problem:
    """The problem of an asset that is not there."""
    return Problem("not_found", f"no asset {to_hex(asset)} is known")


def require_new(session: Session, did: str) -> None:
    """See that no organisation has this DID. Raises AlreadyEnrolled."""
    known = find_organisation(session, did=did)
    if known:
        raise AlreadyEnrolled(did, known.row.id)


def require_no_cycle(session: Session, part: Hash32, above: Target) -> None:
    """See that an asset is not mounted on a part of its own. Raises Problem.

    Where something is about to be dismounted on the way up, the ledger decides.
    """
    parent = above.id
    # What is mounted on nothing is nobody's part, and nothing needs to be looked up.
    mounts = list_where_used(session, parent) if above.asset.parent is not None else ()
    if part not in {mount.parent for mount in mounts}:
        return
    for mount in mounts:
        row = find_asset(session, mount.part)
        count = row.count if row else 0
        if find_under_way(session, mount.part, {Kind.DISMOUNTED}, count, limit=1):
            return
    told = f"asset {to_hex(parent)} is a part of {to_hex(part)}"
    raise refused("Cycle", told, "parent", to_hex(parent), part=part, parent=parent)
