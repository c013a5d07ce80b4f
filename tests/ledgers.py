"""A ledger on a chain of its own, for tests: deployed, with keys, and short ways to write to it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ledger.chain.contract import LedgerContract, encode_append, encode_enrol
from ledger.chain.node import Anvil
from ledger.chain.refusals import find_refusal
from ledger.chain.rpc import RpcClient
from ledger.chain.signers.keystore import KeystoreSigner
from ledger.chain.signers.signer import Signer
from ledger.chain.signers.transaction import TransactionFields
from ledger.chain.wire import Receipt
from ledger.deployment.apply import apply
from ledger.deployment.manifest import Manifest
from ledger.deployment.plan import load_plan
from ledger.domain.entries import Entry
from ledger.domain.kinds import Kind
from ledger.domain.payloads import Enrolled, Registered
from ledger.errors import RpcError
from ledger.hashing import keccak, sha256, subject_id
from ledger.types import ZERO_HASH, Address, AssetKind, Hash32

PLAN = Path(__file__).resolve().parents[1] / "scripts" / "plans" / "local.toml"
_KEYS = ("deployer", "governor", "custodian")


def make_keys() -> dict[str, KeystoreSigner]:
    """The same keys in every test: nothing of value hangs on them."""
    return {name: KeystoreSigner(sha256(name.encode())) for name in _KEYS}


@dataclass(frozen=True, slots=True)
class DeployedLedger:
    """The ledger as `up` deploys it; `custodian` is the account that organisations get."""

    anvil: Anvil
    data: Path
    manifest: Manifest
    keys: Mapping[str, KeystoreSigner] = field(default_factory=make_keys)

    @property
    def rpc(self) -> RpcClient:
        return self.anvil.rpc

    @property
    def manifest_path(self) -> Path:
        return self.data / "manifest.json"

    @property
    def address(self) -> Address:
        return self.manifest.contracts["AssetLedger"].address

    @property
    def contract(self) -> LedgerContract:
        return LedgerContract(self.rpc, self.address)

    @property
    def domain(self) -> Hash32:
        return self.manifest.domain

    @property
    def deployer(self) -> KeystoreSigner:
        return self.keys["deployer"]

    @property
    def governor(self) -> KeystoreSigner:
        return self.keys["governor"]

    @property
    def custodian(self) -> KeystoreSigner:
        return self.keys["custodian"]

    def send(self, signer: Signer, data: bytes, to: Address | None = None) -> Receipt:
        """Have a transaction mined; a refusal is raised as Refused, before anything is sent."""
        target = to or self.address
        try:
            gas = self.rpc.fetch_gas(signer.address, target, data)
        except RpcError as error:
            raise find_refusal(error) or error from error
        fields = TransactionFields(
            chain_id=self.manifest.chain_id,
            nonce=self.rpc.fetch_nonce(signer.address),
            to=target,
            data=data,
            gas=gas + gas // 5,
            max_fee_per_gas=4 * self.rpc.fetch_block("latest").base_fee + 10**9,
            max_priority_fee_per_gas=10**9,
        )
        return await_receipt(self.rpc, self.rpc.send_raw(signer.sign_transaction(fields)))

    def enrol(self, did: str, accounts: Sequence[Address] | None = None) -> Hash32:
        """Enrol an organisation, of the custodian's account if none is given; its id."""
        given = [self.custodian.address] if accounts is None else accounts
        receipt = self.send(self.governor, encode_enrol(did, given))
        assert receipt.succeeded
        return subject_id(self.domain, Kind.ENROLLED, ZERO_HASH, Enrolled(did).encode())

    def append(self, entries: Sequence[Entry], signer: Signer | None = None) -> Receipt:
        """Append entries as the custodian, or as another signer."""
        return self.send(signer or self.custodian, encode_append(entries))

    def birth(self, org: Hash32, content: bytes = b"", owner: Hash32 | None = None) -> Entry:
        """The entry that registers an asset; `content` makes it another than the others."""
        born = Registered(owner or org, ZERO_HASH, keccak(content), AssetKind.INSTANCE).encode()
        subject = subject_id(self.domain, Kind.REGISTERED, org, born)
        return Entry(subject, org, Kind.REGISTERED, 0, born)

    def register(self, org: Hash32, content: bytes = b"") -> Hash32:
        """Register one asset; its id."""
        birth = self.birth(org, content)
        assert self.append([birth]).succeeded
        return birth.subject


def await_receipt(rpc: RpcClient, transaction: Hash32, patience: float = 20.0) -> Receipt:
    """The receipt of a transaction that was sent: Anvil answers before its block is there."""
    deadline = time.monotonic() + patience
    while (receipt := rpc.find_receipt(transaction)) is None:
        assert time.monotonic() < deadline, f"0x{transaction.hex()} is in no block"
        time.sleep(0.002)
    return receipt


def deploy(anvil: Anvil, data: Path) -> DeployedLedger:
    """Deploy the local plan on a running chain, and write the manifest into `data`."""
    keys = make_keys()
    for signer in keys.values():
        anvil.fund(signer.address)
    planned = {name: keys[name] for name in ("deployer", "governor")}
    manifest = apply(anvil.rpc, load_plan(PLAN), planned, data / "manifest.json")
    return DeployedLedger(anvil, data, manifest, keys)
