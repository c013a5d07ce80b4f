"""Invents entries that a ledger might well take as it stands: something plausible of each kind."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, TypeVar

from ledger.domain import payloads as say
from ledger.domain.asset import Asset
from ledger.domain.batch import Batch
from ledger.domain.catalogue import Schema, World
from ledger.domain.entries import Entry
from ledger.domain.kinds import Kind
from ledger.domain.ledger import Ledger
from ledger.domain.organisation import Organisation
from ledger.domain.relations import Claim, Holding, Listing, Offer, PartOf, Relation
from ledger.domain.subjects import Subject
from ledger.hashing import keccak, subject_id
from ledger.types import ZERO_ADDRESS, ZERO_HASH, Address, AssetKind, Hash32, Party, Stage
from tests.contracts.conditions import Act, holder
from tests.contracts.draft import Draft
from tests.contracts.rules import FOLLOWING

T = TypeVar("T")
S = TypeVar("S", bound=Subject)
R = TypeVar("R", bound=Relation)

NOBODY = keccak(b"nobody")
"""The id of no subject."""


class Author:
    """Draws lots for what it writes.

    `accounts` are those that may ever act, `earlier` entries that were appended.
    """

    def __init__(
        self,
        lots: Random,
        draft: Draft,
        accounts: Sequence[Address],
        earlier: Sequence[Entry],
    ) -> None:
        self.lots, self.draft, self.accounts, self.earlier = lots, draft, accounts, earlier
        self.ledger = draft.ledger

    # -- drawing -----------------------------------------------------------------------------

    def pick(self, those: Sequence[T]) -> T:
        return self.lots.choice(those)

    def seldom(self, often: int = 8) -> bool:
        """True about once in so many times."""
        return self.lots.randrange(often) == 0

    def document(self) -> Hash32:
        return keccak(self.lots.randbytes(1))

    def expires(self) -> int:
        ahead = self.pick([None, None, None, None, 0, 1, 5, 30, 1000, -1])
        return 0 if ahead is None else self.draft.now + ahead

    # -- what there is -----------------------------------------------------------------------

    def all(self, of: type[S]) -> list[S]:
        return [one for one in self.ledger.subjects.values() if isinstance(one, of)]

    def open(self, of: type[R]) -> list[R]:
        return [one for one in self.ledger.relations if isinstance(one, of)]

    def orgs(self) -> list[Hash32]:
        """The organisations, as a rule without those that are suspended."""
        there = self.all(Organisation)
        return [one.id for one in there if one.active or self.seldom()] or [there[0].id]

    def schemas(self) -> list[Hash32]:
        return [one.id for one in self.all(Schema)]

    def asset(self) -> Asset:
        """An asset, as a rule of a few, so that much comes together; else any, of batches too."""
        if not self.seldom(3):
            return self.pick(self.all(Asset)[:4])
        found: list[Subject | None] = list(self.all(Asset))
        for batch in self.all(Batch):
            found += [self.ledger.find(member(batch.id, at)) for at in {1, batch.size}]
        return self.pick([one for one in found if isinstance(one, Asset)])

    def party(self, asset: Asset, *parties: Party) -> Hash32:
        """An organisation that is one of those, the owner where none is."""
        held = [self.ledger.party_of(asset.id, one) for one in parties]
        return self.pick([one for one in held if one] or [asset.owner])

    # -- writing -----------------------------------------------------------------------------

    def act(self, kinds: Sequence[Kind], index: int) -> Act:
        """One entry of one of those kinds, by an account of its organisation."""
        subject, org, said = getattr(self, f"_{self.pick(kinds).label}")()
        payload = said.encode()
        if subject is None:
            subject = subject_id(self.ledger.domain, said.KIND, org, payload)
        entry = Entry(subject, org, said.KIND, self.ledger.count(subject), payload)
        there, now = self.draft, self.draft.now
        return Act(entry, said, self.actor(org), now, there.ledger, there.beside, index=index)

    def actor(self, org: Hash32) -> Address:
        """An account of an organisation's; any if there is none, and seldom otherwise."""
        it = self.ledger.subjects.get(org)
        if isinstance(it, Organisation) and not self.seldom(32):
            return self.pick(sorted(it.accounts))
        return self.pick(self.accounts)

    # -- a plausible entry of each kind: its subject (None: born by it), organisation, payload ---

    def _account_added(self) -> Any:
        org = self.pick(self.all(Organisation))
        others = [one for one in self.accounts if one not in org.accounts or self.seldom(16)]
        account = ZERO_ADDRESS if self.seldom(32) else self.pick(others or self.accounts)
        return org.id, self._itself(org), say.AccountAdded(account)

    def _account_removed(self) -> Any:
        org = self.pick(self.all(Organisation))
        # The account that acts for all goes last, or little would happen afterwards.
        there = [one for one in self.accounts[2:] if one in org.accounts] or sorted(org.accounts)
        account = self.pick(self.accounts if self.seldom() else there)
        return org.id, self._itself(org), say.AccountRemoved(account)

    def _itself(self, org: Organisation) -> Hash32:
        """The organisation, now and then another."""
        return self.pick(self.orgs()) if self.seldom() else org.id

    def _credential_issued(self) -> Any:
        org, issuer = self.pick(self.orgs()), self.pick(self.orgs())
        issued = say.CredentialIssued(self.pick(self.schemas()), self.document(), self.expires())
        return org, issuer, issued

    def _credential_revoked(self) -> Any:
        return self._revoked(Organisation, say.CredentialRevoked)

    def _schema_published(self) -> Any:
        org = self.pick(self.orgs())
        own = [one.id for one in self.all(Schema) if one.org == org or self.seldom()]
        return None, org, say.SchemaPublished(self.document(), self.pick([ZERO_HASH, *own]))

    def _world_opened(self) -> Any:
        schema = self.pick([ZERO_HASH, *self.schemas()])
        issuer = self.pick([ZERO_HASH, *self.orgs()]) if any(schema) else ZERO_HASH
        return None, self.pick(self.orgs()), say.WorldOpened(self.document(), schema, issuer)

    def _world_closed(self) -> Any:
        world = self.pick(self.all(World))
        org = world.org if not self.seldom(4) else self.pick(self.orgs())
        return world.id, org, say.WorldClosed(self.document())

    def _registered(self) -> Any:
        org = self.pick(self.orgs())
        owner, schema = self.pick([org, org, *self.orgs()]), self._any_schema()
        kind = self.pick(list(AssetKind))
        return None, org, say.Registered(owner, schema, self.document(), kind)

    def _batch_registered(self) -> Any:
        org = self.pick(self.orgs())
        size = self.pick([1, 2, 1000, 2**24 - 1])
        owner, schema = self.pick([org, *self.orgs()]), self._any_schema()
        return None, org, say.BatchRegistered(owner, schema, self.document(), size, NOBODY)

    def _any_schema(self) -> Hash32:
        return self.pick([ZERO_HASH, *self.schemas()])

    def _revised(self) -> Any:
        asset = self.asset()
        org = self.party(asset, Party.OWNER, Party.OPERATOR)
        return asset.id, org, say.Revised(self.document())

    def _observed(self) -> Any:
        asset = self.asset()
        return asset.id, self.party(asset, *list(Party)[:3]), say.Observed(self.document())

    def _corrected(self) -> Any:
        asset = self.asset()
        corrects = self.lots.randint(0, asset.count)
        corrected = say.Corrected(corrects, self.document())
        return asset.id, self.party(asset, *list(Party)[:3]), corrected

    def _staged(self) -> Any:
        asset = self.asset()
        stage = self.pick(sorted(FOLLOWING[asset.stage]) or [Stage.PLANNED])
        if self.seldom(2):
            stage = self.pick(list(Stage))
        return asset.id, asset.owner, say.Staged(stage)

    def _transferred(self) -> Any:
        asset = self.asset()
        return asset.id, asset.owner, say.Transferred(self.pick(self.orgs()))

    def _offered(self) -> Any:
        asset, party = self.asset(), self.pick([Party.OWNER, Party.OWNER, *Party])
        offered = say.Offered(party, self.pick(self.orgs()), self.expires())
        return asset.id, holder(asset, party), offered

    def _withdrawn(self) -> Any:
        if not (offers := self.open(Offer)):
            return self._offered()
        offer = self.pick(offers)
        asset = self.ledger.find(offer.asset)
        assert isinstance(asset, Asset)
        return asset.id, holder(asset, offer.party), say.Withdrawn(offer.party)

    def _accepted(self) -> Any:
        if not (offers := self.open(Offer)):
            return self._offered()
        offer = self.pick(offers)
        party = offer.party if not self.seldom() else self.pick(list(Party))
        org = offer.to if not self.seldom() else self.pick(self.orgs())
        return offer.asset, org, say.Accepted(party)

    def _released(self) -> Any:
        held = [one for one in self.open(Holding) if one.party or self.seldom(16)]
        if not held:
            return self._accepted()
        holding = self.pick(held)
        org = holding.org
        if self.seldom(3):
            org = self.pick([self.ledger.owner_of(holding.asset) or org, *self.orgs()])
        return holding.asset, org, say.Released(holding.party)

    def _mounted(self) -> Any:
        part = self.asset()
        org = self.party(part, Party.OWNER, Party.CUSTODIAN)
        near = [one.id for one in self.all(Asset) if org in {one.owner, one.custodian}]
        return part.id, org, say.Mounted(self.pick([*near, self.asset().id]))

    def _dismounted(self) -> Any:
        if not (parts := self.open(PartOf)):
            return self._mounted()
        mounting = self.pick(parts)
        part = self.ledger.find(mounting.part)
        assert isinstance(part, Asset)
        parent = mounting.parent if not self.seldom(16) else self.asset().id
        org = self.party(part, Party.OWNER, Party.CUSTODIAN)
        return part.id, org, say.Dismounted(parent)

    def _attested(self) -> Any:
        attested = say.Attested(self.pick(self.schemas()), self.document(), self.expires())
        return self.asset().id, self.pick(self.orgs()), attested

    def _attestation_revoked(self) -> Any:
        return self._revoked(Asset, say.AttestationRevoked)

    def _revoked(self, of: type[Subject], revoked: type[Any]) -> Any:
        """A claim's revocation by its issuer, now and then by another or of another schema."""
        claims = [one for one in self.open(Claim) if isinstance(self.ledger.find(one.subject), of)]
        if not claims:
            return self._attested() if of is Asset else self._credential_issued()
        # A listing counts for as long as the credential that admits it.
        admitting = {(one.org, one.credential) for one in self.open(Listing)}
        these = [one for one in claims if (one.subject, one.position) in admitting]
        claim = self.pick(these if these and self.seldom(2) else claims)
        issuer = claim.issuer if not self.seldom(16) else self.pick(self.orgs())
        schema = claim.schema if not self.seldom(16) else self.pick(self.schemas())
        return claim.subject, issuer, revoked(claim.position, schema)

    def _listed(self) -> Any:
        asset, world = self.asset(), self.pick(self.all(World))
        fitting = [
            (one.issuer, one.position)
            for one in self.open(Claim)
            if one.subject == asset.owner and (one.schema == world.schema or self.seldom())
        ]
        if world.schema == ZERO_HASH:
            fitting = [(ZERO_HASH, 0)] * 8 + [(NOBODY, 0), (ZERO_HASH, 1)]
        issuer, position = self.pick(fitting or [(self.pick(self.orgs()), asset.count)])
        shown = (self.document(), self.document(), self.expires())
        return asset.id, asset.owner, say.Listed(world.id, *shown, issuer, position)

    def _delisted(self) -> Any:
        listed = sorted(self.draft.beside.listed)
        if not listed or self.seldom(16):
            asset, world = self.asset(), self.pick(self.all(World)).id
        else:
            where, world = self.pick(listed)
            found = self.ledger.find(where)
            assert isinstance(found, Asset)
            asset = found
        return asset.id, asset.owner, say.Delisted(world)

    def _erased(self) -> Any:
        asset, number = self.asset(), self.lots.randint(1, 3)
        return asset.id, asset.owner, say.Erased(tuple([self.document() for _ in range(number)]))


def beyond(ledger: Ledger) -> list[Hash32]:
    """What looks like an asset of a batch and is none."""
    batches = [one for one in ledger.subjects.values() if isinstance(one, Batch)]
    return [member(one.id, one.size + 1) for one in batches if one.size < 2**24 - 1]


def member(batch: Hash32, index: int) -> Hash32:
    """The id of one of a batch's assets."""
    return batch[:29] + index.to_bytes(3, "big")
