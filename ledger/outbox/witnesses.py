"""Keeps what witnesses say of checkpoints, and where those are anchored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from sqlalchemy import BigInteger, LargeBinary, column, func, or_, table
from sqlmodel import Session, col, select

from ledger.outbox.checkpoint_tables import CheckpointAnchor, CheckpointSignature
from ledger.outbox.clock import now
from ledger.proofs.checkpoint import Checkpoint
from ledger.types import Address, Hash32

# The mirror's own table, of which this package knows no more.
_KEPT: Final = table(
    "checkpoint",
    column("block_number", BigInteger),
    column("block_hash", LargeBinary),
    column("ledger_head", LargeBinary),
)


def keep_word(
    session: Session,
    checkpoint: Checkpoint,
    witness: Address,
    signature: bytes | None,
    org: Hash32 | None,
) -> bool:
    """Keep that a witness signed a checkpoint; whether it is new. The caller commits.

    What contradicts an earlier word, or what this service says, is kept as well: it is evidence.
    """
    key = checkpoint.block_number, witness, checkpoint.digest()
    if session.get(CheckpointSignature, key) is not None:
        return False
    session.add(
        CheckpointSignature(
            block_number=checkpoint.block_number,
            witness=witness,
            digest=checkpoint.digest(),
            block_hash=checkpoint.block_hash,
            ledger_head=checkpoint.ledger_head,
            signature=signature,
            org=org,
            created_at=now(),
        )
    )
    session.flush()
    return True


def find_words(
    session: Session, blocks: Collection[int]
) -> Mapping[int, Sequence[CheckpointSignature]]:
    """What was signed of these blocks, by block, in the order in which it came."""
    wanted = select(CheckpointSignature).where(col(CheckpointSignature.block_number).in_(blocks))
    order = col(CheckpointSignature.created_at), col(CheckpointSignature.witness)
    found: dict[int, list[CheckpointSignature]] = defaultdict(list)
    for row in session.exec(wanted.order_by(*order)):
        found[row.block_number].append(row)
    return found


def list_signatures(session: Session, checkpoint: Checkpoint) -> tuple[bytes, ...]:
    """The signatures of a checkpoint that came here, in the order in which they came."""
    words = find_words(session, [checkpoint.block_number]).get(checkpoint.block_number, [])
    agreeing = [one for one in words if one.digest == checkpoint.digest()]
    return tuple([one.signature for one in agreeing if one.signature is not None])


def read_word(domain: Hash32, row: CheckpointSignature) -> Checkpoint:
    """The checkpoint that a witness signed."""
    return Checkpoint(domain, row.block_number, row.block_hash, row.ledger_head)


def find_newest_word(session: Session, witness: Address) -> CheckpointSignature | None:
    """What a witness signed of the highest block."""
    wanted = select(CheckpointSignature).where(CheckpointSignature.witness == witness)
    newest = col(CheckpointSignature.block_number).desc()
    return session.exec(wanted.order_by(newest).limit(1)).one_or_none()


def list_conflicts(session: Session, most: int = 10) -> list[CheckpointSignature]:
    """Words that contradict what is kept of their block, highest blocks first.

    Of two that a witness signed of one block, one does. So does a word of a block of which the
    mirror keeps no checkpoint any more.
    """
    said, kept = CheckpointSignature.__table__, _KEPT  # type: ignore[attr-defined]
    wanted = (
        select(CheckpointSignature)
        .outerjoin(kept, kept.c.block_number == said.c.block_number)
        .where(
            or_(
                kept.c.block_number.is_(None),
                kept.c.block_hash != said.c.block_hash,
                kept.c.ledger_head != said.c.ledger_head,
            )
        )
        .order_by(said.c.block_number.desc(), said.c.created_at.desc())
    )
    return list(session.exec(wanted.limit(most)))


def keep_anchor(
    session: Session,
    checkpoint: Checkpoint,
    *,
    chain_id: int,
    log: Address,
    signatures: int,
    transaction: Hash32,
    block: int,
) -> None:
    """Keep that a checkpoint stands in a log, with so many signatures; the caller commits."""
    session.merge(
        CheckpointAnchor(
            block_number=checkpoint.block_number,
            chain_id=chain_id,
            log=log,
            digest=checkpoint.digest(),
            signatures=signatures,
            transaction_hash=transaction,
            anchored_block=block,
            created_at=now(),
        )
    )


def find_anchors(
    session: Session, blocks: Collection[int]
) -> Mapping[int, Sequence[CheckpointAnchor]]:
    """Where the checkpoints of these blocks are anchored."""
    wanted = select(CheckpointAnchor).where(col(CheckpointAnchor.block_number).in_(blocks))
    found: dict[int, list[CheckpointAnchor]] = defaultdict(list)
    for row in session.exec(wanted.order_by(col(CheckpointAnchor.created_at))):
        found[row.block_number].append(row)
    return found


def find_unanchored(session: Session, witness: Address) -> CheckpointSignature | None:
    """The first word of a witness above the highest block that is anchored."""
    highest = select(func.coalesce(func.max(CheckpointAnchor.block_number), -1)).scalar_subquery()
    wanted = select(CheckpointSignature).where(
        CheckpointSignature.witness == witness, col(CheckpointSignature.block_number) > highest
    )
    first = col(CheckpointSignature.block_number)
    return session.exec(wanted.order_by(first).limit(1)).one_or_none()
