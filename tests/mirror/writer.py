"""Writes whatever the contract takes as its state is, so that a reorganisation hinders nothing."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from ledger.domain.entries import Entry
from ledger.domain.payloads import (
    Accepted,
    AttestationRevoked,
    Attested,
    BatchRegistered,
    Dismounted,
    Mounted,
    Observed,
    Offered,
    Released,
    SchemaPublished,
)
from ledger.hashing import organisation_address
from ledger.proofs.layout import decode_word
from ledger.types import Party
from tests.mirror.chain import Chain
from tests.mirror.lives import index_in

CHOICES = 10


@dataclass
class Writer:
    """One who writes on a chain; the caller mines."""

    chain: Chain
    assets: list[bytes] = field(default_factory=list)

    def write(self, choice: int) -> None:
        """Write one of CHOICES kinds of things, numbered from 0."""
        chain, contract = self.chain, self.chain.contract
        living = [org for org in chain.orgs if contract.fetch_is_active(org)]
        assets = [asset for asset in self.assets[-8:] if contract.fetch_count(asset)]
        if not living or choice == 0:
            chain.enrol()
        elif choice == 6:
            self.write_batch(living[-1])
        elif not assets or choice == 1:
            self.assets += chain.register(living[-1], 1 + len(assets) % 3)
        elif choice == 2:
            chain.add_account(living[0], secrets.token_bytes(20))
        else:
            self.write_about(assets[-1], choice, living)

    def write_about(self, asset: bytes, choice: int, living: list[bytes]) -> None:
        chain = self.chain
        word = decode_word(chain.contract.fetch_word(asset))
        owner = next((org for org in living if organisation_address(org) == word.owner), None)
        if word.frozen:
            chain.unfreeze(asset)
        elif choice == 7 and owner is not None:
            self.hand_over(asset, owner, living[0])
        elif choice == 8 and owner is not None:
            self.assemble(asset, owner)
        elif choice == 9:
            self.attest(asset, living[0])
        elif choice == 3 or owner is None:
            chain.freeze(asset)
        elif choice == 4 and living[0] != owner:
            chain.transfer(owner, asset, living[0])
        else:
            chain.observe(owner, asset, word.count)
            chain.revise(owner, asset, word.count + 1)

    def write_batch(self, org: bytes) -> None:
        """Two assets of a batch have entries of their own: in its transaction, and later."""
        born = BatchRegistered(org, bytes(32), secrets.token_bytes(32), 9, secrets.token_bytes(32))
        entry = self.chain.birth(org, born)
        own = Observed(secrets.token_bytes(32))
        members = [index_in(entry.subject, index) for index in (1, 9)]
        self.chain.append(entry, Entry(members[0], org, own.KIND, 1, own.encode()))
        self.assets += members

    def hand_over(self, asset: bytes, owner: bytes, to: bytes) -> None:
        chain = self.chain
        offer = chain.contract.fetch_offer(asset, Party.CUSTODIAN)[0]
        holder = chain.contract.fetch_party(asset, Party.CUSTODIAN)
        if any(offer):
            offeree = next(org for org in chain.orgs if organisation_address(org) == offer)
            chain.act(offeree, asset, Accepted(Party.CUSTODIAN))
        elif any(holder):
            custodian = next(org for org in chain.orgs if organisation_address(org) == holder)
            chain.act(custodian, asset, Released(Party.CUSTODIAN))
        else:
            chain.act(owner, asset, Offered(Party.CUSTODIAN, to, 0))

    def assemble(self, part: bytes, owner: bytes) -> None:
        """Mount it on a new asset, or dismount it; the contract writes to the parent as well."""
        parent = self.chain.contract.fetch_parent(part)
        if any(parent):
            self.chain.act(owner, part, Dismounted(parent))
            return
        position = self.chain.contract.fetch_count(part)
        whole = self.chain.registration(owner)
        mounted = Mounted(whole.subject)
        self.chain.append(whole, Entry(part, owner, mounted.KIND, position, mounted.encode()))

    def attest(self, asset: bytes, org: bytes) -> None:
        published = SchemaPublished(secrets.token_bytes(32), bytes(32))
        schema = self.chain.begin(org, published)
        position = self.chain.contract.fetch_count(asset)
        self.chain.act(org, asset, Attested(schema, secrets.token_bytes(32), 0), position)
        self.chain.act(org, asset, AttestationRevoked(position, schema), position + 1)
