"""An asset of which only count, head and times move on is written by these alone."""

from __future__ import annotations

import pytest

from ledger.domain.kinds import Kind
from ledger.mirror.asset_rows import ADVANCING, ALTERING, COLUMNS, LOUD, QUIET, born_row
from ledger.types import Party

_WORDS = {Kind.STAGED: 1, Kind.ACCEPTED: int(Party.CUSTODIAN), Kind.WITHDRAWN: int(Party.OWNER)}


def payload_of(kind: Kind) -> bytes:
    if kind is Kind.OFFERED:
        return int(Party.OPERATOR).to_bytes(32) + b"\x07" * 32 + bytes(32)
    return _WORDS[kind].to_bytes(32) if kind in _WORDS else b"\x05" * 32


@pytest.mark.parametrize("kind", [*map(Kind, QUIET | LOUD)], ids=lambda kind: kind.name.lower())
def test_a_kind_alters_an_asset_or_only_has_it_move_on(kind: Kind) -> None:
    born = born_row(b"\x01" * 32, b"\x02" * 32, bytes(128), 1, 1)
    born[COLUMNS.index("offered")] = 1 << Party.OWNER
    born[COLUMNS.index("parent")] = b"\x04" * 32
    row = list(born)
    (QUIET | LOUD)[kind](row, b"\x03" * 32, payload_of(kind))
    changed = {name for name, was, now in zip(COLUMNS, born, row, strict=True) if was != now}
    assert bool(changed - set(ADVANCING)) is (kind in ALTERING)
