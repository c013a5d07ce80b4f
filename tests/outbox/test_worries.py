"""What holds a lane up is told with what it needs, and rests by itself once it is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from ledger.database.engine import reading, writing
from ledger.outbox.alarms import find_alarms
from ledger.outbox.submitter import Submitter
from ledger.outbox.tables import Alarm, State, Version
from ledger.types import Hash32, to_hex
from tests.outbox.asking import enrol
from tests.outbox.world import QUICK, World


@pytest.fixture
def org(world: World) -> Hash32:
    return world.enrol("gears")[0]


def alarms(world: World) -> dict[str, Alarm]:
    """The standing alarms, by code alone."""
    with reading(world.engine) as session:
        found = find_alarms(session)
        session.expunge_all()
    return {each.code.partition(":")[0]: each for each in found}


def versions(world: World, lane: str) -> list[Version]:
    return [one for one in world.versions() if one.lane == lane]


def step_until(submitter: Submitter, condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(min(submitter.step(), 0.02))


def test_a_poor_sender_says_how_much_it_needs(world: World, org: Hash32) -> None:
    sender = to_hex(world.custodian.address)
    world.rpc.call("anvil_setBalance", sender, hex(7))
    world.register(org, "G-0")
    submitter = world.submitter()
    step_until(submitter, lambda: alarms(world))
    needs = alarms(world)["insufficient_funds"].needs or ""
    assert f"wei to {sender} on chain {world.target.chain_id}" in needs
    amount = int(needs.removeprefix("send at least ").partition(" ")[0])
    world.rpc.call("anvil_setBalance", sender, hex(7 + amount))
    world.settle(submitter)
    assert alarms(world) == {}
    assert world.states() == {State.DONE: 2}
    world.assert_exactly_once()


def test_another_lane_s_success_hides_no_poverty(world: World, org: Hash32) -> None:
    world.rpc.call("anvil_setBalance", to_hex(world.custodian.address), "0x0")
    world.register(org, "G-0")
    submitter = world.submitter()
    step_until(submitter, lambda: alarms(world))
    raised = alarms(world)["insufficient_funds"].raised_at
    with_governor = len(world.entries())
    with writing(world.engine) as session:
        enrol(session, world.domain, "did:web:cogs.example")
    step_until(submitter, lambda: len(world.entries()) > with_governor)
    submitter.step()
    assert alarms(world)["insufficient_funds"].raised_at == raised


def test_high_fees_are_told_until_more_is_offered(world: World, org: Hash32) -> None:
    world.rpc.call("evm_setAutomine", False)
    world.register(org, "G-0")
    submitter = world.submitter(pace=replace(QUICK, stuck=2.0))
    submitter.step()
    lane = f"{world.target.chain_id}:{to_hex(world.custodian.address)}"
    [first] = versions(world, lane)
    world.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(first.max_fee * 3))
    world.rpc.call("evm_mine")
    step_until(submitter, lambda: "fees_high" in alarms(world))
    told = alarms(world)["fees_high"]
    assert f"offers {first.max_fee} wei" in told.message
    assert f"cost {first.max_fee * 3}" in told.message
    assert told.needs is None
    # Blocks would grow cheaper while they are empty: none is made until more is offered.
    step_until(submitter, lambda: len(versions(world, first.lane)) == 2)
    assert max(one.max_fee for one in versions(world, first.lane)) > first.max_fee * 3
    world.rpc.call("evm_mine")
    world.settle(submitter)
    assert alarms(world) == {}
    assert world.states() == {State.DONE: 2}
    world.assert_exactly_once()


def test_what_no_block_takes_is_told_with_nonce_hash_and_fees(world: World, org: Hash32) -> None:
    world.rpc.call("evm_setAutomine", False)
    world.register(org, "G-0")
    submitter = world.submitter(pace=replace(QUICK, worry=0.3))
    step_until(submitter, lambda: alarms(world))
    told = alarms(world)["stuck_transaction"]
    [sent] = [one for one in world.transactions() if one.lane.endswith(told.code[-40:])]
    [version] = [one for one in world.versions() if one.hash == sent.hash]
    assert f"transaction {sent.nonce} ({to_hex(sent.hash)})" in told.message
    assert f"offers {version.max_fee} wei" in told.message
    assert "node passes on" in (told.needs or "")
    world.rpc.call("evm_mine")
    world.settle(submitter)
    assert alarms(world) == {}


def test_what_a_former_submitter_told_rests_too(world: World, org: Hash32) -> None:
    world.rpc.call("evm_setAutomine", False)
    world.register(org, "G-0")
    step_until(world.submitter(pace=replace(QUICK, worry=0.0)), lambda: alarms(world))
    world.rpc.call("evm_mine")
    world.settle(world.submitter())
    assert alarms(world) == {}
