"""Which checkpoints come with a proof, so that witnesses vouch for its block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sqlmodel import Session

from api.checkpoints import checkpoint_of
from api.errors import Problem
from api.lookup import get_domain
from ledger.mirror.queries import list_checkpoints
from ledger.mirror.tables.checkpoints import CheckpointRow
from ledger.outbox.witnesses import find_words
from ledger.proofs.signed import MOST_HEADERS, SignedCheckpoint
from ledger.types import Address

MOST: Final = 4
"""Checkpoints that one proof brings: each leads down to its block by headers of its own."""

_LOOKED_AT: Final = 100

_Signed = tuple[SignedCheckpoint, frozenset[Address]]


def find_vouching(session: Session, block: int) -> tuple[SignedCheckpoint, ...]:
    """Checkpoints of a block, or of later ones, by whose headers they vouch for it.

    They are the nearest ones; none is there all of whose witnesses signed another, nearer or not.
    """
    last = block + MOST_HEADERS
    rows = list_checkpoints(session, limit=_LOOKED_AT, first=block, last=last).items
    found: list[_Signed] = []
    for signed, witnesses in _signed(session, rows):
        if not any(witnesses <= others for _, others in found):
            found = [one for one in found if not one[1] < witnesses]
            found.append((signed, witnesses))
    return tuple([signed for signed, _ in found[:MOST]])


def get_newest(session: Session) -> int:
    """The newest block of which somebody signed a checkpoint. Raises Problem if there is none."""
    rows = list_checkpoints(session, limit=_LOOKED_AT, newest_first=True).items
    for signed, _ in _signed(session, rows):
        return signed.checkpoint.block_number
    raise Problem("not_found", "no checkpoint was signed yet")


def _signed(session: Session, rows: Sequence[CheckpointRow]) -> Iterator[_Signed]:
    """Those of the checkpoints that somebody signed, with who did."""
    domain = get_domain(session)
    words = find_words(session, [row.block_number for row in rows])
    for row in rows:
        made = checkpoint_of(domain, row)
        said = [one for one in words.get(row.block_number, ()) if one.digest == made.digest()]
        by = {one.witness: one.signature for one in said if one.signature is not None}
        if by:
            yield SignedCheckpoint(made, tuple(by.values())), frozenset(by)
