"""A ledger on a chain of its own, deployed by web3.py from the committed artifacts."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from web3 import HTTPProvider, Web3
from web3.contract import Contract
from web3.types import TxReceipt

from ledger.chain.contract import encode_append
from ledger.domain.entries import Entry
from ledger.domain.kinds import Kind
from ledger.domain.payloads import Registered, Transferred
from ledger.hashing import domain_separator, keccak, organisation_address, subject_id
from ledger.types import AssetKind, Hash32

CONTRACTS = Path(__file__).resolve().parents[2] / "contracts"
BASE_URI = "https://assets.example/"


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the tests ask about: two organisations, and assets of the first, one handed over."""

    web3: Web3
    url: str
    contract: Contract
    maker: Hash32
    buyer: Hash32
    kept: Hash32
    sold: Hash32
    maker_account: str
    buyer_account: str
    stranger: str

    def address(self, org: Hash32) -> str:
        """The address that holds the organisation's titles."""
        return Web3.to_checksum_address(organisation_address(org))


@pytest.fixture(scope="session")
def anvil() -> Iterator[str]:
    """The address of a fresh Anvil."""
    found = sorted((CONTRACTS / "node_modules/@foundry-rs").glob("anvil-*/bin/anvil*"))
    if not found:
        pytest.fail("anvil is missing: run `npm ci --ignore-scripts` in contracts")
    kept = {k: v for k, v in os.environ.items() if not k.startswith("FOUNDRY_")}
    process = subprocess.Popen(
        [str(found[0]), "--port", "0"], stdout=subprocess.PIPE, text=True, env=kept
    )
    try:
        assert process.stdout is not None
        listening = (re.match(r"Listening on (\S+)", line) for line in process.stdout)
        yield next(f"http://{match[1]}" for match in listening if match)
    finally:
        process.terminate()
        process.communicate()


@pytest.fixture
def ledger(anvil: str) -> Ledger:
    """A fresh ledger, so that no test sees what another did."""
    web3 = Web3(HTTPProvider(anvil))
    accounts = web3.eth.accounts
    manager = _deploy(web3, "AccessManager", accounts[0])
    contract = _deploy(web3, "AssetLedger", manager.address, BASE_URI)
    maker = _enrol(web3, contract, "did:web:maker.example", accounts[1])
    buyer = _enrol(web3, contract, "did:web:buyer.example", accounts[2])
    domain = domain_separator(web3.eth.chain_id, bytes.fromhex(contract.address[2:]))
    births = [_birth(domain, maker, number) for number in range(3)]
    sold = Entry(births[1].subject, maker, Kind.TRANSFERRED, 1, Transferred(buyer).encode())
    data = encode_append([*births, sold])
    mined(
        web3, web3.eth.send_transaction({"from": accounts[1], "to": contract.address, "data": data})
    )
    return Ledger(
        web3,
        anvil,
        contract,
        maker,
        buyer,
        births[0].subject,
        births[1].subject,
        *accounts[1:4],
    )


def mined(web3: Web3, transaction: bytes) -> TxReceipt:
    """The receipt of a transaction that succeeded."""
    receipt = web3.eth.wait_for_transaction_receipt(transaction, timeout=20, poll_latency=0.02)
    assert receipt["status"] == 1
    return receipt


def _deploy(web3: Web3, name: str, *arguments: Any) -> Contract:
    artifact = json.loads((CONTRACTS / f"artifacts/{name}.json").read_bytes())
    factory = web3.eth.contract(abi=artifact["abi"], bytecode=artifact["bytecode"])
    sent = factory.constructor(*arguments).transact({"from": web3.eth.accounts[0]})
    address = mined(web3, sent)["contractAddress"]
    return web3.eth.contract(address=address, abi=artifact["abi"])


def _enrol(web3: Web3, contract: Contract, did: str, account: str) -> Hash32:
    sent = contract.functions.enrol(did, [account]).transact({"from": web3.eth.accounts[0]})
    return bytes(mined(web3, sent)["logs"][0]["topics"][1])


def _birth(domain: Hash32, maker: Hash32, number: int) -> Entry:
    digest = keccak(bytes([number]))
    payload = Registered(maker, bytes(32), digest, AssetKind.INSTANCE).encode()
    subject = subject_id(domain, Kind.REGISTERED, maker, payload)
    return Entry(subject, maker, Kind.REGISTERED, 0, payload)
