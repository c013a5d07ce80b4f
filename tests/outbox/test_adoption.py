"""What a transaction wrote that had been given up counts for whoever asked for it."""

from __future__ import annotations

import pytest

from ledger.database.engine import writing
from ledger.outbox.lanes import lane_id
from ledger.outbox.tables import Lane, Operation, State, Transaction, Travel
from ledger.outbox.travels import find_open, mark_lost
from tests.outbox.asking import observe
from tests.outbox.world import World


@pytest.mark.parametrize("sent_again", [False, True])
def test_a_failure_whose_finality_was_undone_may_yet_be_a_success(
    world: World, sent_again: bool
) -> None:
    """Found by fault schedule 101241: its registration was rejected for existing already."""
    [org] = world.enrol("gears")
    [asset] = world.register(org, "G-0")
    world.settle()
    lane = lane_id(world.target.chain_id, world.custodian.address)
    with writing(world.engine) as session:
        [done] = find_open(session, [lane], [Travel.MINED])
        mark_lost(session, done)
        given_up(session.get_one(Operation, 2))
        if sent_again:
            session.add(
                Transaction(
                    lane=lane, nonce=1, hash=bytes(32), calldata=b"\1", gas=10**6, created_at=1
                )
            )
            session.get_one(Lane, lane).next_nonce = 2
            operation = session.get_one(Operation, 2)
            operation.state, operation.lane, operation.nonce = State.SENT, lane, 1
            operation.index_in_transaction = 0
    with writing(world.engine) as session:
        observe(session, org, asset)
    world.settle()
    assert world.states() == {State.DONE: 3}
    world.assert_exactly_once()


def given_up(operation: Operation) -> None:
    operation.state = State.QUEUED
    operation.lane = operation.nonce = operation.index_in_transaction = None
