"""The naive loop: build, sign, send, wait, one by one, as web3.py's documentation shows it.

A client of its own: reads its job from standard input and tells its measurements.
"""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any

from eth_abi.abi import encode
from eth_account import Account
from web3 import Web3

from scripts.bench.writing.documents import part
from scripts.bench.writing.jobs import read_job, tell

_REGISTERED = 32
_INSTANCE = 1


def main() -> None:
    """Register what the job says, each asset once the one before is in a block."""
    job = read_job()
    w3 = Web3(Web3.HTTPProvider(job["rpc_url"]))
    ledger = w3.eth.contract(address=Web3.to_checksum_address(job["contract"]), abi=job["abi"])
    account = Account.from_key(job["key"])
    org = bytes.fromhex(job["org"])
    domain = ledger.functions.domain().call()
    waits, began = [], time.perf_counter()
    for number in range(job["first"], job["first"] + job["count"]):
        asked = time.perf_counter()
        entry = registered(domain, org, f"NAIVE-{number}")
        transaction = ledger.functions.append([entry]).build_transaction(
            {
                "from": account.address,
                "nonce": w3.eth.get_transaction_count(account.address),
            }
        )
        signed = account.sign_transaction(transaction)
        sent = w3.eth.send_raw_transaction(signed.raw_transaction)
        receipt = w3.eth.wait_for_transaction_receipt(sent)
        if receipt["status"] != 1:
            raise SystemExit(f"asset {number} was refused")
        waits.append(time.perf_counter() - asked)
    tell({"seconds": time.perf_counter() - began, "waits": waits})


def registered(domain: bytes, org: bytes, serial: str) -> tuple[Any, ...]:
    """The entry that registers a part: its subject is the hash of what it says."""
    content = hashlib.sha256(json.dumps(part(serial), sort_keys=True).encode()).digest()
    payload = encode(
        ["bytes32", "bytes32", "bytes32", "uint8"], [org, bytes(32), content, _INSTANCE]
    )
    subject = Web3.solidity_keccak(
        ["bytes32", "uint256", "bytes32", "bytes32"],
        [domain, _REGISTERED, org, Web3.keccak(payload)],
    )
    return (subject, org, _REGISTERED, 0, payload)


if __name__ == "__main__":
    main()
