"""Which blocks are final: the chain's own tag, or being in a completed copy of the embedded one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ledger.chain.rpc import RpcClient
from ledger.chain.state import find_final


class Finality(Protocol):
    """How a chain tells which blocks are final."""

    @property
    def sole(self) -> bool:
        """Whether the node alone decides what the chain is, so that it cannot be late."""
        ...

    def fetch_final_block(self, rpc: RpcClient) -> int:
        """Number of the newest block known to be final; 0 if none is."""
        ...


@dataclass(frozen=True, slots=True)
class TagFinality:
    """A public or consortium chain: its `finalized` tag (Engine API, fork choice)."""

    sole: bool = False

    def fetch_final_block(self, rpc: RpcClient) -> int:
        """Number of the newest finalised block; 0 if the node tells none."""
        block = rpc.find_block("finalized")
        return 0 if block is None else block.number


@dataclass(frozen=True, slots=True)
class DumpFinality:
    """The embedded chain: a block is final once a completed copy holds it.

    No other node has this chain, so one that got shorter is the truth and not a lag.
    """

    path: Path
    sole: bool = True

    def fetch_final_block(self, rpc: RpcClient) -> int:
        """Number of the newest block in a completed copy; 0 if the chain has left that copy."""
        final = find_final(self.path)
        if final is None:
            return 0
        block = rpc.find_block(final.number)
        return final.number if block is not None and block.hash == final.hash else 0
