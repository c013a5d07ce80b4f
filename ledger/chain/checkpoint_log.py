"""Calling the log of checkpoints on the chain where it is kept: not the ledger's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ledger.chain.layout import WORD, address_word, array, selector, tail, word
from ledger.chain.rpc import RpcClient
from ledger.chain.wire import BlockId, Log
from ledger.errors import NodeUnavailable, WrongChain
from ledger.hashing import keccak
from ledger.proofs.checkpoint import Checkpoint
from ledger.types import Address, Hash32, to_hex

_STRUCT: Final = "(bytes32,uint64,bytes32,bytes32)"
_EVENT: Final = "(bytes32,uint64,address,bytes32,bytes32)"
ANCHORED: Final = keccak(f"Anchored{_EVENT}".encode())
"""Topic of the event that a witness's word was kept."""

CONTRADICTED: Final = keccak(f"Contradicted{_EVENT}".encode())
"""Topic of the event that a witness had signed another checkpoint of the same block."""


def _fields(checkpoint: Checkpoint) -> bytes:
    number = word(checkpoint.block_number)
    return checkpoint.domain + number + checkpoint.block_hash + checkpoint.ledger_head


def encode_anchor(checkpoint: Checkpoint, signatures: Sequence[bytes]) -> bytes:
    """Calldata that keeps a checkpoint for each witness that signed it."""
    listed = array(map(tail, signatures))
    # The struct is five words from the start: four of its own and one that points at the list.
    head = _fields(checkpoint) + word(5 * WORD)
    return selector(f"anchor({_STRUCT},bytes[])") + head + listed


@dataclass(frozen=True, slots=True)
class Told:
    """What an event of the log says: a witness's word, kept, or in contradiction to what is.

    `block_number` and `transaction` are of the log's chain.
    """

    kept: bool
    witness: Address
    checkpoint: Checkpoint
    block_number: int
    transaction: Hash32


@dataclass(frozen=True, slots=True)
class CheckpointLog:
    """The deployed log, asked through a node of its chain."""

    rpc: RpcClient
    address: Address

    def verify_there(self) -> None:
        """Check that a log answers at the address. Raises WrongChain."""
        if not self.rpc.fetch_code(self.address):
            raise WrongChain(
                f"{self.rpc.shown} serves a chain without a contract at {to_hex(self.address)}",
                contract=to_hex(self.address),
            )

    def fetch_digest(self, checkpoint: Checkpoint) -> Hash32:
        """The digest that the contract computes of a checkpoint."""
        return self._ask(f"digest({_STRUCT})", "latest", _fields(checkpoint))

    def fetch_digest_of(
        self, domain: Hash32, witness: Address, block_number: int, block: BlockId = "latest"
    ) -> Hash32:
        """The digest that a witness signed of a ledger's block; zero if none."""
        arguments = domain + address_word(witness) + word(block_number)
        return self._ask("digestOf(bytes32,address,uint64)", block, arguments)

    def fetch_latest_of(self, domain: Hash32, witness: Address) -> int:
        """The highest block of a ledger that a witness has signed; 0 if none."""
        signature = "latestOf(bytes32,address)"
        return int.from_bytes(self._ask(signature, "latest", domain + address_word(witness)), "big")

    def fetch_contradicted(self, domain: Hash32, first: int, last: int) -> list[Told]:
        """Contradictions about a ledger that the log told in some blocks of its own chain."""
        topics: list[Sequence[Hash32]] = [[CONTRADICTED], [domain]]
        return self._fetch(topics, first, last)

    def fetch_told(self, domain: Hash32, block_number: int) -> list[Told]:
        """What the log told about checkpoints of a ledger's block, oldest first."""
        topics: list[Sequence[Hash32]] = [
            [ANCHORED, CONTRADICTED],
            [domain],
            [word(block_number)],
        ]
        return self._fetch(topics, 0, self.rpc.fetch_block_number())

    def _fetch(self, topics: Sequence[Sequence[Hash32]], first: int, last: int) -> list[Told]:
        ranges = self.rpc.read_logs(self.address, topics, first, last)
        return [_told(log) for _, logs in ranges for log in logs]

    def _ask(self, signature: str, block: BlockId, arguments: bytes) -> Hash32:
        answer = self.rpc.fetch_call(self.address, selector(signature) + arguments, block)
        if len(answer) != WORD:
            raise NodeUnavailable(
                f"{self.rpc.shown}: {signature} at {to_hex(self.address)} gave {len(answer)} bytes",
                url=self.rpc.shown,
                method=signature,
            )
        return answer


def _told(log: Log) -> Told:
    if len(log.topics) != 4 or len(log.data) != 2 * WORD:
        raise NodeUnavailable("a log of another form than the contract's", method="eth_getLogs")
    topic, domain, number, witness = log.topics
    checkpoint = Checkpoint(domain, int.from_bytes(number, "big"), log.data[:WORD], log.data[WORD:])
    return Told(topic == ANCHORED, witness[12:], checkpoint, log.block_number, log.transaction_hash)
