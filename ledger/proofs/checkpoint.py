"""A checkpoint: what a ledger was at a block, in the words that its witnesses sign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.documents.canonical import MAX_INTEGER, JsonValue
from ledger.errors import VerificationError
from ledger.hashing import checkpoint_message, domain_separator, keccak
from ledger.proofs.members import read_bytes, read_integer
from ledger.types import Address, Hash32, to_hex

MEMBERS: Final = frozenset({"domain", "block_number", "block_hash", "ledger_head"})
"""The members of a checkpoint as JSON."""


class WrongDomain(VerificationError):
    """The checkpoint is of another ledger: another chain, or another contract."""

    code = "wrong_domain"

    def __init__(self, expected: Hash32, found: Hash32) -> None:
        super().__init__(
            f"the checkpoint is of the ledger of domain {to_hex(found)}, not {to_hex(expected)}",
            expected=to_hex(expected),
            found=to_hex(found),
        )


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a ledger was at a block of its chain; `domain` binds chain and contract (EIP-712)."""

    domain: Hash32
    block_number: int
    block_hash: Hash32
    ledger_head: Hash32

    def message(self) -> bytes:
        """What a witness signs the keccak of."""
        return checkpoint_message(self.domain, self.block_number, self.block_hash, self.ledger_head)

    def digest(self) -> Hash32:
        """What a witness signs, and what `CheckpointLog` keeps for each."""
        return keccak(self.message())

    def value(self) -> dict[str, JsonValue]:
        """The checkpoint as JSON."""
        return {
            "domain": to_hex(self.domain),
            "block_number": self.block_number,
            "block_hash": to_hex(self.block_hash),
            "ledger_head": to_hex(self.ledger_head),
        }


def read_checkpoint(members: dict[str, JsonValue], field: str) -> Checkpoint:
    """Read the members that are a checkpoint's. Raises MalformedValue."""
    return Checkpoint(
        domain=read_bytes(members["domain"], 32, f"{field}.domain"),
        block_number=read_integer(members["block_number"], MAX_INTEGER, f"{field}.block_number"),
        block_hash=read_bytes(members["block_hash"], 32, f"{field}.block_hash"),
        ledger_head=read_bytes(members["ledger_head"], 32, f"{field}.ledger_head"),
    )


def verify_domain(checkpoint: Checkpoint, chain_id: int, contract: Address) -> None:
    """Check that a checkpoint is of the ledger at that contract of that chain.

    Raises:
        WrongDomain: it is of another one.
    """
    expected = domain_separator(chain_id, contract)
    if checkpoint.domain != expected:
        raise WrongDomain(expected, checkpoint.domain)
