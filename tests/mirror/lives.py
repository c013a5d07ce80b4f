"""A ledger on which every kind of entry happens, block by block."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field

from ledger.chain.contract import (
    encode_force_title,
    encode_name_successor,
    encode_pause,
    encode_reinstate,
    encode_resume,
)
from ledger.domain.entries import Entry
from ledger.domain.payloads import (
    Accepted,
    AttestationRevoked,
    Attested,
    BatchRegistered,
    Corrected,
    CredentialIssued,
    CredentialRevoked,
    Delisted,
    Dismounted,
    Erased,
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
from ledger.hashing import keccak
from ledger.types import ZERO_HASH, Hash32, Party, Stage
from tests.mirror.chain import Chain

_FOR_EVER = 2**64 - 1


def some_hash() -> Hash32:
    return secrets.token_bytes(32)


def index_in(batch: Hash32, index: int) -> Hash32:
    return batch[:29] + index.to_bytes(3, "big")


@dataclass
class Life:
    """Three organisations and all that they do; each step's entries make a block."""

    chain: Chain
    orgs: list[Hash32] = field(default_factory=list)

    def live(self) -> Iterator[None]:
        """Live step by step; the caller mines after each."""
        chain = self.chain
        self.orgs = [chain.enrol() for _ in range(3)]
        yield
        maker, _, auditor = self.orgs
        schema = chain.begin(auditor, SchemaPublished(some_hash(), ZERO_HASH))
        yield
        newer = chain.begin(auditor, SchemaPublished(some_hash(), schema))
        gearbox, truck = chain.register(maker, 2)
        batch = chain.begin(maker, BatchRegistered(maker, schema, some_hash(), 1000, some_hash()))
        yield
        yield from self.hand_around(gearbox)
        yield from self.assemble(gearbox, truck)
        yield from self.come_in_a_batch(batch, newer)
        yield from self.be_shown(truck, schema)
        yield from self.be_governed(truck)
        yield from self.end(gearbox, schema)

    def hand_around(self, asset: Hash32) -> Iterator[None]:
        """All that parties do, offers that lapse in others, and a lien."""
        maker, user, auditor = self.orgs
        yield from self.write(maker, asset, Offered(Party.CUSTODIAN, user, 0))
        yield from self.write(maker, asset, Offered(Party.CUSTODIAN, auditor, _FOR_EVER))
        yield from self.write(auditor, asset, Accepted(Party.CUSTODIAN), Observed(some_hash()))
        yield from self.write(auditor, asset, Offered(Party.CUSTODIAN, user, 0))
        yield from self.write(maker, asset, Offered(Party.OPERATOR, user, 0))
        yield from self.write(maker, asset, Withdrawn(Party.OPERATOR))
        yield from self.write(maker, asset, Offered(Party.LIEN_HOLDER, auditor, 0))
        yield from self.write(auditor, asset, Accepted(Party.LIEN_HOLDER))
        yield from self.write(auditor, asset, Released(Party.LIEN_HOLDER))
        yield from self.write(maker, asset, Offered(Party.OWNER, user, 0))
        # Title passes, and the custodian's open offer ends with it.
        yield from self.write(user, asset, Accepted(Party.OWNER))
        yield from self.write(user, asset, Transferred(maker))
        yield from self.write(auditor, asset, Released(Party.CUSTODIAN))

    def assemble(self, part: Hash32, parent: Hash32) -> Iterator[None]:
        maker, *_ = self.orgs
        yield from self.write(maker, part, Mounted(parent))
        yield from self.write(maker, part, Dismounted(parent), Mounted(parent))
        yield from self.write(maker, parent, Staged(Stage.COMMISSIONED), Staged(Stage.IN_SERVICE))

    def come_in_a_batch(self, batch: Hash32, schema: Hash32) -> Iterator[None]:
        """Assets of batches: of one mirrored long before, and of one in the very same block."""
        maker, user, auditor = self.orgs
        first, last = index_in(batch, 1), index_in(batch, 1000)
        yield from self.write(maker, first, Offered(Party.OWNER, auditor, 0), Transferred(user))
        yield from self.write(auditor, last, Attested(schema, some_hash(), 0))
        yield from self.write(maker, last, Revised(some_hash()), Mounted(index_in(batch, 2)))
        born = BatchRegistered(user, ZERO_HASH, some_hash(), 2, some_hash())
        entry = self.chain.birth(maker, born)
        own = Observed(some_hash())
        member = Entry(index_in(entry.subject, 2), user, own.KIND, 1, own.encode())
        self.chain.append(entry, member)
        yield

    def be_shown(self, asset: Hash32, schema: Hash32) -> Iterator[None]:
        maker, user, auditor = self.orgs
        chain = self.chain
        position = chain.contract.fetch_count(maker)
        yield from self.write(auditor, maker, CredentialIssued(schema, some_hash(), 0))
        world = chain.begin(user, WorldOpened(some_hash(), schema, auditor))
        free = chain.begin(user, WorldOpened(some_hash(), ZERO_HASH, ZERO_HASH))
        yield
        listed = Listed(world, some_hash(), some_hash(), 0, auditor, position)
        yield from self.write(maker, asset, listed)
        freely = Listed(free, some_hash(), some_hash(), _FOR_EVER, ZERO_HASH, 0)
        yield from self.write(maker, asset, freely, Delisted(world))
        yield from self.write(maker, asset, listed)
        attested = chain.contract.fetch_count(asset)
        yield from self.write(auditor, asset, Attested(schema, some_hash(), 0))
        yield from self.write(auditor, asset, AttestationRevoked(attested, schema))
        yield from self.write(auditor, maker, CredentialRevoked(position, schema))
        # It ends two listings' worlds, of which one's is the asset's only one left.
        yield from self.write(user, free, WorldClosed(some_hash()))

    def be_governed(self, asset: Hash32) -> Iterator[None]:
        maker, user, _ = self.orgs
        chain = self.chain
        yield from self.write(maker, asset, Offered(Party.OPERATOR, user, 0))
        chain.freeze(asset)
        chain.suspend(user)
        yield
        chain.govern(encode_pause(some_hash()))
        yield
        chain.unfreeze(asset)
        chain.govern(encode_reinstate(user, some_hash()))
        yield
        chain.govern(encode_force_title(asset, user, some_hash()))
        chain.govern(encode_name_successor(b"\x05" * 20, some_hash()))
        yield
        chain.govern(encode_resume(some_hash()))
        spare = secrets.token_bytes(20)
        chain.add_account(user, spare)
        yield
        chain.remove_account(user, spare)
        yield

    def end(self, asset: Hash32, schema: Hash32) -> Iterator[None]:
        maker, _, auditor = self.orgs
        stages = Stage.COMMISSIONED, Stage.IN_SERVICE, Stage.DECOMMISSIONED, Stage.RETIRED
        yield from self.write(maker, asset, *map(Staged, stages))
        yield from self.write(maker, asset, Corrected(1, some_hash()))
        yield from self.write(maker, asset, Erased((some_hash(), keccak(b"document"))))
        yield from self.write(auditor, asset, Attested(schema, some_hash(), 0))

    def write(self, org: Hash32, subject: Hash32, *payloads: Payload) -> Iterator[None]:
        """Append entries of one organisation about one subject, in one transaction."""
        first = self.chain.contract.fetch_count(subject)
        self.chain.append(
            *(
                Entry(subject, org, payload.KIND, first + at, payload.encode())
                for at, payload in enumerate(payloads)
            )
        )
        yield
