"""What the rules of the ledger are made of: an act, why it is refused, and shared conditions.

Each condition yields the refusals that an act deserves by it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias, TypeVar

from ledger.domain import payloads as say
from ledger.domain.asset import Asset
from ledger.domain.batch import Batch
from ledger.domain.catalogue import Schema, World
from ledger.domain.entries import Appended, Entry
from ledger.domain.founding import Founding
from ledger.domain.ledger import Ledger
from ledger.domain.organisation import Organisation
from ledger.domain.relations import Claim
from ledger.domain.subjects import Subject
from ledger.hashing import subject_id
from ledger.proofs.layout import SubjectClass
from ledger.types import ZERO_ADDRESS, Address, Hash32, Party, Stage, to_hex

S = TypeVar("S", bound=Subject)

CLASSES: Final[dict[type[Subject], SubjectClass]] = {
    Asset: SubjectClass.ASSET,
    Batch: SubjectClass.BATCH,
    Schema: SubjectClass.SCHEMA,
    World: SubjectClass.WORLD,
    Organisation: SubjectClass.ORGANISATION,
    Founding: SubjectClass.LEDGER,
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error of the contracts: its name, the entry it names, its values as JSON has them."""

    name: str
    index: int | None
    values: tuple[tuple[str, object], ...]


Refusals: TypeAlias = Iterator[Refusal]


def refuse(name: str, index: int | None, **values: object) -> Refusal:
    """The error of that name and those values."""
    told = {key: to_hex(one) if isinstance(one, bytes) else one for key, one in values.items()}
    return Refusal(name, index, tuple(sorted(told.items())))


@dataclass(slots=True)
class Beside:
    """What the contract keeps and no fold does: approvals, and listings that a world outlived."""

    approved: dict[Hash32, Address] = field(default_factory=dict)
    listed: set[tuple[Hash32, Hash32]] = field(default_factory=set)

    def copy(self) -> Beside:
        return Beside(dict(self.approved), set(self.listed))

    def note(self, entry: Appended) -> None:
        """Keep what an appended entry leaves."""
        match say.decode_payload(entry.kind, entry.payload):
            case say.Transferred() | say.TitleForced() | say.Accepted(Party.OWNER):
                self.approved.pop(entry.subject, None)
            case say.Listed(world):
                self.listed.add((entry.subject, world))
            case say.Delisted(world):
                self.listed.discard((entry.subject, world))


@dataclass(frozen=True, slots=True)
class Act:
    """An entry that `actor` wants appended at the time `now`; `said` is what its payload means.

    `damaged`: the payload is no encoding of anything, though `said` was meant. `said` is None where
    there is no such kind.
    """

    entry: Entry
    said: say.Payload | None
    actor: Address
    now: int
    ledger: Ledger
    beside: Beside
    damaged: bool = False
    index: int = 0

    @property
    def subject(self) -> Hash32:
        return self.entry.subject

    @property
    def org(self) -> Hash32:
        return self.entry.org

    def no(self, name: str, **values: object) -> Refusal:
        return refuse(name, self.index, **values)

    def bad_payload(self) -> Refusal:
        return self.no("BadPayload", kind=int(self.entry.kind))


# -- who acts, and where ---------------------------------------------------------------------


def active(act: Act, org: Hash32) -> Refusals:
    it = act.ledger.subjects.get(org)
    if not isinstance(it, Organisation):
        yield act.no("UnknownOrganisation", org=org)
    elif not it.active:
        yield act.no("SuspendedOrganisation", org=org)


def account(act: Act) -> Refusals:
    """Whoever acts for an organisation is an account of it."""
    yield from active(act, act.org)
    it = act.ledger.subjects.get(act.org)
    if isinstance(it, Organisation) and act.actor not in it.accounts:
        yield act.no("NotAnAccount", org=act.org, actor=act.actor)


def placed(act: Act) -> Refusals:
    """An entry is its subject's next, and a first one hashes to its subject."""
    count, position = act.ledger.count(act.subject), act.entry.position
    born = subject_id(act.ledger.domain, act.entry.kind, act.org, act.entry.payload)
    if position == count:
        if count == 0 and act.subject != born:
            yield act.no("WrongSubject", expected=born, given=act.subject)
    elif count == 0:
        yield act.no("UnknownSubject", subject=act.subject)
    elif position == 0 and act.subject == born:
        yield act.no("AlreadyExists", subject=act.subject)
    else:
        yield act.no("WrongPosition", subject=act.subject, expected=count, given=position)


# -- what a subject is -----------------------------------------------------------------------


def unborn(act: Act) -> Refusals:
    if act.ledger.count(act.subject):
        yield act.no("AlreadyExists", subject=act.subject)


def is_a(act: Act, subject: Hash32, of: type[S]) -> Generator[Refusal, None, S | None]:
    """The subject, if it is one of those."""
    found = act.ledger.find(subject)
    if isinstance(found, of):
        return found
    if found is None:
        yield act.no("UnknownSubject", subject=subject)
    else:
        given, expected = int(CLASSES[type(found)]), int(CLASSES[of])
        yield act.no("WrongClass", subject=subject, expected=expected, given=given)
    return None


def its_own(act: Act, account: Address) -> Generator[Refusal, None, Organisation | None]:
    """The organisation that an entry of accounts is about: itself, or governance enrols it."""
    org = yield from is_a(act, act.subject, Organisation)
    if org and act.org not in {org.id, bytes(32)}:
        yield act.no("NotOwner", subject=org.id, org=act.org)
    if account == ZERO_ADDRESS:
        yield act.bad_payload()
    return org


def thawed(act: Act, subject: Hash32 | None = None) -> Generator[Refusal, None, Asset | None]:
    """An asset that is not frozen; the act's subject, unless another is named."""
    asset = yield from is_a(act, subject or act.subject, Asset)
    if asset and asset.frozen:
        yield act.no("AssetFrozen", subject=asset.id)
    return asset


def live(act: Act, subject: Hash32 | None = None) -> Generator[Refusal, None, Asset | None]:
    """An asset that is neither frozen nor at the end of its life."""
    asset = yield from thawed(act, subject)
    if asset and asset.stage is Stage.RETIRED:
        yield act.no("AssetRetired", subject=asset.id)
    return asset


# -- who may ---------------------------------------------------------------------------------


def owned(act: Act, asset: Asset | None) -> Refusals:
    if asset and asset.owner != act.org:
        yield act.no("NotOwner", subject=asset.id, org=act.org)


def entitled(act: Act, asset: Asset | None, *parties: Party) -> Refusals:
    """The act's organisation is one of those parties."""
    if asset and act.org not in {act.ledger.party_of(asset.id, one) for one in parties}:
        yield act.no("NotEntitled", subject=asset.id, org=act.org)


def holds(act: Act, asset: Asset | None, party: Party) -> Refusals:
    """The act's organisation is that party, or owns what has no such party."""
    if asset and act.org != holder(asset, party):
        yield act.no("NotEntitled", subject=asset.id, org=act.org)


def holder(asset: Asset, party: Party) -> Hash32:
    """The organisation that may offer what a party stands for."""
    it: Hash32 | None = getattr(asset, party.label)
    return it or asset.owner


# -- what else is asked ----------------------------------------------------------------------


def in_time(act: Act, expires: int) -> Refusals:
    if expires and expires < act.now:
        yield act.no("Lapsed", subject=act.subject, expires=expires)


def another_owner(act: Act, asset: Asset | None, to: Hash32) -> Refusals:
    if asset and asset.owner == to:
        yield act.no("Unchanged", subject=asset.id)


def without_lien(act: Act, asset: Asset | None) -> Refusals:
    if asset and asset.lien_holder:
        yield act.no("UnderLien", subject=asset.id)


def own_claim(act: Act, position: int, schema: Hash32) -> Refusals:
    """What is revoked is the act's organisation's, of that schema, and not revoked yet."""
    claim = act.ledger.relations.find(Claim, act.subject, position)
    if claim is None or (claim.issuer, claim.schema) != (act.org, schema):
        yield act.no("NotInForce", subject=act.subject, position=position)
