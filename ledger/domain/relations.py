"""What entries begin and end between subjects: who holds what, is offered it, vouches for it.

A relation is open from the entry that begins it to the one that ends it; that it lapses, or that a
lister no longer owns the asset, ends none, for no entry says so. The owner of a batch's assets is
not among the relations until they have entries of their own: the batch says who that is, for a
million of them at once. What the ledger writes to a parent repeats what the part's entry says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from ledger.domain.entries import Appended
from ledger.domain.payloads import (
    Accepted,
    AccountAdded,
    AccountRemoved,
    AttestationRevoked,
    Attested,
    CredentialIssued,
    CredentialRevoked,
    Delisted,
    Dismounted,
    Listed,
    Mounted,
    Offered,
    Registered,
    Released,
    TitleForced,
    Transferred,
    Withdrawn,
    WorldClosed,
    decode_payload,
)
from ledger.types import Address, Hash32, Party


def has_passed(expires: int, time: int) -> bool:
    """Whether what expires has, at a block's time: the contract's `hasPassed`; zero never does."""
    return 0 != expires < time


Value: TypeAlias = Hash32 | Address | Party | int
"""What a field of a relation's key holds."""


@dataclass(frozen=True, slots=True)
class Holding:
    """An organisation is a party to an asset."""

    KEY: ClassVar[tuple[str, ...]] = ("asset", "party")
    asset: Hash32
    party: Party
    org: Hash32


@dataclass(frozen=True, slots=True)
class Offer:
    """What `party` stands for is offered to the organisation `to`."""

    KEY: ClassVar[tuple[str, ...]] = ("asset", "party")
    asset: Hash32
    party: Party
    to: Hash32
    expires: int


@dataclass(frozen=True, slots=True)
class AccountOf:
    """An account may act for an organisation."""

    KEY: ClassVar[tuple[str, ...]] = ("org", "account")
    org: Hash32
    account: Address


@dataclass(frozen=True, slots=True)
class PartOf:
    """An asset is a part of another."""

    KEY: ClassVar[tuple[str, ...]] = ("part",)
    part: Hash32
    parent: Hash32


@dataclass(frozen=True, slots=True)
class Claim:
    """An attestation of an asset or a credential of an organisation, at a position of it."""

    KEY: ClassVar[tuple[str, ...]] = ("subject", "position")
    subject: Hash32
    position: int
    issuer: Hash32
    schema: Hash32
    content_hash: Hash32
    expires: int


@dataclass(frozen=True, slots=True)
class Listing:
    """An asset is shown in a world; `org` owned it when it listed it."""

    KEY: ClassVar[tuple[str, ...]] = ("asset", "world")
    asset: Hash32
    world: Hash32
    org: Hash32
    rendition: Hash32
    licence: Hash32
    expires: int
    issuer: Hash32
    credential: int


Relation: TypeAlias = Holding | Offer | AccountOf | PartOf | Claim | Listing


@dataclass(frozen=True, slots=True)
class Opened:
    """A relation begins."""

    relation: Relation


@dataclass(frozen=True, slots=True)
class Closed:
    """All open relations of a type end whose fields have the values of `key`, some or all of KEY.

    That there is none is no fault.
    """

    relation: type[Relation]
    key: tuple[tuple[str, Value], ...]

    def ends(self, relation: Relation) -> bool:
        """Whether an open relation is one of those."""
        return isinstance(relation, self.relation) and all(
            getattr(relation, name) == value for name, value in self.key
        )


Change: TypeAlias = Opened | Closed


def changes(entry: Appended) -> tuple[Change, ...]:
    """What an entry ends and begins, in this order.

    Raises:
        MalformedValue: the payload is not its kind's.
    """
    subject, org, position = entry.subject, entry.org, entry.position
    match decode_payload(entry.kind, entry.payload):
        case Registered(owner):
            return (Opened(Holding(subject, Party.OWNER, owner)),)
        case Transferred(to) | TitleForced(to):
            return _title_passes(subject, to)
        case Accepted(Party.OWNER):
            return _title_passes(subject, org)
        case Accepted(party):
            return (*_vacated(subject, party), Opened(Holding(subject, party, org)))
        case Released(party):
            return _vacated(subject, party)
        case Offered(party, to, expires):
            closed = _closed(Offer, asset=subject, party=party)
            return (closed, Opened(Offer(subject, party, to, expires)))
        case Withdrawn(party):
            return (_closed(Offer, asset=subject, party=party),)
        case AccountAdded(account):
            return (Opened(AccountOf(subject, account)),)
        case AccountRemoved(account):
            return (_closed(AccountOf, org=subject, account=account),)
        case Mounted(parent):
            return (Opened(PartOf(subject, parent)),)
        case Dismounted():
            return (_closed(PartOf, part=subject),)
        case CredentialIssued(schema, content_hash, expires) | Attested(
            schema, content_hash, expires
        ):
            return (Opened(Claim(subject, position, org, schema, content_hash, expires)),)
        case CredentialRevoked(revokes) | AttestationRevoked(revokes):
            return (_closed(Claim, subject=subject, position=revokes),)
        case Listed(world, rendition, licence, expires, issuer, credential):
            listing = Listing(subject, world, org, rendition, licence, expires, issuer, credential)
            return (_closed(Listing, asset=subject, world=world), Opened(listing))
        case Delisted(world):
            return (_closed(Listing, asset=subject, world=world),)
        case WorldClosed():
            return (_closed(Listing, world=subject),)
        case _:
            return ()


def _closed(relation: type[Relation], **key: Value) -> Closed:
    return Closed(relation, tuple(key.items()))


def _title_passes(asset: Hash32, to: Hash32) -> tuple[Change, ...]:
    """Whatever the former owner's parties offered is void with its title."""
    return (
        _closed(Holding, asset=asset, party=Party.OWNER),
        _closed(Offer, asset=asset),
        Opened(Holding(asset, Party.OWNER, to)),
    )


def _vacated(asset: Hash32, party: Party) -> tuple[Change, ...]:
    return (
        _closed(Holding, asset=asset, party=party),
        _closed(Offer, asset=asset, party=party),
    )
