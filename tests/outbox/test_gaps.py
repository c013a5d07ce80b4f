"""Nonces that others used, and that a reorganisation gave back, hold up no lane."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.database.engine import writing
from ledger.outbox.lanes import lane_id
from ledger.outbox.quarantine import release_lane
from ledger.outbox.tables import Lane, State
from tests.outbox.test_faults import alarms, send_foreign
from tests.outbox.test_quarantine import step_until
from tests.outbox.world import QUICK, World

EAGER = replace(QUICK, stuck=0.1)


def test_nonces_that_others_used_before_a_release_are_filled(world: World) -> None:
    """Found by a fault schedule: the lane waited for ever at nonces that nobody had."""
    [org] = world.enrol("gears")
    for _ in range(3):
        send_foreign(world, world.custodian, b"", world.custodian.address)
    before = world.rpc.fetch_block_number()
    world.register(org, "G-0", "G-1")
    submitter = world.submitter(pace=EAGER)
    step_until(submitter, lambda: "foreign_transaction" in alarms(world))
    with writing(world.engine) as session:
        release_lane(session, lane_id(world.target.chain_id, world.custodian.address))
    world.rpc.call("anvil_mine", "0x4")
    world.settle(submitter)
    undo(world, before - 3)
    step_until(submitter, lambda: world.states()[State.SENT] > 0)
    world.settle(submitter)
    world.assert_exactly_once()


@pytest.mark.parametrize("foreign", [1, 3])
def test_nonces_that_others_used_before_the_lane_was_opened_are_filled(
    world: World, foreign: int
) -> None:
    """Found by fault schedules 100052 and 100089."""
    [org] = world.enrol("gears")
    before = world.rpc.fetch_block_number()
    for _ in range(foreign):
        send_foreign(world, world.custodian, b"", world.custodian.address)
    with writing(world.engine) as session:
        session.get_one(
            Lane, lane_id(world.target.chain_id, world.custodian.address)
        ).next_nonce = foreign
    world.register(org, "G-0", "G-1")
    submitter = world.submitter(pace=EAGER)
    world.settle(submitter)
    undo(world, before)
    step_until(submitter, lambda: world.states()[State.SENT] > 0)
    world.settle(submitter)
    world.assert_exactly_once()


def undo(world: World, block: int) -> None:
    """Replace all blocks above one by empty ones."""
    world.rpc.call("anvil_reorg", world.rpc.fetch_block_number() - block, [])
    world.rpc.call("anvil_mine", "0x4")
