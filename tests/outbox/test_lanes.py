"""Several lanes: who may act for an organisation sends for it; a stuck one holds up no other."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace

import pytest

from ledger.chain.signers.keystore import KeystoreSigner
from ledger.database.engine import writing
from ledger.domain.payloads import AccountAdded, AccountRemoved
from ledger.outbox.lanes import Held, acquire, lane_id, open_lane
from ledger.outbox.submitter import Submitter
from ledger.outbox.tables import Role, State
from ledger.types import Hash32, to_hex
from tests.outbox import asking
from tests.outbox.asking import ask
from tests.outbox.world import QUICK, World


@pytest.fixture
def second(world: World) -> KeystoreSigner:
    signer = KeystoreSigner(os.urandom(32))
    world.rpc.call("anvil_setBalance", to_hex(signer.address), hex(10**24))
    return signer


def submitter(world: World, *custodians: KeystoreSigner, in_flight: int = 4) -> Submitter:
    held = []
    signers = [(Role.GOVERNOR, world.governor), *((Role.CUSTODIAN, one) for one in custodians)]
    for role, signer in signers:
        lane = lane_id(world.target.chain_id, signer.address)
        open_lane(world.engine, role, world.target.chain_id, signer.address, 0)
        lease = acquire(world.engine, lane, "test", 60.0)
        assert lease is not None
        held.append(Held(role, lease, signer))
    pace = replace(QUICK, in_flight=in_flight, entries=2)
    return Submitter(world.engine, world.client(), world.target, world.finality, held, pace)


def enrol(world: World, working: Submitter, name: str) -> Hash32:
    with writing(world.engine) as session:
        did = f"did:web:{name}.example"
        org = asking.enrol(session, world.domain, did).operation.subject
    world.settle(working)
    return org


def senders(world: World) -> Counter[str]:
    """How many operations travelled by which custodial lane."""
    governor = to_hex(world.governor.address)
    lanes = Counter((one.lane or "").partition(":")[2] for one in world.operations())
    del lanes[governor]
    return lanes


def test_lanes_share_the_work(world: World, second: KeystoreSigner) -> None:
    working = submitter(world, world.custodian, second, in_flight=1)
    org = enrol(world, working, "gears")
    world.rpc.call("evm_setAutomine", False)
    world.register(org, *(f"G-{number}" for number in range(4)))
    working.step()
    working._gathering.clear()
    working.step()
    assert senders(world) == {
        to_hex(world.custodian.address): 2,
        to_hex(second.address): 2,
    }
    world.rpc.call("evm_setAutomine", True)
    world.rpc.call("evm_mine")
    world.settle(working)
    world.assert_exactly_once()


def test_an_organisation_is_served_by_the_lane_that_may(
    world: World, second: KeystoreSigner
) -> None:
    early = enrol(world, submitter(world, world.custodian), "early")
    working = submitter(world, second, world.custodian)
    both = enrol(world, working, "late")
    world.register(early, "E-1", "E-2", "E-3")
    world.register(both, "L-1")
    world.settle(working)
    assert world.states() == {State.DONE: 6}
    assert senders(world)[to_hex(world.custodian.address)] >= 3
    world.assert_exactly_once()


def test_lanes_follow_an_organisation_whose_accounts_change(
    world: World, second: KeystoreSigner
) -> None:
    org = enrol(world, submitter(world, world.custodian), "gears")
    working = submitter(world, second, world.custodian)
    world.register(org, "G-1")
    world.settle(working)
    with writing(world.engine) as session:
        ask(session, org, org, AccountAdded(second.address))
    world.settle(working)
    with writing(world.engine) as session:
        ask(session, org, org, AccountRemoved(world.custodian.address))
    world.settle(working)
    world.register(org, "G-2")
    world.settle(working)
    assert world.states() == {State.DONE: 5}
    assert senders(world) == {to_hex(world.custodian.address): 3, to_hex(second.address): 1}


def test_what_no_lane_may_write_is_rejected(world: World, second: KeystoreSigner) -> None:
    org = enrol(world, submitter(world, world.custodian), "gears")
    stranger = KeystoreSigner(os.urandom(32))
    world.rpc.call("anvil_setBalance", to_hex(stranger.address), hex(10**24))
    world.register(org, "G-1")
    world.settle(submitter(world, second, stranger))
    [rejected] = [one for one in world.operations() if one.state == State.REJECTED]
    assert rejected.reason is not None
    assert rejected.reason["code"] == "NotAnAccount"
