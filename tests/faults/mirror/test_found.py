"""What schedules have found, each by itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.lives import Life
from tests.faults.mirror.grove import Grove
from tests.faults.mirror.node import Habits
from tests.faults.mirror.oracle import read_state
from tests.faults.mirror.stage import Stage

_PATIENCE = 400


def follow(stage: Stage, life: Life | None = None) -> None:
    """Let a mirror have its turns until it stands where the node does."""
    life = life or stage.mirror()
    for _ in range(_PATIENCE):
        life.turn()
        assert life.failed is None
        row = read_state(stage.engine)
        if row is not None and row["block_hash"] == stage.node.newest.hash:
            return
    raise AssertionError("the mirror does not get there")


def test_a_node_that_talks_nonsense_ends_no_mirror_that_has_not_begun(
    set_stage: Callable[[], Stage],
) -> None:
    stage = set_stage()
    life = stage.mirror()
    stage.line.rate, stage.line.only = 1.0, "header number"
    for _ in range(5):
        life.turn()
        assert life.failed is None


def test_a_mirror_at_rest_sees_that_another_one_took_it_elsewhere(
    grove: Grove, set_stage: Callable[[], Stage]
) -> None:
    """While the chain stood still where the mirror had rested, it took itself to be there."""
    stage, [*_, one, other] = set_stage(), grove.branches
    height = min(len(one), len(other)) - 1
    stage.move(one, height)
    resting, rival = stage.mirror(), stage.mirror()
    follow(stage, resting)
    for _ in range(4):
        resting.turn()
    stage.move(other, height)
    follow(stage, rival)
    rival.kill()
    stage.move(one, height)
    follow(stage, resting)


@pytest.mark.parametrize("silent", [None, 400, 413])
def test_a_node_that_takes_few_requests_at_once_is_asked_for_an_ancestor_far_below(
    grove: Grove, set_stage: Callable[[], Stage], silent: int | None
) -> None:
    stage, [*_, before, longest] = set_stage(), grove.branches
    stage.move(before, len(before) - 10)
    # Block by block, so that it remembers many.
    stage.node.habits = Habits(batch=2, range=1, silent=silent)
    follow(stage)
    stage.move(longest, len(longest) - 1, stage.ground)
    follow(stage)


@pytest.mark.parametrize("silent", [400, 413, 500, 504])
def test_a_node_that_says_nothing_to_wide_ranges_is_asked_for_narrow_ones(
    set_stage: Callable[[], Stage], silent: int
) -> None:
    stage = set_stage()
    stage.node.habits = Habits(range=5, silent=silent)
    follow(stage)
