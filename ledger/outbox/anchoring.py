"""Takes signed checkpoints to a log on another chain, and brings back what that log says."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from ledger.chain.checkpoint_log import CheckpointLog, encode_anchor
from ledger.chain.rpc import RpcClient
from ledger.chain.sending import send_once
from ledger.chain.signers.signer import Signer
from ledger.database.engine import writing
from ledger.outbox.witnesses import keep_anchor, keep_word
from ledger.proofs.checkpoint import Checkpoint
from ledger.proofs.signed import SignedCheckpoint
from ledger.proofs.witness import recover_witnesses
from ledger.types import Address, Hash32


@dataclass(frozen=True, slots=True)
class Anchoring:
    """Where a checkpoint stands; `signatures` is how many of its witnesses the log holds.

    `contradicted` are the witnesses of whom the log holds another checkpoint of that block.
    """

    chain_id: int
    log: Address
    transaction: Hash32 | None
    block: int | None
    signatures: int
    contradicted: tuple[Address, ...]


def anchor(
    engine: Engine, signer: Signer, rpc: RpcClient, log: Address, signed: SignedCheckpoint
) -> Anchoring:
    """Bring a checkpoint's signatures that the log lacks to it, and keep what it says then.

    Done again it has no further effect. Other checkpoints of that block that the log holds are
    kept as words of their witnesses, and so become an alarm.

    Raises:
        WrongChain: there is no log at that address.
        BadSignature: a signature is none.
        NodeError: the node of that chain did not do it.
    """
    checkpoint, contract = signed.checkpoint, CheckpointLog(rpc, log)
    contract.verify_there()
    witnesses = recover_witnesses(checkpoint, signed.signatures)
    number = checkpoint.block_number
    lacking = [
        signature
        for witness, signature in zip(witnesses, signed.signatures, strict=True)
        if not any(contract.fetch_digest_of(checkpoint.domain, witness, number))
    ]
    if lacking:
        send_once(rpc, signer, log, encode_anchor(checkpoint, lacking))
    return _keep_told(engine, contract, checkpoint)


def watch(engine: Engine, contract: CheckpointLog, domain: Hash32, first: int) -> int:
    """Keep what the log says of blocks that it told contradictions of, since its block `first`.

    Returns the block from which to go on.
    """
    last = contract.rpc.fetch_block_number()
    if last < first:
        return first
    contradicted = contract.fetch_contradicted(domain, first, last)
    for number in sorted({one.checkpoint.block_number for one in contradicted}):
        told = contract.fetch_told(domain, number)
        with writing(engine) as session:
            for one in told:
                keep_word(session, one.checkpoint, one.witness, None, None)
    return last + 1


def _keep_told(engine: Engine, contract: CheckpointLog, checkpoint: Checkpoint) -> Anchoring:
    told = contract.fetch_told(checkpoint.domain, checkpoint.block_number)
    held = [one for one in told if one.kept and one.checkpoint == checkpoint]
    other = [one for one in told if one.checkpoint != checkpoint]
    found = Anchoring(
        chain_id=contract.rpc.chain_id(),
        log=contract.address,
        transaction=held[0].transaction if held else None,
        block=held[0].block_number if held else None,
        signatures=len(held),
        contradicted=tuple(dict.fromkeys([one.witness for one in other])),
    )
    with writing(engine) as session:
        for one in other:
            keep_word(session, one.checkpoint, one.witness, None, None)
        if held:
            keep_anchor(
                session,
                checkpoint,
                chain_id=found.chain_id,
                log=found.log,
                signatures=found.signatures,
                transaction=held[0].transaction,
                block=held[0].block_number,
            )
    return found
