"""A small dose of schedules for the mirror; `python -m tests.faults --family mirror` plays more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults.bugs import Bug
from tests.faults.mirror.bugs import BUGS
from tests.faults.mirror.playing import opened
from tests.faults.places import Play
from tests.faults.runner import hunt, is_wrong

_DOSES = {"sqlite": 40, "postgresql": 15}
_QUICKLY = 20


def complaints(told: dict[str, Any]) -> list[Any]:
    return [told.get(name) for name in ("diverged", "broken")]


@pytest.fixture(scope="module")
def play() -> Iterator[Play]:
    with opened("sqlite") as made:
        yield made


@pytest.mark.parametrize("database", _DOSES)
def test_whatever_happens_the_mirror_equals_the_chain(database: str) -> None:
    with opened(database) as play:
        for seed in range(_DOSES[database]):
            told = play(seed)
            assert not is_wrong(told), (seed, complaints(told), told.get("acts"))


def test_a_seed_brings_the_same_acts_again(play: Play) -> None:
    first = play(7)["acts"]
    assert first
    assert play(7)["acts"] == first


@pytest.mark.parametrize(
    "bug", [one for one in BUGS if one.within <= _QUICKLY], ids=lambda one: one.name
)
def test_a_planted_bug_is_caught(play: Play, bug: Bug) -> None:
    assert hunt(bug, play) is not None
