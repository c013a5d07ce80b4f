"""Which chain and which contract are ours, and how that is made sure of before a node is used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.chain.contract import LedgerContract
from ledger.chain.finality import Finality
from ledger.chain.rpc import RpcClient
from ledger.errors import NodeUnavailable, RpcError, WrongChain
from ledger.hashing import domain_separator, keccak
from ledger.types import Address, Hash32, to_hex

_REVERTED: Final = 3  # as all nodes number a revert that tells something


@dataclass(frozen=True, slots=True)
class Deployed:
    """The ledger on its chain: its contract, and the block that it came in.

    `block_hash` is that block's and `code_hash` the keccak of the contract's code; what is not
    known (None) is not compared.
    """

    chain_id: int
    genesis_hash: Hash32
    contract: Address
    block: int
    block_hash: Hash32 | None = None
    code_hash: Hash32 | None = None


def verify_chain(rpc: RpcClient, chain_id: int, genesis_hash: Hash32) -> None:
    """Check that a node serves the chain of that id and first block. Raises WrongChain."""
    _same(rpc, "chain id", chain_id, rpc.chain_id())
    _same(rpc, "first block", to_hex(genesis_hash), to_hex(rpc.genesis_hash()))


def verify_deployed(rpc: RpcClient, deployed: Deployed, finality: Finality) -> None:
    """Check that a node serves the ledger's chain, with the ledger on it.

    Raises:
        WrongChain: another chain id, first block, code or domain, no contract, or a chain that
            parted from ours before the contract came.
        NodeUnavailable: the node has not come as far as the contract's block yet.
    """
    verify_chain(rpc, deployed.chain_id, deployed.genesis_hash)
    code = rpc.fetch_code(deployed.contract)
    if not code:
        newest = rpc.fetch_block_number()
        if newest < deployed.block and not finality.sole:
            raise NodeUnavailable(
                f"the node stands at block {newest}; the contract came in block {deployed.block}"
            )
        raise WrongChain(f"there is no contract at {to_hex(deployed.contract)} on the node's chain")
    _verify_origin(rpc, deployed, code)
    try:
        found = LedgerContract(rpc, deployed.contract).fetch_domain()
    except RpcError as error:
        if error.number != _REVERTED:
            raise  # it says nothing about the contract
        raise WrongChain(f"no ledger at {to_hex(deployed.contract)}: {error}") from error
    expected = domain_separator(deployed.chain_id, deployed.contract)
    _same(rpc, "ledger's domain", to_hex(expected), to_hex(found))


def _verify_origin(rpc: RpcClient, deployed: Deployed, code: bytes) -> None:
    """Check that the contract's code, and the block that it came in, are those remembered."""
    if deployed.code_hash is not None:
        _same(rpc, "ledger's code", to_hex(deployed.code_hash), to_hex(keccak(code)))
    if deployed.block_hash is not None:
        found = rpc.find_block(deployed.block)
        if found is None:
            raise NodeUnavailable(f"the node has the contract, but not block {deployed.block}")
        _same(rpc, f"block {deployed.block}", to_hex(deployed.block_hash), to_hex(found.hash))


def _same(rpc: RpcClient, what: str, expected: object, found: object) -> None:
    if expected != found:
        raise WrongChain(
            f"{rpc.shown} serves another chain: its {what} is {found}, not {expected}",
            expected=expected,
            found=found,
        )
