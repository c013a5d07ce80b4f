"""A bare Anvil and the contracts on it, spoken to by plain JSON-RPC, and forge."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from eth_abi import encode

from ledger.chain.contract import encode_append, encode_enrol
from ledger.domain.entries import Entry
from ledger.domain.kinds import Kind
from ledger.domain.payloads import Observed, Payload, Registered, Revised, Transferred
from ledger.hashing import domain_separator, keccak, subject_id
from ledger.types import AssetKind, Hash32, parse_hex

CONTRACTS = Path(__file__).resolve().parents[2] / "contracts"


def find_tool(name: str) -> Path:
    """The binary that npm brought for this machine, `forge` or `anvil`."""
    found = sorted((CONTRACTS / "node_modules/@foundry-rs").glob(f"{name}-*/bin/{name}*"))
    if not found:
        pytest.fail(f"{name} is missing: run `npm ci --ignore-scripts` in contracts")
    return found[0]


def tool_environment() -> dict[str, str]:
    """The environment without anything that would change what forge and anvil do."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("FOUNDRY_", "DAPP_"))}
    return kept | {"NO_COLOR": "1"}


@dataclass(frozen=True, slots=True)
class Chain:
    """A node with unlocked accounts."""

    http: httpx.Client

    def ask(self, method: str, *params: object) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = self.http.post("/", json=body).json()
        if "error" in answer:
            raise AssertionError(f"{method}: {answer['error']}")
        return answer["result"]

    def transact(self, sender: str, to: str | None, data: bytes) -> dict[str, Any]:
        """Mine one transaction alone in its block, and return its receipt."""
        fields = {"from": sender, "data": "0x" + data.hex(), "gas": hex(16_700_000)}
        if to is not None:
            fields["to"] = to
        sent = self.ask("eth_sendTransaction", fields)
        self.ask("evm_mine")
        receipt: dict[str, Any] = self.ask("eth_getTransactionReceipt", sent)
        assert receipt["status"] == "0x1", f"{sent} was refused"
        return receipt


@pytest.fixture
def chain() -> Iterator[Chain]:
    """A fresh chain that mines when told to."""
    command = [str(find_tool("anvil")), "--port", "0", "--no-mining", "--chain-id", "31337"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=tool_environment())
    try:
        assert process.stdout is not None
        listening = (re.match(r"Listening on (\S+)", line) for line in process.stdout)
        address = next(found[1] for found in listening if found)
        with httpx.Client(base_url=f"http://{address}", timeout=60) as http:
            yield Chain(http)
    finally:
        process.terminate()
        process.communicate()


@pytest.fixture(scope="session")
def forge() -> Path:
    return find_tool("forge")


@pytest.fixture(scope="session")
def forge_environment() -> dict[str, str]:
    return tool_environment()


def _creation(name: str, arguments: bytes) -> bytes:
    artifact = json.loads((CONTRACTS / f"artifacts/{name}.json").read_bytes())
    return parse_hex(artifact["bytecode"]) + arguments


class Desk:
    """One organisation's desk at a ledger of its own: makes entries, tells what they cost."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.account, self.other = chain.ask("eth_accounts")[:2]
        admin = encode(["address"], [self.account])
        manager = chain.transact(self.account, None, _creation("AccessManager", admin))
        arguments = encode(
            ["address", "string"], [manager["contractAddress"], "https://a.example/"]
        )
        deployed = chain.transact(self.account, None, _creation("AssetLedger", arguments))
        self.deployment = int(deployed["gasUsed"], 16)
        self.ledger = deployed["contractAddress"]
        self.domain = domain_separator(31337, parse_hex(self.ledger))
        self.enrolment, self.org = self._enrol("did:web:maker.example")
        _, self.buyer = self._enrol("did:web:buyer.example")
        self._born = 0
        # Both hold an asset already, as organisations do: a first balance costs 17,100 more.
        self.send(self.register(2))
        self.send(self.act(Kind.TRANSFERRED, 1)[:1])

    def _enrol(self, did: str) -> tuple[int, Hash32]:
        accounts = [parse_hex(self.account)]
        receipt = self.chain.transact(self.account, self.ledger, encode_enrol(did, accounts))
        return int(receipt["gasUsed"], 16), parse_hex(receipt["logs"][0]["topics"][1])

    def _entry(self, subject: Hash32, kind: Kind, position: int, payload: Payload) -> Entry:
        return Entry(subject, self.org, kind, position, payload.encode())

    def _digest(self) -> Hash32:
        self._born += 1
        return keccak(self._born.to_bytes(8, "big"))

    def register(self, number: int) -> list[Entry]:
        """Births of assets with documents of their own."""
        payloads = [
            Registered(self.org, bytes(32), self._digest(), AssetKind.INSTANCE)
            for _ in range(number)
        ]
        ids = [subject_id(self.domain, 32, self.org, payload.encode()) for payload in payloads]
        self._assets = ids
        return [
            self._entry(subject, Kind.REGISTERED, 0, payload)
            for subject, payload in zip(ids, payloads, strict=True)
        ]

    def act(self, kind: Kind, position: int) -> list[Entry]:
        """One entry of `kind` on each asset registered last."""
        made = {
            Kind.OBSERVED: lambda: Observed(self._digest()),
            Kind.REVISED: lambda: Revised(self._digest()),
            Kind.TRANSFERRED: lambda: Transferred(self.buyer),
        }[kind]
        return [self._entry(subject, kind, position, made()) for subject in self._assets]

    def send(self, entries: Sequence[Entry]) -> int:
        """Append entries in one transaction, and return its gas."""
        receipt = self.chain.transact(self.account, self.ledger, encode_append(entries))
        return int(receipt["gasUsed"], 16)


@pytest.fixture
def desk(chain: Chain) -> Desk:
    return Desk(chain)
