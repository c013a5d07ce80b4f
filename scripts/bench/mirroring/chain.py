"""The chain that is mirrored: an Anvil of the bench's own, filled with blocks of entries."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from eth_account import Account

from ledger.chain.contract import LedgerContract, encode_append, encode_enrol
from ledger.chain.node import fund
from ledger.chain.process import find_anvil, pick_port, start_process
from ledger.chain.rpc import RpcClient
from ledger.chain.signers.keystore import KeystoreSigner
from ledger.deployment.apply import apply
from ledger.deployment.manifest import Manifest
from ledger.deployment.plan import load_plan
from ledger.domain.entries import Entry
from ledger.domain.kinds import Kind
from ledger.domain.log import APPENDED_TOPIC
from ledger.domain.payloads import Enrolled
from ledger.errors import LedgerError
from ledger.hashing import subject_id
from ledger.types import ZERO_HASH, Address, Hash32, parse_address, to_hex
from scripts.bench.mirroring.mix import A_BLOCK, ORGANISATIONS, Filling

Say = Callable[[str], None]

PLAN: Final = Path(__file__).resolve().parents[2] / "plans" / "local.toml"
_GAS: Final = 1 << 24  # what EIP-7825 lets one transaction have
_SECONDS_A_BLOCK: Final = 12
# States of all blocks would grow with the square of the history; full nodes keep few of them too.
_STATES: Final = 16
_FOUNDING: Final = 1
_ENROLMENT: Final = 2  # an organisation, and its account
_TELL_EVERY: Final = 20_000


class BenchError(LedgerError):
    """Something could not be measured."""

    code = "bench"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A node that holds so many entries from block `first` to `last`; `manifest` is a file.

    `last_log` is the last entry's place among the logs of its block.
    """

    rpc_url: str
    chain_id: int
    manifest: Path
    contract: Address
    first: int
    last: int
    last_log: int
    entries: int


@contextmanager
def loaded(entries: int, say: Say, port: int = 0, folder: Path | None = None) -> Iterator[Loaded]:
    """A fresh chain with so many entries, gone afterwards; the manifest lies in `folder`."""
    with tempfile.TemporaryDirectory(prefix="asset-ledger-mirror-") as scratch:
        manifest_path = (folder or Path(scratch)) / "manifest.json"
        flags = f"--no-mining --auto-impersonate --prune-history {_STATES}".split()
        process = start_process(find_anvil(), Path(scratch), pick_port(port), flags)
        try:
            with RpcClient(process.url, timeout=120.0) as rpc:
                manifest = _deploy(rpc, manifest_path)
                contract = manifest.contracts["AssetLedger"]
                account = os.urandom(20)
                rpc.call("anvil_setBalance", to_hex(account), hex(10**24))
                _Writer(rpc, manifest, account).fill(entries, say)
                last = rpc.fetch_block_number()
                *_, log = rpc.fetch_logs(contract.address, [APPENDED_TOPIC], last, last)
            yield Loaded(
                rpc_url=process.url,
                chain_id=manifest.chain_id,
                manifest=manifest_path,
                contract=contract.address,
                first=contract.block,
                last=last,
                last_log=log.log_index,
                entries=entries,
            )
        finally:
            process.end()


def _deploy(rpc: RpcClient, manifest_path: Path) -> Manifest:
    keys = {name: KeystoreSigner(bytes(Account.create().key)) for name in ("deployer", "governor")}
    rpc.call("evm_setAutomine", True)
    for signer in keys.values():
        fund(rpc, signer.address)
    manifest = apply(rpc, load_plan(PLAN), keys, manifest_path)
    rpc.call("evm_setAutomine", False)
    rpc.call("anvil_setBlockTimestampInterval", _SECONDS_A_BLOCK)
    return manifest


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes entries, a transaction a block, in the name of one account of all organisations."""

    rpc: RpcClient
    manifest: Manifest
    account: Address

    def fill(self, entries: int, say: Say) -> None:
        """Write so many, with those that founding and enrolling wrote; tell now and then."""
        filling = Filling(self.manifest.domain, [self._enrol(at) for at in range(ORGANISATIONS)])
        written = _FOUNDING + _ENROLMENT * ORGANISATIONS
        for block in _blocks(filling, entries - written):
            self._append(block)
            before, written = written, written + count_written(block)
            if before // _TELL_EVERY != written // _TELL_EVERY:
                say(f"{written:,} entries are on the chain")

    def _enrol(self, number: int) -> Hash32:
        did = f"did:web:bench-{number}.example"
        governor = parse_address(self.manifest.roles["governor"]["members"][0])
        self._mine(governor, encode_enrol(did, [self.account]))
        org = subject_id(self.manifest.domain, Kind.ENROLLED, ZERO_HASH, Enrolled(did).encode())
        self._verify_count(org, _ENROLMENT)
        return org

    def _append(self, entries: Sequence[Entry]) -> None:
        self._mine(self.account, encode_append(entries))
        self._verify_count(entries[-1].subject, entries[-1].position + 1)

    def _mine(self, sender: Address, data: bytes) -> None:
        call = {
            "from": to_hex(sender),
            "to": to_hex(self._contract.address),
            "data": to_hex(data),
            "gas": hex(_GAS),
        }
        self.rpc.call("eth_sendTransaction", call)
        self.rpc.call("evm_mine")

    def _verify_count(self, subject: Hash32, expected: int) -> None:
        """Whether the block took it: a transaction's entries come all or not at all."""
        if self._contract.fetch_count(subject) != expected:
            number = self.rpc.fetch_block_number()
            raise BenchError(f"block {number} did not take its entries")

    @property
    def _contract(self) -> LedgerContract:
        return LedgerContract(self.rpc, self.manifest.contracts["AssetLedger"].address)


def _blocks(filling: Filling, entries: int) -> Iterator[list[Entry]]:
    """Blocks of the mix, then one that fills up to just so many entries."""
    block = filling.begin()
    while entries >= count_written(block) + A_BLOCK:
        yield block
        entries -= count_written(block)
        block = filling.block()
    yield block
    yield filling.register(entries - count_written(block))


def count_written(entries: Sequence[Entry]) -> int:
    """How many entries the ledger writes when it is asked for these."""
    return len(entries) + sum(entry.kind is Kind.MOUNTED for entry in entries)
