"""What verbs print for people reads as people write."""

from __future__ import annotations

import pytest

from ledger.cli.output import count


@pytest.mark.parametrize(
    ("number", "words", "told"),
    [
        (1, ("block",), "1 block"),
        (0, ("block",), "0 blocks"),
        (2, ("block",), "2 blocks"),
        (1, ("entry", "entries"), "1 entry"),
        (1_234, ("entry", "entries"), "1,234 entries"),
    ],
)
def test_one_block_is_not_1_blocks(number: int, words: tuple[str, ...], told: str) -> None:
    assert count(number, *words) == told
