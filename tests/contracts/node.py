"""A bare Anvil spoken to by plain JSON-RPC, and the contracts put on it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from eth_abi import encode

from ledger.chain.artifacts import load_artifact
from ledger.types import to_hex

CONTRACTS = Path(__file__).resolve().parents[2] / "contracts"
CHAIN_ID = 31337
GAS_LIMIT = 16_700_000
"""Of one transaction (EIP-7825)."""
TOGETHER = 1000
"""Questions in one request, at the most: the node takes no larger ones."""


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


class NodeError(AssertionError):
    """The node answered with an error."""

    def __init__(self, method: str, error: dict[str, Any]) -> None:
        super().__init__(f"{method}: {error}")
        self.detail = error.get("data")


@dataclass(frozen=True, slots=True)
class Chain:
    """A node with unlocked accounts."""

    http: HTTPConnection

    def ask(self, method: str, *params: object) -> Any:
        """One question's answer. Raises NodeError."""
        return self.ask_all([(method, *params)])[0]

    def ask_all(self, questions: Sequence[tuple[Any, ...]]) -> list[Any]:
        """The answers to questions that travel together. Raises NodeError."""
        starts = range(0, len(questions), TOGETHER)
        return [one for at in starts for one in self._ask_some(questions[at : at + TOGETHER])]

    def _ask_some(self, questions: Sequence[tuple[Any, ...]]) -> list[Any]:
        asked = [
            {"jsonrpc": "2.0", "id": at, "method": method, "params": params}
            for at, (method, *params) in enumerate(questions)
        ]
        # A client that does more takes longer than the node.
        headers = {"Content-Type": "application/json"}
        self.http.request("POST", "/", json.dumps(asked), headers)
        answers = {answer["id"]: answer for answer in json.load(self.http.getresponse())}
        for at, (method, *_) in enumerate(questions):
            if "error" in answers[at]:
                raise NodeError(method, answers[at]["error"])
        return [answers[at]["result"] for at in range(len(questions))]

    def transact(self, sender: str, to: str | None, data: bytes) -> dict[str, Any]:
        """Mine one transaction alone in its block, and return its receipt."""
        fields = {"from": sender, "data": to_hex(data), "gas": hex(GAS_LIMIT)}
        if to is not None:
            fields["to"] = to
        sent = self.ask("eth_sendTransaction", fields)
        self.ask("evm_mine")
        receipt: dict[str, Any] = self.ask("eth_getTransactionReceipt", sent)
        assert receipt["status"] == "0x1", f"{sent} was refused"
        return receipt

    def accounts(self) -> list[str]:
        """The node's own accounts, which have ether, in 0x-hex."""
        accounts: list[str] = self.ask("eth_accounts")
        return accounts


@contextmanager
def start_chain(*flags: str) -> Iterator[Chain]:
    """A fresh chain that mines when told to."""
    command = [str(find_tool("anvil")), "--port", "0", "--no-mining", "--chain-id", str(CHAIN_ID)]
    process = subprocess.Popen(
        [*command, *flags], stdout=subprocess.PIPE, text=True, env=tool_environment()
    )
    try:
        assert process.stdout is not None
        listening = (re.match(r"Listening on (\S+)", line) for line in process.stdout)
        address = next(found[1] for found in listening if found)
        with closing(HTTPConnection(address, timeout=60)) as http:
            chain = Chain(http)
            # Nobody reads on, and a pipe that is full stops the node.
            chain.ask("anvil_setLoggingEnabled", False)
            yield chain
    finally:
        process.terminate()
        process.communicate()


def deploy_ledger(chain: Chain, governor: str) -> dict[str, Any]:
    """Put a ledger on the chain that `governor` governs without delay; its creation's receipt."""
    admin = encode(["address"], [governor])
    manager = chain.transact(governor, None, load_artifact("AccessManager").bytecode + admin)
    arguments = encode(["address", "string"], [manager["contractAddress"], "https://a.example/"])
    return chain.transact(governor, None, load_artifact("AssetLedger").bytecode + arguments)
