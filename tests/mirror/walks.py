"""Chains on which organisations do anything to anything; what the contract refuses is dropped."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from ledger.domain.entries import Entry
from ledger.domain.payloads import (
    Accepted,
    AttestationRevoked,
    Attested,
    BatchRegistered,
    CredentialIssued,
    CredentialRevoked,
    Delisted,
    Dismounted,
    Listed,
    Mounted,
    Observed,
    Offered,
    Payload,
    Released,
    Revised,
    SchemaPublished,
    Staged,
    Transferred,
    Withdrawn,
    WorldClosed,
    WorldOpened,
)
from ledger.hashing import organisation_address
from ledger.proofs.layout import decode_word
from ledger.types import ZERO_HASH, Hash32, Party, Stage
from tests.mirror.chain import Chain
from tests.mirror.lives import index_in, some_hash

_EXPIRES = (0, 1, 2**40)


@dataclass
class Walk:
    """What a walk of chance has brought into being so far."""

    chain: Chain
    chance: Random
    orgs: list[Hash32] = field(default_factory=list)
    assets: list[Hash32] = field(default_factory=list)
    batches: list[Hash32] = field(default_factory=list)
    schemas: list[Hash32] = field(default_factory=list)
    worlds: list[Hash32] = field(default_factory=list)
    _written: Counter[Hash32] = field(default_factory=Counter)

    def walk(self, steps: int) -> Iterator[None]:
        """Walk step by step; the caller mines after each."""
        chain = self.chain
        self.orgs = [chain.enrol() for _ in range(3)]
        yield
        maker = self.orgs[0]
        self.schemas = [chain.begin(maker, SchemaPublished(some_hash(), ZERO_HASH))]
        self.assets += chain.register(maker, 3) + chain.register(self.orgs[1])
        yield
        self._begin_batch()
        newer = SchemaPublished(some_hash(), self.schemas[0])
        self.schemas.append(chain.begin(maker, newer))
        self.worlds = [chain.begin(maker, WorldOpened(some_hash(), ZERO_HASH, ZERO_HASH))]
        closed = WorldOpened(some_hash(), self.schemas[0], self.orgs[2])
        self.worlds.append(chain.begin(maker, closed))
        yield
        for _ in range(steps):
            self._written.clear()
            for _ in range(self.chance.randint(3, 9)):
                self._act()
            yield

    def _begin_batch(self) -> None:
        owner = self._any(self.orgs)
        born = BatchRegistered(owner, ZERO_HASH, some_hash(), 9, some_hash())
        batch = self.chain.begin(self._any(self.orgs), born)
        self.batches.append(batch)
        self.assets += [index_in(batch, index) for index in (1, 2, 9)]

    def _any(self, of: list[Hash32]) -> Hash32:
        return self.chance.choice(of)

    def _act(self) -> None:
        match self.chance.randint(0, 15):
            case 0:
                self.assets += self.chain.register(self._any(self.orgs))
            case 1:
                self._begin_batch()
            case 2:
                self.chain.freeze(self._any(self.assets))
            case 3 | 4:
                self.chain.unfreeze(self._any(self.assets))
            case 5:
                self._credential()
            case 6 if self.chance.random() < 0.1:
                self._write(self._any(self.orgs), self._any(self.worlds), WorldClosed(some_hash()))
            case 7 if self.chance.random() < 0.1:
                self.chain.add_account(self.orgs[0], secrets.token_bytes(20))
            case _:
                asset, payload = self._any(self.assets), self._payload()
                able = self._owner(asset) if self.chance.random() < 0.7 else None
                taking = isinstance(payload, Accepted)
                self._write(self._any(self.orgs) if taking or not able else able, asset, payload)

    def _owner(self, asset: Hash32) -> Hash32 | None:
        word = self.chain.contract.fetch_word(asset)
        if not word:
            return None
        owner = decode_word(word).owner
        return next((org for org in self.orgs if organisation_address(org) == owner), None)

    def _credential(self) -> None:
        org, schema = self._any(self.orgs), self._any(self.schemas)
        expires = self.chance.choice(_EXPIRES)
        issued = CredentialIssued(schema, some_hash(), expires)
        revoked = CredentialRevoked(self.chance.randint(1, 4), schema)
        self._write(self.orgs[2], org, self.chance.choice([issued, issued, revoked]))

    def _payload(self) -> Payload:
        chance, party = self.chance, self.chance.choice(list(Party))
        org, asset, schema = self._any(self.orgs), self._any(self.assets), self._any(self.schemas)
        world, expires = self._any(self.worlds), chance.choice(_EXPIRES)
        # A world that asks for a credential is told one that may be, or may have been, there.
        issuer, position = (ZERO_HASH, 0) if world == self.worlds[0] else (self.orgs[2], 2)
        return chance.choice(
            [
                Observed(some_hash()),
                Revised(some_hash()),
                Staged(chance.choice(list(Stage)[1:4])),
                Transferred(org),
                Offered(party, org, expires),
                Offered(party, org, expires),
                Accepted(party),
                Accepted(party),
                Withdrawn(party),
                Released(party),
                Mounted(asset),
                Mounted(asset),
                Dismounted(asset),
                Attested(schema, some_hash(), expires),
                AttestationRevoked(chance.randint(1, 9), schema),
                Listed(world, some_hash(), some_hash(), expires, issuer, position),
                Delisted(world),
            ]
        )

    def _write(self, org: Hash32, subject: Hash32, payload: Payload) -> None:
        """Sent alone, so that what is refused takes nothing else with it."""
        position = self.chain.contract.fetch_count(subject) + self._written[subject]
        self._written[subject] += 1
        self.chain.append(Entry(subject, org, payload.KIND, position, payload.encode()))
