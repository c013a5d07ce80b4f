"""A chain for measuring: each transaction alone in its block, its receipt's gas read."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from eth_abi import encode
from eth_abi.grammar import parse

from ledger.chain.contract import selector
from ledger.chain.node import Anvil
from ledger.chain.refusals import find_refusal
from ledger.chain.rpc import RpcClient
from ledger.errors import LedgerError, RpcError
from ledger.hashing import keccak
from ledger.types import Address, Hash32, parse_address, parse_hash, parse_hex, to_hex

Gas: TypeAlias = dict[str, int]
"""Gas of whole transactions, after refunds, by the name of what was measured."""

CONTRACTS: Final = Path(__file__).resolve().parents[3] / "contracts"
_LIMIT: Final = 1 << 24  # what EIP-7825 lets one transaction have


class BenchError(LedgerError):
    """A comparison cannot be made."""

    code = "bench"


@dataclass(frozen=True, slots=True)
class Mined:
    """A transaction that went well: its gas, and the topics and data of each of its events."""

    gas: int
    events: tuple[tuple[list[Hash32], bytes], ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """A node that takes transactions of any account, unsigned."""

    rpc: RpcClient

    def account(self, name: str) -> Address:
        """An account with money; the same address for the same name."""
        address = keccak(name.encode())[12:]
        self.rpc.call("anvil_setBalance", to_hex(address), hex(10**24))
        return address

    def deploy(self, sender: Address, code: bytes, arguments: bytes = b"") -> Address:
        """Create a contract."""
        return parse_address(self._mine(sender, None, code + arguments)["contractAddress"])

    def send(self, sender: Address, to: Address, data: bytes) -> Mined:
        """Mine one transaction alone in its block. Raises BenchError if it is refused."""
        receipt = self._mine(sender, to, data)
        events = [
            ([parse_hash(topic) for topic in log["topics"]], parse_hex(log["data"]))
            for log in receipt["logs"]
        ]
        return Mined(int(receipt["gasUsed"], 16), tuple(events))

    def describe(self) -> dict[str, str]:
        """Which node this is, and by which of Ethereum's rules it counts."""
        node = self.rpc.fetch("anvil_nodeInfo")
        return {"node": str(self.rpc.fetch("web3_clientVersion")), "fork": str(node["hardFork"])}

    def _mine(self, sender: Address, to: Address | None, data: bytes) -> dict[str, Any]:
        fields = {"from": to_hex(sender), "data": to_hex(data), "gas": hex(_LIMIT)}
        if to is not None:
            fields["to"] = to_hex(to)
        sent = self.rpc.call("eth_sendTransaction", fields)
        self.rpc.call("evm_mine")
        receipt: dict[str, Any] = self.rpc.call("eth_getTransactionReceipt", sent)
        if receipt["status"] != "0x1":
            raise BenchError(f"a transaction was refused: {self._find_reason(sender, to, data)}")
        return receipt

    def _find_reason(self, sender: Address, to: Address | None, data: bytes) -> object:
        if to is None:
            return f"{len(data)} bytes of creation code"
        try:
            self.rpc.fetch_call(to, data, sender=sender)
        except RpcError as error:
            return find_refusal(error) or error
        return "it passes when asked again"


@contextmanager
def started() -> Iterator[Chain]:
    """A fresh chain on a free port, gone afterwards."""
    with tempfile.TemporaryDirectory() as folder, Anvil.start(Path(folder)) as anvil:
        anvil.rpc.call("evm_setAutomine", False)
        anvil.rpc.call("anvil_autoImpersonateAccount", True)
        yield Chain(anvil.rpc)


def call(signature: str, *values: object) -> bytes:
    """Calldata of a function whose parameters are spelt out in its signature."""
    parameters = parse(signature[signature.index("(") :]).components
    return selector(signature) + encode([one.to_type_str() for one in parameters], values)


def load_package(name: str, artifact: str) -> bytes:
    """Creation code of a contract that an npm package brings along compiled (Hardhat's form)."""
    path = CONTRACTS / "node_modules" / name / artifact
    try:
        return parse_hex(json.loads(path.read_bytes())["bytecode"])
    except FileNotFoundError as error:
        raise BenchError(
            f"{path} is missing: run `npm ci --ignore-scripts` in contracts"
        ) from error


def version_of(package: str) -> str:
    """A package with its version, as it is installed."""
    told = json.loads((CONTRACTS / "node_modules" / package / "package.json").read_bytes())
    return f"{package} {told['version']}"
