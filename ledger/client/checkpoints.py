"""The client's methods about checkpoints: what the ledger was, and who signed that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.client.answers import Time
from ledger.client.flows import Flow, Listing, chosen, fetch, find, listing, method, put_forward

_CHECKPOINTS: Final = "/v1/checkpoints"


@dataclass(frozen=True, slots=True)
class WordAnswer:
    """What one witness signed; `agrees`: it is of this very checkpoint."""

    witness: str
    organisation: str | None
    block_hash: str
    ledger_head: str
    signature: str | None
    agrees: bool
    signed_at: Time


@dataclass(frozen=True, slots=True)
class AnchorAnswer:
    """Where a checkpoint stands on another chain; `block` is that chain's."""

    chain_id: int
    log: str
    transaction: str
    block: int
    signatures: int
    anchored_at: Time


@dataclass(frozen=True, slots=True)
class CheckpointAnswer:
    """What the ledger was at a final block; `digest` is what witnesses sign (EIP-712)."""

    domain: str
    block_number: int
    block_hash: str
    ledger_head: str
    digest: str
    entries: int
    timestamp: Time
    made_at: Time
    signatures: list[WordAnswer]
    anchors: list[AnchorAnswer]


class CheckpointCalls:
    """Checkpoints are named by their block's number."""

    @listing
    @staticmethod
    def list_checkpoints(*, page: int | None = None) -> Listing[CheckpointAnswer]:
        """All checkpoints."""
        return Listing(_CHECKPOINTS, chosen(limit=page), CheckpointAnswer)

    @method
    @staticmethod
    def find_checkpoint(block: int) -> Flow[CheckpointAnswer | None]:
        """The checkpoint of a block, or None."""
        return find(f"{_CHECKPOINTS}/{block}", CheckpointAnswer)

    @method
    @staticmethod
    def checkpoint_file(block: int) -> Flow[bytes]:
        """A checkpoint as a file, for `checkpoint sign` and `verify`. Raises ApiProblem."""
        return fetch(f"{_CHECKPOINTS}/{block}/file")

    @method
    @staticmethod
    def sign_checkpoint(
        block: int, block_hash: str, ledger_head: str, signature: str
    ) -> Flow[CheckpointAnswer]:
        """Bring your organisation's signature of a checkpoint. Raises ApiProblem."""
        told = {"block_hash": block_hash, "ledger_head": ledger_head, "signature": signature}
        return put_forward(f"{_CHECKPOINTS}/{block}/signatures", told, CheckpointAnswer)
