"""Who signed what, as the contract sees it: accounts, or contracts by their word (ERC-1271)."""

from __future__ import annotations

from typing import Final

from ledger.chain.layout import selector, tail
from ledger.chain.rpc import RpcClient
from ledger.chain.wire import BlockId
from ledger.errors import RpcError
from ledger.signatures import is_signed_by
from ledger.types import Address, Hash32

LONGEST: Final = 4_096
"""Bytes of a signature that a contract is asked about."""

# `Journal` gives it 500,000; the call itself and what it carries come before.
_GAS: Final = 21_000 + 500_000 + 16 * (LONGEST + 200)
_QUESTION: Final = selector("isValidSignature(bytes32,bytes)")
_YES: Final = _QUESTION.ljust(32, b"\0")


def fetch_is_signed_by(
    rpc: RpcClient,
    account: Address,
    digest: Hash32,
    signature: bytes,
    block: BlockId = "latest",
) -> bool:
    """Whether an account signed a digest, or the contract at its address says that it did.

    Raises:
        NodeUnavailable: the node does not answer.
    """
    if len(signature) > LONGEST:
        return False
    if rpc.fetch_code(account, block):
        return _fetch_vouches(rpc, account, digest, signature, block)
    return is_signed_by(signature, digest, account)


def _fetch_vouches(
    rpc: RpcClient, wallet: Address, digest: Hash32, signature: bytes, block: BlockId
) -> bool:
    asked = _QUESTION + digest + (64).to_bytes(32, "big") + tail(signature)
    try:
        answer = rpc.fetch_call(wallet, asked, block, gas=_GAS)
    except RpcError:  # it reverts, or burns all of its gas: it does not vouch
        return False
    return answer[:32] == _YES
