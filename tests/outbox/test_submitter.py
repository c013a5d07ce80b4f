"""Every accepted operation comes onto the chain exactly once, in few transactions and in order."""

from __future__ import annotations

import os
import time
from dataclasses import replace

from sqlmodel import Session

from ledger.chain.contract import LedgerContract
from ledger.chain.signers.keystore import KeystoreSigner
from ledger.database.engine import writing
from ledger.domain.kinds import Kind
from ledger.domain.payloads import Frozen, Reinstated, Suspended, Transferred
from ledger.outbox.alarms import find_alarms
from ledger.outbox.tables import State
from tests.outbox.asking import ask, enrol, observe, register
from tests.outbox.world import QUICK, World


def test_an_enrolment_and_what_depends_on_it_may_be_asked_at_once(world: World) -> None:
    with writing(world.engine) as session:
        org = enrol(session, world.domain, "did:web:gears.example").operation.subject
        asset = register(session, world.domain, org, "G-1").operation.subject
        observe(session, org, asset)
        observe(session, org, asset)
    world.settle()
    assert world.states() == {State.DONE: 4}
    world.assert_exactly_once()


def test_five_hundred_registrations_travel_in_a_few_transactions(world: World) -> None:
    gears, wheels = world.enrol("gears", "wheels")
    world.register(gears, *(f"G-{n}" for n in range(250)))
    world.register(wheels, *(f"W-{n}" for n in range(250)))
    world.settle()
    custodian = [one for one in world.transactions() if one.lane.endswith(_end(world))]
    assert len(custodian) <= 3
    world.assert_exactly_once()


def _end(world: World) -> str:
    return world.custodian.address.hex()


def test_one_registration_is_sent_with_less_than_150_ms_of_waiting(world: World) -> None:
    [org] = world.enrol("gears")
    submitter = world.submitter()
    world.register(org, "G-0")
    world.settle(submitter)
    longest = submitter.step()  # nothing is to be done: this long it may sleep
    world.register(org, "G-1")
    waited = longest
    while world.operations()[-1].state == State.QUEUED:
        pause = submitter.step()
        waited += pause
        assert waited < 0.15
        time.sleep(pause)
    world.settle(submitter)
    world.assert_exactly_once()


def test_one_bad_entry_of_twenty_is_rejected_alone(world: World) -> None:
    gears, wheels = world.enrol("gears", "wheels")
    [asset] = world.register(gears, "G-0")
    world.settle()
    with writing(world.engine) as session:
        for number in range(10):
            register(session, world.domain, gears, f"A-{number}")
        bad = observe(session, wheels, asset).operation.id  # not its owner
        for number in range(9):
            register(session, world.domain, gears, f"B-{number}")
    world.settle()
    [rejected] = [one for one in world.operations() if one.state == State.REJECTED]
    assert rejected.id == bad
    assert rejected.reason is not None
    assert rejected.reason["code"] == "NotEntitled"
    assert len(world.transactions()) == 4
    world.assert_exactly_once()


def test_what_was_to_follow_a_rejected_entry_goes_on_unless_its_position_was_fixed(
    world: World,
) -> None:
    gears, wheels = world.enrol("gears", "wheels")
    [asset] = world.register(gears, "G-0")
    world.settle()
    with writing(world.engine) as session:
        refused = observe(session, wheels, asset).operation.id
        fixed = observe(session, gears, asset, position=2).operation.id
        free = observe(session, gears, asset).operation.id
    world.settle()
    after = {one.id: one for one in world.operations()}
    assert after[refused].state == after[fixed].state == State.REJECTED
    assert (after[fixed].reason or {})["code"] == "WrongPosition"
    assert (after[fixed].reason or {})["values"]["expected"] == 1
    assert (world.state(free), after[free].position) == (State.DONE, 1)
    world.assert_exactly_once()


def test_a_batch_full_of_bad_entries_does_not_hold_up_the_others(world: World) -> None:
    gears, wheels = world.enrol("gears", "wheels")
    [asset] = world.register(gears, "G-0")
    world.settle()
    with writing(world.engine) as session:
        for number in range(30):
            observe(session, wheels, asset)
            register(session, world.domain, gears, f"A-{number}")
    world.settle()
    assert world.states()[State.REJECTED] == 30
    assert len([one for one in world.entries() if one.kind == Kind.REGISTERED]) == 31


def test_title_passes_and_both_owners_entries_keep_their_order(world: World) -> None:
    gears, wheels = world.enrol("gears", "wheels")
    with writing(world.engine) as session:
        asset = register(session, world.domain, gears, "G-0").operation.subject
        observe(session, gears, asset)
        ask(session, gears, asset, Transferred(wheels))
        observe(session, wheels, asset)
        late = observe(session, gears, asset).operation.id
    world.settle()
    told = [(one.kind, one.org) for one in world.entries() if one.subject == asset]
    assert told == [
        (Kind.REGISTERED, gears),
        (Kind.OBSERVED, gears),
        (Kind.TRANSFERRED, gears),
        (Kind.OBSERVED, wheels),
    ]
    assert [one.id for one in world.operations() if one.state == State.REJECTED] == [late]


def test_governance_acts_in_its_turn(world: World) -> None:
    [gears] = world.enrol("gears")
    [asset] = world.register(gears, "G-0")
    with writing(world.engine) as session:
        freezing = ask(session, None, asset, Frozen(bytes(32))).operation.id
        refused = observe(session, gears, asset).operation.id
    world.settle()
    with writing(world.engine) as session:
        ask(session, None, gears, Suspended(bytes(32)))
        ask(session, None, gears, Reinstated(bytes(32)))
    world.register(gears, "G-1")
    world.settle()
    after = {one.id: one for one in world.operations()}
    assert (world.state(freezing), after[freezing].position) == (State.DONE, 1)
    assert (after[refused].reason or {})["code"] == "AssetFrozen"
    assert world.states() == {State.DONE: 6, State.REJECTED: 1}
    # Enrolling wrote two entries: governance learns its positions from the chain.
    assert sorted(one.position for one in world.operations() if one.subject == gears) == [0, 2, 3]
    world.assert_exactly_once()


def test_a_position_that_others_took_is_replaced_unless_it_was_fixed(world: World) -> None:
    """Entries may come past the service; here, by a mirror that is behind."""
    [gears] = world.enrol("gears")
    [asset] = world.register(gears, "G-0")
    with writing(world.engine) as session:
        free = observe(session, gears, asset, next_position=5).operation.id
        fixed = observe(session, gears, asset, position=6, next_position=6).operation.id
        last = observe(session, gears, asset).operation.id
    world.settle()
    after = {one.id: one for one in world.operations()}
    assert (world.state(free), after[free].position) == (State.DONE, 1)
    assert (world.state(fixed), world.state(last)) == (State.REJECTED, State.DONE)
    assert after[last].position == 2
    world.assert_exactly_once()


def test_a_million_of_one_organisation_do_not_starve_another(world: World) -> None:
    gears, wheels = world.enrol("gears", "wheels")
    world.register(gears, *(f"G-{n}" for n in range(60)))
    [late] = world.register(wheels, "W-0")
    pace = replace(QUICK, entries=10, window=20)
    submitter = world.submitter(pace=pace)
    world.settle(submitter)
    [one] = [one for one in world.operations() if one.subject == late]
    first = min(t.nonce for t in world.transactions() if t.lane.endswith(_end(world)))
    assert one.nonce == first
    world.assert_exactly_once()


def test_done_operations_become_final(world: World) -> None:
    [gears] = world.enrol("gears")
    world.register(gears, "G-0")
    submitter = world.submitter()
    world.settle(submitter)
    for _ in range(4):
        world.rpc.call("evm_mine")
    world.settle(submitter, world.is_final)
    assert {one.state for one in world.operations()} == {State.FINAL}


def test_a_governor_without_its_role_rejects_nothing_and_says_so(world: World) -> None:
    right, world.governor = world.governor, KeystoreSigner(os.urandom(32))
    with writing(world.engine) as session:
        enrol(session, world.domain, "did:web:gears.example")
    submitter = world.submitter()
    for _ in range(3):
        submitter.step()
    with Session(world.engine) as session:
        [alarm] = find_alarms(session)
    assert alarm.code == "not_authorised:governor"
    assert world.states() == {State.QUEUED: 1}
    world.governor = right
    world.settle()
    with Session(world.engine) as session:
        assert find_alarms(session) == []


def test_positions_and_heads_agree_with_the_contract(world: World) -> None:
    [gears] = world.enrol("gears")
    [asset] = world.register(gears, "G-0")
    with writing(world.engine) as session:
        for _ in range(3):
            observe(session, gears, asset)
    world.settle()
    assert LedgerContract(world.rpc, world.target.contract).fetch_count(asset) == 4
