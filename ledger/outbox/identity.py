"""The ledger that operations go to: which contract, on which chain, and how that is made sure."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.chain.contract import LedgerContract
from ledger.chain.finality import Finality
from ledger.chain.rpc import RpcClient
from ledger.errors import NodeUnavailable, RpcError, WrongChain
from ledger.hashing import domain_separator
from ledger.types import Address, Hash32, to_hex


@dataclass(frozen=True, slots=True)
class Target:
    """The deployed ledger; `block` is the one that its contract came in."""

    chain_id: int
    genesis_hash: Hash32
    contract: Address
    block: int


def verify_target(rpc: RpcClient, target: Target, finality: Finality) -> None:
    """Check that the node serves the ledger's chain, with the ledger on it.

    Raises:
        WrongChain: another chain id, first block or domain, or no contract.
        NodeUnavailable: the node has not come as far as the contract's block yet.
    """
    _same("chain id", target.chain_id, rpc.chain_id())
    _same("first block", to_hex(target.genesis_hash), to_hex(rpc.genesis_hash()))
    if not rpc.fetch_code(target.contract):
        newest = rpc.fetch_block_number()
        if newest < target.block and not finality.sole:
            raise NodeUnavailable(
                f"the node stands at block {newest}; the contract came in block {target.block}"
            )
        raise WrongChain(f"the node's chain has no contract at {to_hex(target.contract)}")
    expected = domain_separator(target.chain_id, target.contract)
    try:
        found = LedgerContract(rpc, target.contract).fetch_domain()
    except RpcError as error:
        raise WrongChain(f"no ledger at {to_hex(target.contract)}: {error}") from error
    _same("domain", to_hex(expected), to_hex(found))


def _same(what: str, expected: object, found: object) -> None:
    if expected != found:
        raise WrongChain(
            f"the node serves another chain: its {what} is {found}, not {expected}",
            expected=expected,
            found=found,
        )
