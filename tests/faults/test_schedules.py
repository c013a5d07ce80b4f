"""A small dose of each family of schedules; `python -m tests.faults` plays them by the thousand."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.faults.bugs import BUGS, Bug
from tests.faults.conftest import Playing
from tests.faults.runner import hunt, is_wrong, opened, play_one

_DOSES = {"sqlite": 6, "postgresql": 2, "small-disk": 2}
_QUICKLY = (
    "takes any receipt for done",
    "rejects on any error",
    "lets what depends on others go",
)


def complaints(told: dict[str, Any]) -> list[Any]:
    return [told.get(name) for name in ("lost", "duplicated", "diverged", "broken")]


@pytest.mark.parametrize("database", _DOSES)
def test_nothing_is_lost_and_nothing_comes_twice(database: str) -> None:
    if database == "small-disk" and os.geteuid() != 0:
        pytest.skip("only root may mount a disk that can be filled")
    with opened(database) as (ground, databases):
        for seed in range(_DOSES[database]):
            told = play_one(seed, ground, databases)
            assert not is_wrong(told), (seed, complaints(told), told.get("acts"))


def test_not_even_where_processes_and_node_are_killed(sqlite: Playing) -> None:
    told = play_one(1, *sqlite, kills=10)
    assert not is_wrong(told), complaints(told)
    assert sum(told["happened"].values()) >= 10


def test_a_seed_brings_the_same_acts_again(sqlite: Playing) -> None:
    first, again = (play_one(7, *sqlite)["acts"] for _ in range(2))
    assert [act.partition(" ")[0] for act in first] == [act.partition(" ")[0] for act in again]


@pytest.mark.parametrize(
    "bug", [one for one in BUGS if one.name in _QUICKLY], ids=lambda one: one.name
)
def test_a_planted_bug_is_caught(sqlite: Playing, bug: Bug) -> None:
    assert hunt(bug, lambda seed: play_one(seed, *sqlite)) is not None
