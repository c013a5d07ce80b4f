"""Checkpoints as the page of them shows them: the block, and who says what it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import Session

from api.checkpoints import checkpoint_of
from api.explorer.lines import Names, Party
from api.lookup import get_domain
from ledger.mirror.tables.checkpoints import CheckpointRow
from ledger.outbox.checkpoint_tables import CheckpointSignature
from ledger.outbox.witnesses import find_anchors, find_words
from ledger.types import to_hex


@dataclass(frozen=True, slots=True)
class CheckpointLine:
    """A checkpoint in the list; `members` signed it, `contradicting` signed another one."""

    block: int
    hash: str
    ledger_head: str
    entries: int
    at: datetime
    by_service: bool
    members: Sequence[Party]
    contradicting: int
    anchored_on: Sequence[int]


def tell_checkpoint_lines(session: Session, rows: Sequence[CheckpointRow]) -> list[CheckpointLine]:
    """Checkpoints with who signed them; a few queries, however many they are."""
    domain = get_domain(session)
    blocks = [row.block_number for row in rows]
    words, anchors = find_words(session, blocks), find_anchors(session, blocks)
    names = Names(session, {one.org for some in words.values() for one in some if one.org})
    found = []
    for row in rows:
        said: Sequence[CheckpointSignature] = words.get(row.block_number, [])
        digest = checkpoint_of(domain, row).digest()
        agreeing = [one for one in said if one.digest == digest]
        orgs = dict.fromkeys([one.org for one in agreeing if one.org is not None])
        found.append(
            CheckpointLine(
                block=row.block_number,
                hash=to_hex(row.block_hash),
                ledger_head=to_hex(row.ledger_head),
                entries=row.sequence,
                at=datetime.fromtimestamp(row.timestamp, UTC),
                by_service=any(one.org is None for one in agreeing),
                members=[names.party(org) for org in orgs],
                contradicting=len(said) - len(agreeing),
                anchored_on=[one.chain_id for one in anchors.get(row.block_number, [])],
            )
        )
    return found
