"""A lane whose nonce somebody else used sends nothing until a person, or the chain, settles it."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from ledger.chain.signers.keystore import KeystoreSigner
from ledger.database.engine import writing
from ledger.errors import UnknownThing
from ledger.outbox.lanes import lane_id
from ledger.outbox.quarantine import NotHalted, release_lane
from ledger.outbox.submitter import Submitter
from ledger.outbox.tables import State
from tests.outbox.test_faults import alarms, send_foreign
from tests.outbox.test_lanes import enrol, second, senders, submitter
from tests.outbox.world import World

__all__ = ["second"]


def test_a_nonce_that_somebody_else_used_halts_the_lane(world: World) -> None:
    [org] = world.enrol("gears")
    world.register(org, "G-0")
    world.settle()
    send_foreign(world, world.custodian, b"", world.custodian.address)
    world.register(org, "G-1")
    submitter = world.submitter()
    deadline = time.monotonic() + 10
    while "foreign_transaction" not in alarms(world) and time.monotonic() < deadline:
        submitter.step()
        time.sleep(0.02)
    world.register(org, "G-2")
    for _ in range(5):
        submitter.step()
    assert alarms(world) == ["foreign_transaction"]
    assert world.states() == {State.DONE: 2, State.SENT: 1, State.QUEUED: 1}


def test_a_released_lane_goes_on_once_the_foreign_transaction_is_final(world: World) -> None:
    [org] = world.enrol("gears")
    send_foreign(world, world.custodian, b"", world.custodian.address)
    world.register(org, "G-0", "G-1")
    submitter = world.submitter()
    step_until(submitter, lambda: "foreign_transaction" in alarms(world))
    lane = lane_id(world.target.chain_id, world.custodian.address)
    with writing(world.engine) as session:
        release_lane(session, lane)
    for _ in range(5):
        submitter.step()
    assert "foreign_transaction" in alarms(world)  # it may yet be dropped: ours might be mined
    world.rpc.call("anvil_mine", "0x4")
    world.settle(submitter)
    assert alarms(world) == []
    assert world.states() == {State.DONE: 3}
    world.assert_exactly_once()


def test_a_lane_whose_nonce_a_reorganisation_gave_back_goes_on_by_itself(world: World) -> None:
    [org] = world.enrol("gears")
    send_foreign(world, world.custodian, b"", world.custodian.address)
    world.register(org, "G-0")
    submitter = world.submitter()
    step_until(submitter, lambda: "foreign_transaction" in alarms(world))
    world.rpc.call("anvil_reorg", 1, [])
    world.settle(submitter)
    step_until(submitter, lambda: not alarms(world))
    world.assert_exactly_once()


def test_only_a_halted_lane_is_released(world: World) -> None:
    world.enrol("gears")
    lane = lane_id(world.target.chain_id, world.custodian.address)
    with writing(world.engine) as session, pytest.raises(NotHalted):
        release_lane(session, lane)
    with writing(world.engine) as session, pytest.raises(UnknownThing):
        release_lane(session, "1:0x00")


def test_a_quarantined_lane_holds_up_no_other(world: World, second: KeystoreSigner) -> None:
    working = submitter(world, world.custodian, second)
    org = enrol(world, working, "gears")
    send_foreign(world, world.custodian, b"", world.custodian.address)
    world.register(org, "G-1")
    step_until(working, lambda: "foreign_transaction" in alarms(world))
    world.register(org, "G-2", "G-3")
    step_until(working, lambda: world.states()[State.DONE] == 3)
    assert senders(world)[f"0x{second.address.hex()}"] == 2
    with writing(world.engine) as session:
        release_lane(session, lane_id(world.target.chain_id, world.custodian.address))
    world.rpc.call("anvil_mine", "0x4")
    world.settle(working)
    world.assert_exactly_once()


def step_until(submitter: Submitter, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(submitter.step())
