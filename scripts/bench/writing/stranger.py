"""An account that the service knows nothing of: enrolled by governance, it appends by itself."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import encode
from eth_account import Account
from eth_account.signers.local import LocalAccount

from ledger.chain.contract import encode_enrol, selector
from ledger.chain.node import fund
from ledger.chain.rpc import RpcClient
from ledger.domain.payloads import Enrolled
from ledger.hashing import subject_id
from ledger.types import ZERO_HASH, Address, Hash32, parse_address
from scripts.bench.writing.system import BenchError, System

_GOVERNOR = 1  # the role's number in scripts/plans/local.toml


@dataclass(frozen=True, slots=True)
class Stranger:
    """An organisation and the private key of its only account."""

    org: Hash32
    key: bytes


def enrol_stranger(system: System) -> Stranger:
    """Enrol an organisation that acts by an account of its own.

    The account enrols it itself, having been made a governor by the deployer: the governor's own
    nonces are the submitter's.
    """
    keys = system.data / "keys"
    kept = json.loads((keys / "deployer.json").read_bytes())
    deployer = Account.from_key(Account.decrypt(kept, (keys / "password").read_text().strip()))
    account, did = Account.from_key(os.urandom(32)), f"did:web:naive-{os.getpid()}.example"
    address = parse_address(account.address, "address")
    contracts = system.manifest.contracts
    grant = selector("grantRole(uint64,address,uint32)") + encode(
        ["uint64", "address", "uint32"], [_GOVERNOR, address, 0]
    )
    with RpcClient(system.rpc_url) as rpc:
        fund(rpc, address)
        _send(rpc, deployer, contracts["AccessManager"].address, grant)
        enrolment = encode_enrol(did, [address])
        _send(rpc, account, contracts["AssetLedger"].address, enrolment)
    enrolled = Enrolled(did)
    org = subject_id(system.manifest.domain, enrolled.KIND, ZERO_HASH, enrolled.encode())
    return Stranger(org, bytes(account.key))


def _send(rpc: RpcClient, sender: LocalAccount, to: Address, data: bytes) -> None:
    head, address = rpc.fetch_block("latest"), parse_address(sender.address, "sender")
    asked: dict[str, Any] = {
        "chainId": rpc.chain_id(),
        "nonce": rpc.fetch_nonce(address),
        "to": to,
        "data": data,
        "gas": rpc.fetch_gas(address, to, data) * 5 // 4,
        "maxFeePerGas": 2 * head.base_fee + 1,
        "maxPriorityFeePerGas": 1,
    }
    sent = rpc.send_raw(bytes(sender.sign_transaction(asked).raw_transaction))
    until = time.monotonic() + 30
    while (receipt := rpc.find_receipt(sent)) is None:
        if time.monotonic() > until:
            raise BenchError("a transaction of governance is not mined")
        time.sleep(0.01)
    if not receipt.succeeded:
        raise BenchError("a transaction of governance failed")
