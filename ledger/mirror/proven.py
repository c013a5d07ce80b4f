"""The ledger head after a block, which no node can tell wrongly: proven against the block's hash.

A head that is only told may be another block's, as one that lags behind has it; with logs that end
where it lags, entries and head would agree, and both be wrong.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from typing import Final, TypeAlias

from ledger.chain.rpc import RpcClient
from ledger.chain.wire import AccountProof, Block
from ledger.errors import NodeError, RpcError, VerificationError
from ledger.mirror.reading import Distrusted
from ledger.proofs.header import encode_header
from ledger.proofs.layout import ledger_head_slot
from ledger.proofs.storage import find_slot, find_storage_root
from ledger.types import ZERO_HASH, Address, Hash32, parse_hash

_QUICK: Final = 0.02
"""Seconds within which a proof has to come for each block to wait for one."""
_REST: Final = 8
"""How many times as long as a slow proof took there is none asked for."""
_RETRY: Final = 1.0

_Answer: TypeAlias = tuple[AccountProof, float]
"""A proof, and the seconds that it took."""


class Prover:
    """Asks for proofs, and no more often than the node can bear: some hash all they hold for one.

    `quick`: proofs come as quickly as other answers.
    """

    def __init__(self, rpc: RpcClient, contract: Address) -> None:
        self.quick = True
        self._rpc = rpc
        self._contract = contract
        self._due = 0.0
        self._begun: tuple[Hash32, Future[_Answer]] | None = None

    @property
    def is_due(self) -> bool:
        """Whether one may be asked for."""
        return time.monotonic() >= self._due

    def rest(self, seconds: float) -> None:
        """Ask for none meanwhile."""
        self._due = time.monotonic() + seconds

    def begin(self, block: Block) -> None:
        """Ask for a block's proof already: `fetch` then takes this one, should it want it."""
        future: Future[_Answer] = Future()
        self._begun = block.hash, future

        def ask() -> None:
            try:
                future.set_result(self._ask(block.hash))
            except Exception as error:  # noqa: BLE001 - `fetch` raises it
                future.set_exception(error)

        threading.Thread(target=ask, daemon=True, name="proof").start()

    def fetch(self, block: Block) -> Hash32:
        """Fetch the ledger head after a block, with its storage proof (EIP-1186).

        Raises:
            Distrusted: the block's header, or the proof, is not what the block's hash says.
            RpcError: the node does not prove, or has no such state (any more).
        """
        root = _state_root(block)
        begun, self._begun = self._begun, None
        try:
            if begun is not None and begun[0] == block.hash:
                proof, took = begun[1].result()
            else:
                proof, took = self._ask(block.hash)
        except RpcError:
            self.quick = False
            self.rest(_RETRY)
            raise
        self.quick = took <= _QUICK
        self.rest(_REST * took)
        try:
            return _prove(proof, self._contract, root)
        except VerificationError as error:
            raise Distrusted(
                f"the state after block {block.number} is not what its hash says: {error}",
                block=block.number,
            ) from error

    def _ask(self, block: Hash32) -> _Answer:
        began = time.monotonic()
        # By hash, so that a reorganisation meanwhile cannot slip another block's state in.
        proof = self._rpc.fetch_proof(self._contract, [ledger_head_slot()], block)
        return proof, time.monotonic() - began


def _state_root(block: Block) -> Hash32:
    """The state root that the block's hash certifies."""
    try:
        encode_header(block.header)
        return parse_hash(block.header["stateRoot"], "stateRoot")
    except NodeError as error:
        raise Distrusted(f"block {block.number}: {error}", block=block.number) from error


def _prove(proof: AccountProof, contract: Address, state_root: Hash32) -> Hash32:
    root = find_storage_root(state_root, contract, proof.nodes)
    if root is None:
        return ZERO_HASH
    if len(proof.slots) != 1:
        raise VerificationError("a proof of one slot was asked for", found=len(proof.slots))
    held = find_slot(root, ledger_head_slot(), proof.slots[0].nodes)
    return ZERO_HASH if held is None else held.to_bytes(32)
