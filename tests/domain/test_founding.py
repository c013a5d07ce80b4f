"""The ledger is a subject too: founded, paused, resumed, and told where it goes on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.domain.founding import Founding, fold_founding
from ledger.domain.heads import ledger_head_after
from ledger.domain.kinds import Kind
from ledger.domain.payloads import Founded, Paused, Resumed, SuccessorNamed
from ledger.errors import VerificationError
from ledger.hashing import is_paused, next_ledger_head
from tests.domain.examples import ACTOR, OPENED, history, told

ID, REASON = b"\1" * 32, b"\2" * 32
LIFE = history(
    ID, [Founded(ACTOR), Paused(REASON), SuccessorNamed(b"\3" * 20, REASON), Resumed(REASON)]
)


def lives() -> list[Founding]:
    states: list[Founding] = []
    for entry in LIFE:
        states.append(fold_founding(states[-1] if states else None, entry))
    return states


def test_is_what_its_entries_say() -> None:
    assert [one.paused for one in lives()] == [False, True, True, False]
    assert [one.successor for one in lives()] == [None, None, b"\3" * 20, b"\3" * 20]
    assert {one.authority for one in lives()} == {ACTOR}
    assert [one.count for one in lives()] == [1, 2, 3, 4]
    assert len({one.head for one in lives()}) == 4


def test_it_takes_no_other_entries() -> None:
    founded = lives()[0]
    with pytest.raises(VerificationError, match="cannot stand"):
        fold_founding(founded, replace(LIFE[0], position=1))
    with pytest.raises(VerificationError, match="cannot stand"):
        fold_founding(None, LIFE[1])
    with pytest.raises(VerificationError, match="cannot stand"):
        fold_founding(founded, replace(LIFE[1], kind=Kind.REVISED))


def test_the_ledger_head_carries_the_pause_over_all_other_entries() -> None:
    head, paused = bytes(32), []
    seen = told(ID, 9, Founded(ACTOR))
    for entry in (LIFE[0], LIFE[1], seen, LIFE[2], LIFE[3], seen):
        before, head = head, ledger_head_after(head, ID, entry)
        paused.append(is_paused(head))
        again = next_ledger_head(before, ID, ACTOR, entry.timestamp, paused=paused[-1])
        assert again == head
    assert paused == [False, True, True, True, False, False]
    assert LIFE[0].timestamp == OPENED
