"""A real ledger on a fresh Anvil that mines only when told, for schedules of blocks and reorgs."""

from __future__ import annotations

import secrets
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from ledger.chain.artifacts import load_artifact
from ledger.chain.contract import (
    LedgerContract,
    encode_append,
    encode_enrol,
    encode_freeze,
    encode_suspend,
    encode_unfreeze,
)
from ledger.chain.identity import Deployed
from ledger.chain.rpc import RpcClient
from ledger.domain.entries import Entry
from ledger.domain.kinds import Kind
from ledger.domain.payloads import (
    AccountAdded,
    AccountRemoved,
    Enrolled,
    Observed,
    Payload,
    Registered,
    Revised,
    Transferred,
)
from ledger.errors import NodeUnavailable
from ledger.hashing import domain_separator, subject_id
from ledger.types import ZERO_HASH, Address, AssetKind, Hash32, parse_address, to_hex

ANVIL = next(
    (Path(__file__).parents[2] / "contracts/node_modules/@foundry-rs").glob("anvil-*/bin/anvil")
)
_WORD = 32


@dataclass
class Chain:
    """An Anvil with the ledger on it; every act is a transaction that `mine` puts in a block."""

    process: subprocess.Popen[bytes]
    rpc: RpcClient
    deployed: Deployed = field(init=False)
    accounts: list[Address] = field(init=False)
    orgs: list[Hash32] = field(default_factory=list)

    @classmethod
    def start(cls) -> Self:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        options = "--slots-in-an-epoch 1 --preserve-historical-states --no-mining --quiet"
        process = subprocess.Popen(
            [ANVIL, "--port", str(port), "--gas-limit", "100000000", *options.split()]
        )
        chain = cls(process, RpcClient(f"http://127.0.0.1:{port}"))
        chain._await_node()
        chain._deploy()
        return chain

    def stop(self) -> None:
        self.rpc.close()
        self.process.kill()
        self.process.wait()

    @property
    def contract(self) -> LedgerContract:
        return LedgerContract(self.rpc, self.deployed.contract)

    @property
    def domain(self) -> Hash32:
        return domain_separator(self.deployed.chain_id, self.deployed.contract)

    # -- blocks ----------------------------------------------------------------------------

    def mine(self, blocks: int = 1) -> int:
        """Mine blocks, the first with all that is pending, and return the newest's number."""
        for _ in range(blocks):
            self.rpc.call("evm_mine")
        return self.rpc.fetch_block_number()

    def reorg(self, depth: int) -> None:
        """Replace the newest blocks by as many empty ones."""
        self.rpc.call("anvil_reorg", depth, [])

    def shorten(self, depth: int) -> None:
        """Drop the newest blocks."""
        self.rpc.call("anvil_rollback", depth)

    # -- acts ------------------------------------------------------------------------------

    def send(self, data: bytes, to: Address | None = None, sender: int = 0) -> Hash32:
        call = {
            "from": to_hex(self.accounts[sender]),
            "data": to_hex(data),
            "gas": hex(30_000_000),
            "to": to_hex(to) if to else None,
        }
        answer = self.rpc.call("eth_sendTransaction", call)
        return bytes.fromhex(answer[2:])

    def append(self, *entries: Entry) -> None:
        self.send(encode_append(entries), self.deployed.contract)

    def enrol(self, *accounts: Address) -> Hash32:
        did = f"did:web:org-{secrets.token_hex(8)}.example"
        self.send(encode_enrol(did, accounts or [self.accounts[0]]), self.deployed.contract)
        org = subject_id(self.domain, Kind.ENROLLED, ZERO_HASH, Enrolled(did).encode())
        self.orgs.append(org)
        return org

    def birth(self, org: Hash32, payload: Payload) -> Entry:
        subject = subject_id(self.domain, payload.KIND, org, payload.encode())
        return Entry(subject, org, payload.KIND, 0, payload.encode())

    def begin(self, org: Hash32, payload: Payload) -> Hash32:
        """Begin a subject: a batch, a schema, a world."""
        entry = self.birth(org, payload)
        self.append(entry)
        return entry.subject

    def govern(self, data: bytes) -> None:
        self.send(data, self.deployed.contract)

    def registration(self, org: Hash32, owner: Hash32 | None = None) -> Entry:
        content = secrets.token_bytes(32)
        return self.birth(org, Registered(owner or org, ZERO_HASH, content, AssetKind.INSTANCE))

    def register(self, org: Hash32, count: int = 1) -> list[Hash32]:
        entries = [self.registration(org) for _ in range(count)]
        self.append(*entries)
        return [entry.subject for entry in entries]

    def act(self, org: Hash32, subject: Hash32, payload: Payload, position: int | None = None):  # type: ignore[no-untyped-def]
        if position is None:
            position = self.contract.fetch_count(subject)
        self.append(Entry(subject, org, payload.KIND, position, payload.encode()))

    def observe(self, org: Hash32, subject: Hash32, position: int | None = None) -> None:
        self.act(org, subject, Observed(secrets.token_bytes(32)), position)

    def revise(self, org: Hash32, subject: Hash32, position: int | None = None) -> None:
        self.act(org, subject, Revised(secrets.token_bytes(32)), position)

    def transfer(
        self, org: Hash32, subject: Hash32, to: Hash32, position: int | None = None
    ) -> None:
        self.act(org, subject, Transferred(to), position)

    def add_account(self, org: Hash32, account: Address, position: int | None = None) -> None:
        self.act(org, org, AccountAdded(account), position)

    def remove_account(self, org: Hash32, account: Address, position: int | None = None) -> None:
        self.act(org, org, AccountRemoved(account), position)

    def freeze(self, subject: Hash32) -> None:
        self.govern(encode_freeze(subject, secrets.token_bytes(32)))

    def unfreeze(self, subject: Hash32) -> None:
        self.govern(encode_unfreeze(subject, secrets.token_bytes(32)))

    def suspend(self, org: Hash32) -> None:
        self.govern(encode_suspend(org, secrets.token_bytes(32)))

    # -- making ----------------------------------------------------------------------------

    def _await_node(self) -> None:
        until = time.monotonic() + 10
        while True:
            try:
                self.rpc.call("eth_chainId")
                return
            except NodeUnavailable:
                if time.monotonic() > until:
                    raise
                time.sleep(0.01)

    def _deploy(self) -> None:
        self.accounts = [parse_address(a.lower()) for a in self.rpc.call("eth_accounts")]
        admin = self.accounts[0].rjust(_WORD, b"\0")
        authority = self._create(load_artifact("AccessManager").bytecode + admin)
        base_uri = (64).to_bytes(_WORD, "big") + bytes(_WORD)
        contract = self._create(
            load_artifact("AssetLedger").bytecode + authority.rjust(_WORD, b"\0") + base_uri
        )
        came = self.rpc.fetch_block("latest")
        self.deployed = Deployed(
            chain_id=self.rpc.chain_id(),
            genesis_hash=self.rpc.genesis_hash(),
            contract=contract,
            block=came.number,
            block_hash=came.hash,
        )

    def _create(self, code: bytes) -> Address:
        sent = self.send(code)
        self.mine()
        receipt = self.rpc.find_receipt(sent)
        assert receipt is not None
        assert receipt.succeeded
        assert receipt.contract_address is not None
        return receipt.contract_address
