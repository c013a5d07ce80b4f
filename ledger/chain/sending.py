"""Sends one transaction and waits for it: for acts that may be done twice without harm."""

from __future__ import annotations

import time
from typing import Final

from ledger.chain.refusals import find_refusal
from ledger.chain.rpc import RpcClient
from ledger.chain.signers.signer import Signer
from ledger.chain.signers.transaction import TransactionFields, verify_signed
from ledger.chain.wire import Receipt
from ledger.errors import LedgerError, NodeUnavailable, RpcError
from ledger.types import Address, to_hex

_PATIENCE: Final = 120.0
_FIRST_PAUSE: Final = 0.005
_LONGEST_PAUSE: Final = 0.5


class TransactionFailed(LedgerError):
    """A transaction was mined, and did nothing."""

    code = "transaction_failed"


def send_once(rpc: RpcClient, signer: Signer, to: Address, data: bytes) -> Receipt:
    """Send a transaction, with the fee that its chain asks now, and wait until it is mined.

    Raises:
        Refused: the contract would refuse it; nothing was sent.
        NodeUnavailable: it was sent, and is in no block after two minutes.
        TransactionFailed: it was mined, but failed.
    """
    try:
        gas = rpc.fetch_gas(signer.address, to, data)
    except RpcError as error:
        raise find_refusal(error) or error from error
    tip = rpc.fetch_tip()
    asked = TransactionFields(
        chain_id=rpc.chain_id(),
        nonce=rpc.fetch_nonce(signer.address, "pending"),
        to=to,
        data=data,
        gas=gas + gas // 5,
        max_fee_per_gas=2 * rpc.fetch_block("latest").base_fee + tip,
        max_priority_fee_per_gas=tip,
    )
    raw = signer.sign_transaction(asked)
    verify_signed(raw, asked, signer.address)
    receipt = _await_receipt(rpc, rpc.send_raw(raw))
    if not receipt.succeeded:
        raise TransactionFailed(
            f"transaction {to_hex(receipt.transaction_hash)} failed",
            transaction=to_hex(receipt.transaction_hash),
        )
    return receipt


def _await_receipt(rpc: RpcClient, transaction: bytes) -> Receipt:
    until, pause = time.monotonic() + _PATIENCE, _FIRST_PAUSE
    while True:
        receipt = rpc.find_receipt(transaction)
        if receipt is not None:
            return receipt
        if time.monotonic() > until:
            raise NodeUnavailable(f"{to_hex(transaction)} is in no block after {_PATIENCE:.0f} s")
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
