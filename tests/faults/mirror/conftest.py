"""A ground on which all tests of a kind of database play."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ledger.database.engine import open_engine, upgrade
from tests.faults.clock import ticking
from tests.faults.lives import watching
from tests.faults.mirror.grove import Grove, grow
from tests.faults.mirror.node import Habits
from tests.faults.mirror.oracle import Oracle
from tests.faults.mirror.stage import Stage


@pytest.fixture(scope="session")
def grove() -> Grove:
    return grow()


@pytest.fixture
def set_stage(grove: Grove, tmp_path: Path) -> Iterator[Callable[[], Stage]]:
    """Makes a stage over the longest branch, with a node that has no habits."""
    engine = open_engine(f"sqlite:///{tmp_path}/ledger.db")
    upgrade(engine)
    with ticking() as clock, watching():
        draw = random.Random(0)  # noqa: S311
        oracle = Oracle(grove, tmp_path / "first.db", tmp_path)
        stages: list[Stage] = []

        def make() -> Stage:
            stages.append(
                Stage(oracle, tmp_path, engine, clock, draw, Counter(), sole=False, shaky=True)
            )
            stages[-1].node.habits = Habits()
            return stages[-1]

        yield make
        for stage in stages:
            stage.close()
    engine.dispose()
