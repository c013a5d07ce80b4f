"""What statements cost on the Ethereum Attestation Service, as its package compiles it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from eth_abi import encode

from ledger.hashing import keccak
from ledger.types import ZERO_ADDRESS, ZERO_HASH, Address, Hash32
from scripts.bench.costs.chain import Chain, Gas, Mined, call, load_package

PACKAGE: Final = "@ethereum-attestation-service/eas-contracts"
_ARTIFACT: Final = "artifacts/contracts/{0}.sol/{0}.json"

_REGISTER: Final = "register(string,address,bool)"
_DATA: Final = "(address,uint64,bool,bytes32,bytes,uint256)"
_ATTEST: Final = f"attest((bytes32,{_DATA}))"
_ATTEST_ALL: Final = f"multiAttest((bytes32,{_DATA}[])[])"
_REVOKE: Final = "revoke((bytes32,(bytes32,uint256)))"
_REVOKE_ALL: Final = "multiRevoke((bytes32,(bytes32,uint256)[])[])"
_TIMESTAMP: Final = "timestamp(bytes32)"
_TIMESTAMP_ALL: Final = "multiTimestamp(bytes32[])"


@dataclass(slots=True)
class Service:
    """EAS with one schema, to which one account attests."""

    chain: Chain
    account: Address
    contract: Address
    schema: Hash32
    _made: int = field(default=0)

    def digest(self) -> Hash32:
        """32 bytes that were never there before."""
        self._made += 1
        return keccak(self._made.to_bytes(8, "big"))

    def send(self, signature: str, *values: object) -> Mined:
        """Call a function that changes something."""
        return self.chain.send(self.account, self.contract, call(signature, *values))

    def attest(self, number: int = 1) -> tuple[int, list[Hash32]]:
        """Attest in one transaction: its gas, and the attestations' ids."""
        asked = [(self.account, 0, True, ZERO_HASH, self.digest(), 0) for _ in range(number)]
        if number == 1:
            mined = self.send(_ATTEST, (self.schema, asked[0]))
        else:
            mined = self.send(_ATTEST_ALL, [(self.schema, asked)])
        return mined.gas, [id_ for _, id_ in mined.events]


def measure_eas(chain: Chain, batch: int) -> Gas:
    """Gas of EAS's acts."""
    service = _set_up(chain)
    gas: Gas = {}
    gas["observed"] = service.send(_TIMESTAMP, service.digest()).gas
    gas["observed_first"] = service.send(_TIMESTAMP, service.digest()).gas
    for name in ("observed_first_each", "observed_each"):
        digests = [service.digest() for _ in range(batch)]
        gas[name] = service.send(_TIMESTAMP_ALL, digests).gas
    gas["attested_first"], _ = service.attest()
    gas["attested"], (attestation,) = service.attest()
    gas["attested_first_each"], _ = service.attest(batch)
    gas["attested_each"], attestations = service.attest(batch)
    gas["revoked"] = service.send(_REVOKE, (service.schema, (attestation, 0))).gas
    revoked = [(each, 0) for each in attestations]
    gas["revoked_each"] = service.send(_REVOKE_ALL, [(service.schema, revoked)]).gas
    return gas


def _set_up(chain: Chain) -> Service:
    account = chain.account("attester")
    registry = chain.deploy(account, _load("SchemaRegistry"))
    contract = chain.deploy(account, _load("EAS"), encode(["address"], [registry]))
    published = chain.send(
        account, registry, call(_REGISTER, "bytes32 contentHash", ZERO_ADDRESS, True)
    )
    ((topics, _),) = published.events
    return Service(chain, account, contract, topics[1])


def _load(name: str) -> bytes:
    return load_package(PACKAGE, _ARTIFACT.format(name))
