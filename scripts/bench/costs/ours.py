"""What entries cost on the ledger itself, as its committed artifact is deployed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from eth_abi import encode

from ledger.chain.artifacts import load_artifact
from ledger.chain.contract import LedgerContract, encode_append, encode_enrol
from ledger.domain.entries import Entry
from ledger.domain.payloads import (
    Accepted,
    AttestationRevoked,
    Attested,
    BatchRegistered,
    Dismounted,
    Enrolled,
    Mounted,
    Observed,
    Offered,
    Payload,
    Registered,
    SchemaPublished,
    Transferred,
)
from ledger.hashing import keccak, organisation_address, subject_id
from ledger.types import ZERO_HASH, Address, AssetKind, Hash32, Party
from scripts.bench.costs.chain import Chain, Gas, call
from scripts.bench.costs.rows import MILLION

_TRANSFER: Final = "transferFrom(address,address,uint256)"


@dataclass(frozen=True, slots=True)
class Organisation:
    """One that acts: its id, and its only account."""

    id: Hash32
    account: Address


@dataclass(slots=True)
class Ledger:
    """A ledger of our own, and how many entries each of its subjects has."""

    chain: Chain
    contract: Address
    governor: Address
    domain: Hash32
    counts: Counter[Hash32] = field(default_factory=Counter)
    _made: int = 0

    @classmethod
    def deploy(cls, chain: Chain) -> Ledger:
        """Deploy it, governed by an account without delay."""
        governor = chain.account("governor")
        manager = load_artifact("AccessManager").bytecode
        authority = chain.deploy(governor, manager, encode(["address"], [governor]))
        arguments = encode(["address", "string"], [authority, "https://a.example/"])
        contract = chain.deploy(governor, load_artifact("AssetLedger").bytecode, arguments)
        domain = LedgerContract(chain.rpc, contract).fetch_domain()
        return cls(chain, contract, governor, domain)

    def digest(self) -> Hash32:
        """A content hash that was never there before."""
        self._made += 1
        return keccak(self._made.to_bytes(8, "big"))

    def enrol(self, name: str) -> Organisation:
        """Enrol an organisation with an account of its own."""
        did, account = f"did:web:{name}.example", self.chain.account(name)
        self.chain.send(self.governor, self.contract, encode_enrol(did, [account]))
        enrolled = Enrolled(did)
        id_ = subject_id(self.domain, enrolled.KIND, ZERO_HASH, enrolled.encode())
        return Organisation(id_, account)

    def act(self, org: Organisation, acts: Sequence[tuple[Hash32, Payload]]) -> int:
        """Append an entry for each subject and payload in one transaction; returns its gas."""
        entries = []
        for subject, payload in acts:
            position = self.counts[subject]
            entries.append(Entry(subject, org.id, payload.KIND, position, payload.encode()))
            self.counts[subject] += 1
            if isinstance(payload, Mounted | Dismounted):
                self.counts[payload.parent] += 1
        return self.chain.send(org.account, self.contract, encode_append(entries)).gas

    def bear(self, org: Organisation, births: Sequence[Payload]) -> tuple[int, list[Hash32]]:
        """Append first entries in one transaction: its gas, and the subjects' ids."""
        ids = [subject_id(self.domain, one.KIND, org.id, one.encode()) for one in births]
        return self.act(org, list(zip(ids, births, strict=True))), ids

    def register(self, org: Organisation, number: int = 1) -> tuple[int, list[Hash32]]:
        """Register assets of the organisation's own, without a schema."""
        births = [
            Registered(org.id, ZERO_HASH, self.digest(), AssetKind.INSTANCE) for _ in range(number)
        ]
        return self.bear(org, births)


def measure_ledger(chain: Chain, batch: int) -> Gas:
    """Gas of the ledger's acts; each measurement leaves its assets to the next."""
    ledger = Ledger.deploy(chain)
    maker, buyer = ledger.enrol("maker"), ledger.enrol("buyer")
    gas: Gas = {}
    gas["born_first"], _ = ledger.register(maker)
    gas["born"], (asset,) = ledger.register(maker)
    gas["passed_to_new"] = ledger.act(maker, [(asset, Transferred(buyer.id))])
    gas |= _titles(ledger, maker, buyer)
    gas |= _many(ledger, maker, buyer, batch)
    gas |= _million(ledger, maker, buyer)
    gas |= _statements(ledger, maker, batch)
    gas |= _assembly(ledger, maker)
    return gas


def _titles(ledger: Ledger, maker: Organisation, buyer: Organisation) -> Gas:
    _, (asset,) = ledger.register(maker)
    gas = {"passed_first": ledger.act(maker, [(asset, Transferred(buyer.id))])}
    gas["passed"] = ledger.act(buyer, [(asset, Transferred(maker.id))])
    gas |= _in_two_steps(ledger, maker, buyer, asset)
    gas["handed_again"] = _in_two_steps(ledger, buyer, maker, asset)["handed"]
    ledger.act(maker, [(asset, Transferred(buyer.id))])
    addresses = organisation_address(buyer.id), organisation_address(maker.id)
    data = call(_TRANSFER, *addresses, int.from_bytes(asset, "big"))
    gas["passed_direct"] = ledger.chain.send(buyer.account, ledger.contract, data).gas
    ledger.counts[asset] += 1
    return gas


def _in_two_steps(
    ledger: Ledger, giver: Organisation, receiver: Organisation, asset: Hash32
) -> Gas:
    offered = ledger.act(giver, [(asset, Offered(Party.OWNER, receiver.id, 0))])
    accepted = ledger.act(receiver, [(asset, Accepted(Party.OWNER))])
    return {"offered": offered, "accepted": accepted, "handed": offered + accepted}


def _many(ledger: Ledger, maker: Organisation, buyer: Organisation, batch: int) -> Gas:
    gas: Gas = {}
    gas["born_each"], assets = ledger.register(maker, batch)
    to_buyer, to_maker = Transferred(buyer.id), Transferred(maker.id)
    gas["passed_first_each"] = ledger.act(maker, [(asset, to_buyer) for asset in assets])
    gas["passed_each"] = ledger.act(buyer, [(asset, to_maker) for asset in assets])
    return gas


def _million(ledger: Ledger, maker: Organisation, buyer: Organisation) -> Gas:
    born = BatchRegistered(maker.id, ZERO_HASH, ledger.digest(), MILLION, ledger.digest())
    gas, (batch,) = ledger.bear(maker, [born])
    member = (int.from_bytes(batch, "big") + MILLION // 2).to_bytes(32, "big")
    ledger.counts[member] = 1
    passed = ledger.act(maker, [(member, Transferred(buyer.id))])
    return {"born_million": gas, "passed_member": passed}


def _statements(ledger: Ledger, maker: Organisation, batch: int) -> Gas:
    published = SchemaPublished(ledger.digest(), ZERO_HASH)
    _, (schema,) = ledger.bear(maker, [published])
    gas: Gas = {}
    for number, each in ((1, ""), (batch, "_each")):
        _, assets = ledger.register(maker, number)
        for name in (f"observed_first{each}", f"observed{each}"):
            gas[name] = ledger.act(maker, [(one, Observed(ledger.digest())) for one in assets])
        _, assets = ledger.register(maker, number)
        for name in (f"attested_first{each}", f"attested{each}"):
            stated = [(one, Attested(schema, ledger.digest(), 0)) for one in assets]
            gas[name] = ledger.act(maker, stated)
        revoked = AttestationRevoked(2, schema)
        gas[f"revoked{each}"] = ledger.act(maker, [(one, revoked) for one in assets])
    return gas


def _assembly(ledger: Ledger, maker: Organisation) -> Gas:
    gas: Gas = {}
    _, (part, other, parent) = ledger.register(maker, 3)
    gas["mounted_first"] = ledger.act(maker, [(part, Mounted(parent))])
    gas["dismounted"] = ledger.act(maker, [(part, Dismounted(parent))])
    gas["mounted_again"] = ledger.act(maker, [(part, Mounted(parent))])
    ledger.act(maker, [(other, Observed(ledger.digest()))])
    gas["mounted"] = ledger.act(maker, [(other, Mounted(parent))])
    return gas
