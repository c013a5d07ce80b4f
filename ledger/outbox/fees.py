"""What to offer for gas, and how much more if it was not enough (EIP-1559)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.chain.rpc import RpcClient
from ledger.chain.wire import Block
from ledger.errors import RpcError

DEFAULT_TIP: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Fee:
    """An offer in wei per gas: `max_fee` in all, of which `tip` goes to the block's maker."""

    max_fee: int
    tip: int


def choose_fee(base_fee: int, tip: int) -> Fee:
    """An offer that stays good while the base fee doubles, which takes six full blocks."""
    return Fee(2 * base_fee + tip, tip)


def raise_fee(offered: Fee, base_fee: int, tip: int) -> Fee:
    """A better offer for the same nonce: nodes replace only for 10 % more of both parts."""
    today = choose_fee(base_fee, tip)
    return Fee(
        max(today.max_fee, offered.max_fee * 9 // 8 + 1), max(today.tip, offered.tip * 9 // 8 + 1)
    )


def fetch_tip(rpc: RpcClient) -> int:
    """The tip that the node advises, in wei; a common one where it advises none."""
    try:
        return rpc.fetch_tip()
    except RpcError:
        return DEFAULT_TIP


def fetch_fee(rpc: RpcClient, head: Block) -> Fee:
    """Today's offer."""
    return choose_fee(head.base_fee, fetch_tip(rpc))
