"""A real chain for proofs: Anvil with the compiled contracts, spoken to by our own RPC client."""

from __future__ import annotations

import json
import re
import subprocess
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from eth_abi.abi import encode

from ledger.chain.rpc import RpcClient
from ledger.domain.kinds import Kind
from ledger.domain.payloads import Enrolled, Payload, Registered
from ledger.hashing import domain_separator, keccak, subject_id
from ledger.types import ZERO_HASH, AssetKind, parse_address, to_hex

CONTRACTS = Path(__file__).parents[2] / "contracts"
ENTRY = "(bytes32,bytes32,uint16,uint64,bytes)"


@contextmanager
def anvil(*options: str) -> Iterator[RpcClient]:
    """An Anvil of its own, on a free port, until the block ends."""
    found = sorted((CONTRACTS / "node_modules/@foundry-rs").glob("anvil-*/bin/anvil*"))
    if not found:
        pytest.fail("anvil is missing: run `npm ci --ignore-scripts` in contracts")
    command = [str(found[0]), "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    told = process.stdout
    assert told is not None
    drain = Thread(target=deque, args=(told, 0), daemon=True)
    try:
        listening = (re.match(r"Listening on (\S+)", line) for line in told)
        address = next(match[1] for match in listening if match)
        # It tells of every block, and waits where nobody reads what it tells.
        drain.start()
        with RpcClient(f"http://{address}") as rpc:
            yield rpc
    finally:
        process.terminate()
        process.wait()
        if drain.ident is not None:
            drain.join()
        told.close()


@dataclass(frozen=True, slots=True)
class OnChain:
    """The deployed ledger with two organisations of one account each; `rpc` mines when told."""

    rpc: RpcClient
    contract: bytes
    accounts: tuple[bytes, ...]
    orgs: tuple[bytes, bytes]

    def call(self, signature: str, *values: object, sender: int = 0) -> None:
        """Mine one call of the ledger alone in its block."""
        name, _, inner = signature.partition("(")
        types = _split(inner[:-1])
        data = keccak(f"{name}({inner}".encode())[:4] + encode(types, values)
        transact(self.rpc, self.accounts[sender], self.contract, data)

    def append(self, *entries: tuple[bytes, bytes, Payload, int], sender: int = 0) -> None:
        """Mine entries (subject, org, payload, position) in one transaction."""
        told = [(s, org, int(p.KIND), at, p.encode()) for s, org, p, at in entries]
        self.call(f"append({ENTRY}[])", told, sender=sender)

    def register(self, serial: bytes) -> bytes:
        """Mine an asset of the first organisation, and return its id."""
        org = self.orgs[0]
        birth = Registered(org, ZERO_HASH, keccak(serial), AssetKind.INSTANCE)
        domain = domain_separator(31337, self.contract)
        subject = subject_id(domain, Kind.REGISTERED, org, birth.encode())
        self.append((subject, org, birth, 0))
        return subject


def _split(types: str) -> list[str]:
    """A signature's types, of which a tuple is one."""
    return re.findall(r"\([^)]*\)(?:\[\])?|[^,()]+", types)


def transact(rpc: RpcClient, sender: bytes, to: bytes | None, data: bytes) -> dict[str, Any]:
    """Mine one transaction, and return its receipt's JSON."""
    asked = {"from": to_hex(sender), "data": to_hex(data), "gas": hex(15_000_000)}
    if to is not None:
        asked["to"] = to_hex(to)
    sent = rpc.call("eth_sendTransaction", asked)
    rpc.call("evm_mine")
    receipt: dict[str, Any] = rpc.call("eth_getTransactionReceipt", sent)
    assert receipt["status"] == "0x1", receipt
    return receipt


def deploy(rpc: RpcClient, sender: bytes, name: str, types: Sequence[str], *values: Any) -> bytes:
    code = json.loads((CONTRACTS / f"artifacts/{name}.json").read_text())["bytecode"]
    data = bytes.fromhex(code[2:]) + encode(types, values)
    return parse_address(transact(rpc, sender, None, data)["contractAddress"])


@contextmanager
def deployed(*options: str, pace: int | None = None) -> Iterator[OnChain]:
    """The ledger on a chain of its own; with a `pace`, its blocks are so many seconds apart."""
    with anvil("--no-mining", *options) as rpc:
        if pace is not None:
            rpc.call("anvil_setBlockTimestampInterval", pace)
        accounts = tuple(parse_address(one) for one in rpc.call("eth_accounts"))
        manager = deploy(rpc, accounts[0], "AccessManager", ["address"], accounts[0])
        types = ["address", "string"]
        contract = deploy(rpc, accounts[0], "AssetLedger", types, manager, "https://a.example/")
        domain = domain_separator(31337, contract)
        names = [f"did:web:{name}.example" for name in ("gears", "wheels")]
        births = [Enrolled(name).encode() for name in names]
        one, two = (subject_id(domain, Kind.ENROLLED, ZERO_HASH, birth) for birth in births)
        chain = OnChain(rpc, contract, accounts, (one, two))
        for number, name in enumerate(names):
            chain.call("enrol(string,address[])", name, [accounts[number]])
        yield chain


@pytest.fixture(scope="module")
def onchain() -> Iterator[OnChain]:
    """The deployed ledger, shared by a module's tests: each acts on assets of its own."""
    with deployed() as chain:
        yield chain
