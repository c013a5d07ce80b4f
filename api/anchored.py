"""Adds to checkpoints the proof that a log on another chain holds them, by that chain's state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlmodel import Session

from api.errors import Problem, unavailable
from ledger.chain.rpc import RpcClient
from ledger.errors import NodeError
from ledger.outbox.witnesses import find_anchors
from ledger.proofs.anchor import fetch_anchor
from ledger.proofs.signed import SignedCheckpoint
from ledger.proofs.witness import recover_witnesses
from ledger.settings import Settings


def add_anchors(
    settings: Settings, session: Session, checkpoints: Sequence[SignedCheckpoint]
) -> tuple[SignedCheckpoint, ...]:
    """The checkpoints, those of them that are anchored with the proof as of that chain's newest.

    Raises:
        Problem: no other chain is known here, or its node does not answer.
    """
    if not settings.anchor_rpc_url:
        raise Problem("not_found", "this service takes no checkpoints to another chain")
    try:
        with RpcClient(settings.anchor_rpc_url, patience=1) as rpc:
            chain_id = rpc.chain_id()
            return tuple([_add_anchor(rpc, chain_id, session, one) for one in checkpoints])
    except NodeError as error:
        raise unavailable(f"the other chain's node does not tell of it: {error.message}") from error


def _add_anchor(
    rpc: RpcClient, chain_id: int, session: Session, signed: SignedCheckpoint
) -> SignedCheckpoint:
    checkpoint = signed.checkpoint
    for row in find_anchors(session, [checkpoint.block_number]).get(checkpoint.block_number, ()):
        if row.chain_id == chain_id and row.digest == checkpoint.digest():
            witnesses = recover_witnesses(checkpoint, signed.signatures)
            return replace(signed, anchor=fetch_anchor(rpc, row.log, checkpoint, witnesses))
    return signed
