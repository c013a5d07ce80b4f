"""What organisations do with each other's assets at once comes out as planned, or it is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from scripts.bench.clustering.bench import Run, carry_out, compare, compare_told
from scripts.bench.clustering.checking import compare_balances, compare_operations
from scripts.bench.clustering.plan import NOT_TWICE, draw
from scripts.bench.clustering.show import show, to_json
from scripts.bench.writing.system import System, started

PLAN = draw(organisations=5, assets=8, seed=1)


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    with started() as system:
        yield system


@pytest.fixture(scope="module")
def run(system: System) -> Run:
    return carry_out(system, PLAN, lambda _: None)


def planted(run: Run, asset: int, **changed: Any) -> Run:
    """The run, as if the plan had another end for one asset."""
    outcomes = list(run.plan.outcomes)
    outcomes[asset] = replace(outcomes[asset], **changed)
    return replace(run, plan=replace(run.plan, outcomes=outcomes))


def test_all_comes_out_as_planned(system: System, run: Run) -> None:
    assert compare(system, run, lambda _: None) == []
    assert run.plan.refused > 0
    assert 0 < run.wait(50) <= run.wait(99) < run.done.accepted <= run.done.final


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"owner": 4}, "owner"),
        ({"custodian": 4}, "custodian"),
        ({"parent": 1}, "parent"),
        ({"entries": 99}, "entries"),
        ({"attested": {1: True, 4: False}}, "attestations"),
    ],
)
def test_whatever_is_not_as_planned_is_told(
    system: System, run: Run, changed: dict[str, Any], named: str
) -> None:
    [wrong] = asyncio.run(compare_told(system, planted(run, 0, **changed)))
    assert wrong.startswith("asset 0 has ")
    assert named in wrong


def test_a_balance_that_is_not_as_planned_is_told(system: System, run: Run) -> None:
    wrong = compare_balances(system, run.ids, planted(run, 0, owner=4).plan)
    assert [one.partition(" has ")[0] for one in wrong] == ["organisation 0", "organisation 4"]


def test_operations_that_end_otherwise_are_told(run: Run) -> None:
    first = run.done.sent[0]
    lost = replace(run.done.operations[first.operation], state="rejected", reason={"code": "Cycle"})
    operations = {**run.done.operations, first.operation: lost}
    wrong = compare_operations(PLAN, replace(run.done, operations=operations))
    assert "Cycle" in wrong[0]
    assert len(wrong) == 2
    allowed = [replace(one, refused=None) for one in run.done.sent]
    meant = replace(run.done, sent=allowed, unplanned=["offered asset 3 by 0 was refused: 403"])
    assert len(compare_operations(PLAN, meant)) == 1 + PLAN.refused - run.done.refused_at_once


def test_a_run_is_told_in_full(
    run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    show(run, ["asset 3 is in nobody's list"])
    shown = capsys.readouterr().out
    assert "not as planned: asset 3 is in nobody's list" in shown
    assert "\x1b" not in shown
    told = json.loads(json.dumps(to_json(run, [])))
    assert told["as_planned"] is True
    single = sum(told["kinds"].values()) - told["assets"]
    assert told["single_requests"] == single + told["refused"] - told["refused_at_once"]


def test_a_seed_draws_one_plan_in_which_every_fate_is_met() -> None:
    assert draw(5, 8, 1) == PLAN != draw(5, 8, 2)
    kinds = {"registered", "offered", "accepted", "transferred", "mounted", "dismounted"}
    assert PLAN.kinds.keys() == {*kinds, "attested", "attestation_revoked"}
    assert {step.refused for life in PLAN.lives for step in life.steps} == {None, NOT_TWICE}
    assert sum(len(PLAN.owned_by(one)) for one in range(5)) == 40
