"""Killed at any point, the submitter goes on where it was: nothing is lost, nothing comes twice."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.database.engine import writing
from ledger.outbox.failpoints import arm
from ledger.outbox.tables import State
from tests.outbox.asking import enrol, observe, register
from tests.outbox.world import World

POINTS = [
    "before signing is committed",
    "after signing is committed",
    "before broadcast",
    "after broadcast",
    "after receipts are fetched",
    "before receipts are committed",
    "after receipts are committed",
    "before finality is committed",
]


def work(world: World, point: str | None) -> subprocess.Popen[bytes]:
    told = {
        "point": point,
        "chain_id": world.target.chain_id,
        "genesis_hash": world.target.genesis_hash.hex(),
        "contract": world.target.contract.hex(),
        "block": world.target.block,
        "keys": {role: key.hex() for role, key in world.keys.items()},
        "data": str(world.folder),
        "rpc_url": world.rpc.url,
        "database_url": str(world.engine.url),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "tests.outbox.worker", json.dumps(told)],
        cwd=Path(__file__).parents[2],
    )


def ask(world: World) -> None:
    with writing(world.engine) as session:
        org = enrol(session, world.domain, "did:web:gears.example").operation.subject
        for number in range(5):
            asset = register(session, world.domain, org, f"G-{number}").operation.subject
            observe(session, org, asset)


@pytest.mark.parametrize("point", [POINTS[1], POINTS[2], POINTS[3], POINTS[5]])
def test_killed_at_a_point_and_started_again(world: World, point: str) -> None:
    ask(world)
    killed = work(world, point)
    try:
        wait_until(world, lambda: killed.poll() is not None)
    finally:
        end(killed)
    assert killed.returncode == 9
    again = work(world, None)
    try:
        wait_until(world, world.is_settled)
    finally:
        end(again)
    assert world.states() == {State.DONE: 11}
    world.assert_exactly_once()


def wait_until(world: World, condition: Callable[[], bool]) -> None:
    """Wait while the chain goes on, as blocks become final only by those after them."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, world.told()
        world.rpc.call("evm_mine")
        time.sleep(0.1)


def end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("nth", range(1, 4))
@pytest.mark.parametrize("point", POINTS)
def test_dropped_at_each_passage_of_a_point(world: World, point: str, nth: int) -> None:
    ask(world)
    passed = 0

    def die(name: str) -> None:
        nonlocal passed
        passed += name == point
        if name == point and passed == nth:
            raise Killed

    arm(die)
    try:
        world.settle()
        world.rpc.call("anvil_mine", "0x4")
        world.settle(until=world.is_final)
    except Killed:
        arm(None)
        world.settle()
    finally:
        arm(None)
    world.assert_exactly_once()
    assert world.states() == {State.DONE: 11}
