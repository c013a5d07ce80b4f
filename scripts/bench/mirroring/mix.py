"""What the measured ledger is filled with: blocks of entries, drawn by one seed, all of them valid.

Everything is told by `MIX`: how many entries of each kind a block of 100 holds. Who acts on what
is drawn from all assets so far, so that old ones are touched as often as new ones.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from ledger.domain.entries import Entry
from ledger.domain.kinds import Kind
from ledger.domain.payloads import (
    Accepted,
    Attested,
    BatchRegistered,
    Listed,
    Mounted,
    Observed,
    Offered,
    Payload,
    Registered,
    Revised,
    SchemaPublished,
    Staged,
    Transferred,
    WorldOpened,
)
from ledger.hashing import subject_id
from ledger.types import ZERO_HASH, AssetKind, Hash32, Party, Stage

MIX: Final = {
    Kind.REGISTERED: 25,
    Kind.OBSERVED: 42,
    Kind.OFFERED: 8,
    Kind.ACCEPTED: 8,
    Kind.TRANSFERRED: 4,
    Kind.REVISED: 4,
    Kind.ATTESTED: 3,
    Kind.STAGED: 2,
    Kind.MOUNTED: 1,  # two entries: the ledger writes `PART_ADDED` beside it
    Kind.LISTED: 1,
    Kind.BATCH_REGISTERED: 1,
}
"""Entries a block, by their kind; one in sixteen observations is of an asset of a batch."""

A_BLOCK: Final = sum(MIX.values()) + MIX[Kind.MOUNTED]
ORGANISATIONS: Final = 20
_BATCH: Final = 1_000
_MEMBERS_EVERY: Final = 16
_SEED: Final = 5


@dataclass(slots=True)
class _Asset:
    """What has to be known of an asset to act on it."""

    id: Hash32
    owner: Hash32
    entries: int = 1
    offered: bool = False
    mounted: bool = False


@dataclass(slots=True)
class Filling:
    """A ledger being filled: what is on it, and what comes next."""

    domain: Hash32
    orgs: list[Hash32]
    drawn: random.Random = field(default_factory=lambda: random.Random(_SEED))  # noqa: S311
    assets: list[_Asset] = field(default_factory=list)
    fresh: deque[_Asset] = field(default_factory=deque)
    batches: list[tuple[Hash32, Hash32, int]] = field(default_factory=list)
    offers: deque[tuple[_Asset, Hash32]] = field(default_factory=deque)
    schema: Hash32 = ZERO_HASH
    world: Hash32 = ZERO_HASH

    def begin(self) -> list[Entry]:
        """What comes before all others: a schema, a world, and each organisation's first asset."""
        [publisher, *_] = self.orgs
        schema = self._born(publisher, SchemaPublished(self._hash(), ZERO_HASH))
        world = self._born(publisher, WorldOpened(self._hash(), ZERO_HASH, ZERO_HASH))
        self.schema, self.world = schema.subject, world.subject
        return [schema, world, *(self._register(org) for org in self.orgs)]

    def block(self) -> list[Entry]:
        """A block of the mix: `A_BLOCK` entries come of it, but for offers that lack at first."""
        return [entry for kind, count in MIX.items() for entry in self._some(kind, count)]

    def register(self, count: int) -> list[Entry]:
        """So many registrations."""
        return [self._register(self.drawn.choice(self.orgs)) for _ in range(count)]

    def _some(self, kind: Kind, count: int) -> Iterator[Entry]:
        if kind is Kind.REGISTERED:
            yield from self.register(count)
        elif kind is Kind.ACCEPTED:
            # Those that were offered by earlier blocks, as an offer takes a while to be taken.
            for _ in range(min(count, len(self.offers) - MIX[Kind.OFFERED])):
                yield self._accept(*self.offers.popleft())
        elif kind is Kind.BATCH_REGISTERED:
            for _ in range(count):
                yield self._register_batch()
        else:
            for number in range(count):
                if kind is Kind.OBSERVED and number % _MEMBERS_EVERY == _MEMBERS_EVERY - 1:
                    yield self._observe_member()
                else:
                    yield self._act(kind)

    def _act(self, kind: Kind) -> Entry:
        asset = self.fresh.popleft() if kind is Kind.STAGED else self.drawn.choice(self.assets)
        match kind:
            case Kind.OBSERVED:
                return self._entry(asset, Observed(self._hash()))
            case Kind.REVISED:
                return self._entry(asset, Revised(self._hash()))
            case Kind.STAGED:
                return self._entry(asset, Staged(Stage.COMMISSIONED))
            case Kind.ATTESTED:
                return self._entry(asset, Attested(self.schema, self._hash(), 0))
            case Kind.LISTED:
                listed = Listed(self.world, self._hash(), self._hash(), 0, ZERO_HASH, 0)
                return self._entry(asset, listed)
            case Kind.OFFERED:
                return self._offer()
            case Kind.TRANSFERRED:
                return self._transfer()
            case Kind.MOUNTED:
                return self._mount()
        raise ValueError(kind)

    def _register(self, org: Hash32) -> Entry:
        entry = self._born(org, Registered(org, self.schema, self._hash(), AssetKind.INSTANCE))
        asset = _Asset(entry.subject, org)
        self.assets.append(asset)
        self.fresh.append(asset)
        return entry

    def _register_batch(self) -> Entry:
        org = self.drawn.choice(self.orgs)
        batch = BatchRegistered(org, self.schema, self._hash(), _BATCH, self._hash())
        entry = self._born(org, batch)
        self.batches.append((entry.subject, org, 0))
        return entry

    def _observe_member(self) -> Entry:
        """The first entry that an asset of a batch has of its own; then it is as any other."""
        if not self.batches:
            return self._act(Kind.OBSERVED)
        at = self.drawn.randrange(len(self.batches))
        batch, org, taken = self.batches[at]
        self.batches[at] = batch, org, taken + 1
        member = _Asset((int.from_bytes(batch) + taken + 1).to_bytes(32), org)
        self.assets.append(member)
        return self._entry(member, Observed(self._hash()))

    def _offer(self) -> Entry:
        asset = self._pick()
        asset.offered = True
        to = self._other(asset.owner)
        self.offers.append((asset, to))
        return self._entry(asset, Offered(Party.OWNER, to, 0))

    def _accept(self, asset: _Asset, to: Hash32) -> Entry:
        asset.offered, asset.owner = False, to
        return self._entry(asset, Accepted(Party.OWNER))

    def _transfer(self) -> Entry:
        asset = self._pick()
        to = self._other(asset.owner)
        entry = self._entry(asset, Transferred(to))
        asset.owner = to
        return entry

    def _mount(self) -> Entry:
        """A part goes under a parent of the same owner; a part was never a parent, nor mounted."""
        part = self._pick()
        parents = (self.drawn.choice(self.assets) for _ in range(10_000))
        parent = next(
            one
            for one in parents
            if one.owner == part.owner and one is not part and not one.mounted
        )
        part.mounted = parent.mounted = True
        entry = self._entry(part, Mounted(parent.id))
        parent.entries += 1
        return entry

    def _pick(self) -> _Asset:
        """An asset that is neither offered to anybody nor a part of, or made of, others."""
        while True:
            asset = self.drawn.choice(self.assets)
            if not asset.offered and not asset.mounted:
                return asset

    def _other(self, org: Hash32) -> Hash32:
        return self.drawn.choice([one for one in self.orgs if one != org])

    def _born(self, org: Hash32, payload: Payload) -> Entry:
        encoded = payload.encode()
        subject = subject_id(self.domain, payload.KIND, org, encoded)
        return Entry(subject, org, payload.KIND, 0, encoded)

    def _entry(self, asset: _Asset, payload: Payload) -> Entry:
        entry = Entry(asset.id, asset.owner, payload.KIND, asset.entries, payload.encode())
        asset.entries += 1
        return entry

    def _hash(self) -> Hash32:
        return self.drawn.randbytes(32)
