"""Whom worlds admit: finds the credential by which an organisation may list an asset in one."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session

from api.published import find_birth
from api.rights import refused
from ledger.domain.kinds import Kind
from ledger.domain.payloads import CredentialIssued, WorldOpened
from ledger.errors import UnknownThing
from ledger.mirror.queries import find_organisation, find_world, list_claims_of
from ledger.outbox.under_way import find_under_way
from ledger.types import ZERO_HASH, Hash32, to_hex

_MOST = 200


@dataclass(frozen=True, slots=True)
class World:
    """A world, on the ledger or on its way; `schema` and `issuer` are as its entry has them."""

    id: Hash32
    schema: Hash32
    issuer: Hash32
    open: bool


def get_world(session: Session, world: Hash32) -> World:
    """The world that a request names. Raises UnknownThing."""
    row = find_world(session, world)
    if row is not None:
        return World(world, row.schema_, row.issuer, row.open)
    birth = find_birth(session, world)
    if birth is None or birth.kind != Kind.WORLD_OPENED:
        raise UnknownThing("world", field="world", value=to_hex(world))
    opened = WorldOpened.decode(birth.payload)
    return World(world, opened.schema, opened.issuer, open=True)


def find_admission(session: Session, org: Hash32, world: Hash32, now: int) -> tuple[Hash32, int]:
    """Issuer and position of the credential that admits an organisation; zeros if none is asked.

    Raises:
        UnknownThing: there is no such world.
        Problem: it is closed, or asks for a credential that the organisation has not.
    """
    there = get_world(session, world)
    if not there.open:
        told = f"world {to_hex(world)} is closed"
        raise refused("ClosedWorld", told, "world", to_hex(world), world=world)
    if there.schema == ZERO_HASH:
        return ZERO_HASH, 0
    found = _find_credential(session, org, there, now) or _find_coming(session, org, there)
    if found is None:
        by = f" by {to_hex(there.issuer)}" if there.issuer != ZERO_HASH else ""
        told = f"world {to_hex(world)} asks for a credential of {to_hex(there.schema)}{by}"
        raise refused("NotAdmitted", told, "world", to_hex(world), world=world, org=org)
    return found


def _find_credential(
    session: Session, org: Hash32, world: World, now: int
) -> tuple[Hash32, int] | None:
    """The one that lasts longest."""
    issuer = None if world.issuer == ZERO_HASH else world.issuer
    claims = list_claims_of(
        session, org, issuer=issuer, schema=world.schema, good_at=now, limit=_MOST
    ).items
    lasting = max(claims, key=lambda one: (one.expires == 0, one.expires), default=None)
    return (lasting.issuer, lasting.position) if lasting else None


def _find_coming(session: Session, org: Hash32, world: World) -> tuple[Hash32, int] | None:
    """The newest that is on its way to the organisation."""
    seen = find_organisation(session, id=org)
    count = seen.row.count if seen else 0
    coming = find_under_way(session, org, {Kind.CREDENTIAL_ISSUED}, count, limit=_MOST)
    for one in reversed(coming):
        fits = world.issuer in (ZERO_HASH, one.org)
        if fits and CredentialIssued.decode(one.payload).schema == world.schema:
            return one.org, one.position
    return None
