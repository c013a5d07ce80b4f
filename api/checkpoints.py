"""Checkpoints as they are told, and members' words for them as they are taken in."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session

from api.deps import Service
from api.errors import Problem
from api.lookup import get_domain
from api.schemas.checkpoints import (
    AnchorAnswer,
    CheckpointAnswer,
    SignCheckpoint,
    WordAnswer,
)
from ledger.database.engine import writing
from ledger.domain.telling import moment
from ledger.mirror.queries import find_checkpoint, find_organisation
from ledger.mirror.tables.checkpoints import CheckpointRow
from ledger.outbox.checkpoint_tables import CheckpointAnchor, CheckpointSignature
from ledger.outbox.witnesses import find_anchors, find_words, keep_word, list_signatures
from ledger.proofs.checkpoint import Checkpoint
from ledger.proofs.signed import SignedCheckpoint
from ledger.proofs.witness import BadSignature, recover_witness
from ledger.types import Hash32, to_hex


def checkpoint_of(domain: Hash32, row: CheckpointRow) -> Checkpoint:
    """The checkpoint that a row keeps."""
    return Checkpoint(domain, row.block_number, row.block_hash, row.ledger_head)


def get_checkpoint(session: Session, block: int) -> CheckpointRow:
    """The checkpoint of that very block. Raises Problem if none is kept of it."""
    row = find_checkpoint(session, block=block)
    if row is None or row.block_number != block:
        near = "" if row is None else f"; the one before is of block {row.block_number}"
        raise Problem("not_found", f"no checkpoint of block {block} is kept{near}")
    return row


def sign(
    service: Service, org: Hash32, block: int, body: SignCheckpoint
) -> tuple[CheckpointAnswer, bool]:
    """Take in a member's word for a checkpoint; whether it is new.

    A word for another checkpoint of the block than the one kept here is kept as well, as evidence
    that somebody sees another chain, and then refused.

    Raises:
        Problem: no checkpoint is kept of the block, the signer is no account of the caller's, or
            what was signed is another checkpoint.
    """
    with writing(service.engine) as session:
        row, domain = get_checkpoint(session, block), get_domain(session)
        kept = checkpoint_of(domain, row)
        signed = Checkpoint(domain, block, body.block_hash, body.ledger_head)
        witness = _recover(signed, body.signature)
        _require_account(session, org, witness)
        is_new = keep_word(session, signed, witness, body.signature, org)
        told = tell_checkpoints(session, [row])[0]
    if signed != kept:
        raise Problem(
            "checkpoint_contradicted",
            f"you signed another checkpoint of block {block} than the one kept here: compare the"
            " block's hash on your own node; your word is kept, and an alarm stands",
            members={
                "expected": {"block_hash": told.block_hash, "ledger_head": told.ledger_head},
                "found": {
                    "block_hash": to_hex(signed.block_hash),
                    "ledger_head": to_hex(signed.ledger_head),
                },
            },
        )
    return told, is_new


def _recover(signed: Checkpoint, signature: bytes) -> bytes:
    try:
        return recover_witness(signed.digest(), signature)
    except BadSignature as error:
        raise Problem("bad_signature", error.message) from None


def _require_account(session: Session, org: Hash32, witness: bytes) -> None:
    seen = find_organisation(session, id=org)
    if seen is None or witness not in seen.accounts:
        raise Problem(
            "bad_signature",
            f"{to_hex(witness)} signed this, which is no account of your organisation",
            members={"witness": to_hex(witness)},
        )


def tell_checkpoints(session: Session, rows: Sequence[CheckpointRow]) -> list[CheckpointAnswer]:
    """Checkpoints with what was signed, as answers; two queries, however many they are."""
    domain = get_domain(session)
    blocks = [row.block_number for row in rows]
    words, anchors = find_words(session, blocks), find_anchors(session, blocks)
    return [
        _tell(
            checkpoint_of(domain, row),
            row,
            words.get(row.block_number, []),
            anchors.get(row.block_number, []),
        )
        for row in rows
    ]


def _tell(
    checkpoint: Checkpoint,
    row: CheckpointRow,
    words: Sequence[CheckpointSignature],
    anchors: Sequence[CheckpointAnchor],
) -> CheckpointAnswer:
    digest = checkpoint.digest()
    return CheckpointAnswer(
        domain=to_hex(checkpoint.domain),
        block_number=row.block_number,
        block_hash=to_hex(row.block_hash),
        ledger_head=to_hex(row.ledger_head),
        digest=to_hex(digest),
        entries=row.sequence,
        timestamp=moment(row.timestamp),
        made_at=moment(row.made_at),
        signatures=[_word(one, digest) for one in words],
        anchors=[_anchor(one) for one in anchors],
        file=f"/v1/checkpoints/{row.block_number}/file",
    )


def _word(row: CheckpointSignature, digest: Hash32) -> WordAnswer:
    return WordAnswer(
        witness=to_hex(row.witness),
        organisation=None if row.org is None else to_hex(row.org),
        block_hash=to_hex(row.block_hash),
        ledger_head=to_hex(row.ledger_head),
        signature=None if row.signature is None else to_hex(row.signature),
        agrees=row.digest == digest,
        signed_at=moment(row.created_at / 1000),
    )


def _anchor(row: CheckpointAnchor) -> AnchorAnswer:
    return AnchorAnswer(
        chain_id=row.chain_id,
        log=to_hex(row.log),
        transaction=to_hex(row.transaction_hash),
        block=row.anchored_block,
        signatures=row.signatures,
        anchored_at=moment(row.created_at / 1000),
    )


def signed_checkpoint(session: Session, row: CheckpointRow) -> SignedCheckpoint:
    """A checkpoint with the signatures that agree with it."""
    checkpoint = checkpoint_of(get_domain(session), row)
    return SignedCheckpoint(checkpoint, list_signatures(session, checkpoint))
