"""What folding asks the mirror for before it folds some entries."""

from __future__ import annotations

from ledger.mirror.fold import named_by
from ledger.mirror.reading import Read
from ledger.types import Hash32

ASSET = bytes(range(32))
BATCH = b"\x0b" * 29 + bytes(3)
MEMBER = BATCH[:29] + b"\0\0\7"
ENDING_LIKE_A_BATCH = b"\x0e" * 29 + bytes(3)


def entry(subject: Hash32, position: int) -> Read:
    return (1, 0, b"", subject, b"", 35, position, b"", 0, b"", b"")


def test_what_begins_among_them_is_not_asked_for() -> None:
    assert named_by([entry(ASSET, 0), entry(ASSET, 1)]) == []


def test_what_goes_on_is_asked_for_once_and_unless_it_is_known() -> None:
    entries = [entry(ASSET, 7), entry(ASSET, 8)]
    assert named_by(entries) == [ASSET]
    assert named_by(entries, {ASSET}) == []


def test_at_position_one_an_asset_may_be_of_a_batch() -> None:
    assert named_by([entry(MEMBER, 1)]) == [MEMBER]
    assert named_by([entry(MEMBER, 1)], {BATCH}) == []
    assert named_by([entry(BATCH, 0), entry(MEMBER, 1)]) == []


def test_an_asset_whose_id_ends_like_a_batchs_is_asked_for() -> None:
    """It was taken for a member of a batch that begins with itself, and the mirror stood still."""
    assert named_by([entry(ENDING_LIKE_A_BATCH, 1)]) == [ENDING_LIKE_A_BATCH]
