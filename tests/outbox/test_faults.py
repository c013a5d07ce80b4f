"""The chain may forget, the node may lie: what was accepted still happens exactly once."""

from __future__ import annotations

import os
import random
import threading
import time
from dataclasses import replace

import pytest
from sqlmodel import Session

from ledger.chain.contract import encode_freeze, encode_unfreeze
from ledger.chain.finality import DumpFinality
from ledger.chain.rpc import RpcClient
from ledger.chain.signers.keystore import KeystoreSigner
from ledger.chain.signers.transaction import TransactionFields
from ledger.database.engine import writing
from ledger.errors import NodeUnavailable, WrongChain
from ledger.outbox.alarms import find_alarms
from ledger.outbox.lanes import LeaseLost, acquire
from ledger.outbox.run import run
from ledger.outbox.tables import Lane, Role, State, Travel
from ledger.settings import Settings
from ledger.types import Address
from tests.faults.faults import Faults
from tests.faults.proxy import Proxy, Refusal, Upstream
from tests.outbox.asking import enrol, observe, register
from tests.outbox.world import QUICK, World


def alarms(world: World) -> list[str]:
    with Session(world.engine) as session:
        return [alarm.code for alarm in find_alarms(session)]


def send_foreign(world: World, signer: KeystoreSigner, data: bytes, to: Address) -> None:
    """A transaction past the outbox, at a fee that puts it first."""
    fields = TransactionFields(
        world.target.chain_id,
        world.rpc.fetch_nonce(signer.address, "pending"),
        to,
        data,
        10**6,
        10**12,
        10**11,
    )
    world.rpc.send_raw(signer.sign_transaction(fields))


@pytest.mark.parametrize(
    "fault",
    ["drop before", "drop after", "cut", "truncate", "duplicate", "swallow", "lie", "deny", "busy"],
)
def test_whatever_the_node_answers_to_a_broadcast(world: World, fault: str) -> None:
    [org] = world.enrol("gears")
    world.register(org, "G-0")
    left = 2

    def answer(body: bytes) -> bytes | Refusal:
        nonlocal left
        sends = b"eth_sendRawTransaction" in body
        left -= sends
        faults.rate = 1.0 if sends and left >= 0 else 0.0
        return faults.answer(body)

    draw = random.Random(0)  # noqa: S311
    with (
        Upstream(world.rpc.url) as node,
        Proxy(answer) as proxy,
        RpcClient(proxy.url, patience=0.0) as rpc,
    ):
        faults = Faults(node, None, None, lambda _: None, draw, mines_at_once=False, only=fault)
        submitter = world.submitter(rpc)
        for _ in range(500):
            try:
                submitter.step()
            except NodeUnavailable:
                continue
            if world.is_settled():
                break
            time.sleep(0.005)
    assert world.states() == {State.DONE: 2}
    assert len(world.versions()) == 2
    world.assert_exactly_once()


def test_entries_that_a_reorganisation_dropped_are_sent_again(world: World) -> None:
    [org] = world.enrol("gears")
    submitter = world.submitter()
    for number in range(6):
        world.register(org, f"G-{number}")
        world.settle(submitter)
    before = {one.hash for one in world.versions()}
    world.rpc.call("anvil_reorg", 5, [])
    world.settle(submitter, until=lambda: len(world.entries()) == 8 and world.is_settled())
    assert {one.hash for one in world.versions()} == before
    world.assert_exactly_once()


def test_a_landing_hides_no_reorganisation_below_it(world: World) -> None:
    """Found by a fault schedule: what was seen of the chain jumped to the new block."""
    [org] = world.enrol("gears")
    [asset] = world.register(org, "G-0")
    submitter = world.submitter(pace=replace(QUICK, head=60.0, settle=60.0))
    world.settle(submitter)
    submitter._next_check = 0.0
    submitter.step()  # it has seen the block of the registration
    world.rpc.call("anvil_reorg", 1, [])
    with writing(world.engine) as session:
        enrol(session, world.domain, "did:web:other.example")
    while world.states()[State.DONE] < 3:  # it looks at no head meanwhile
        submitter.step()
    submitter._next_check = 0.0
    submitter.step()
    lost = [one for one in world.operations() if one.subject == asset]
    assert [one.state for one in lost] == [State.SENT]
    submitter.pace = QUICK
    world.settle(world.submitter())
    world.assert_exactly_once()


def test_entries_that_a_killed_chain_lost_are_sent_again(world: World) -> None:
    world.finality = DumpFinality(world.folder / "chain" / "final.json")
    [org] = world.enrol("gears")
    world.anvil.dump()
    for number in range(3):
        world.register(org, f"G-{number}")
        world.settle()
    world.restart_chain()
    assert len(world.entries()) == 2
    world.settle(until=lambda: len(world.entries()) == 5 and world.is_settled())
    world.assert_exactly_once()
    assert alarms(world) == []


def test_what_was_final_and_is_gone_is_sent_again_with_an_alarm(world: World) -> None:
    world.finality = DumpFinality(world.folder / "chain" / "final.json")
    [org] = world.enrol("gears")
    world.anvil.dump()
    world.register(org, "G-0", "G-1")
    world.settle()
    world.anvil.dump()
    world.settle(until=world.is_final)
    world.restart_chain(spare=1)
    assert len(world.entries()) == 2
    world.settle(until=lambda: len(world.entries()) == 4 and world.is_settled())
    world.assert_exactly_once()
    assert alarms(world) == ["final_undone"]
    world.anvil.dump()
    world.settle(until=world.is_final)
    assert alarms(world) == []


@pytest.mark.parametrize("blocks", [0, 3])
def test_a_refusal_for_want_of_what_a_reorganisation_took_is_none(
    world: World, blocks: int
) -> None:
    [org] = world.enrol("gears")
    world.rpc.call("anvil_mine", hex(blocks))
    submitter = world.submitter()
    submitter.step()
    submitter._next_check = float("inf")  # it looks no more, unless a refusal makes it
    world.rpc.call("anvil_reorg", blocks + 1, [])
    world.register(org, "G-0")
    world.settle(submitter, until=lambda: len(world.entries()) == 3 and world.is_settled())
    assert world.states() == {State.DONE: 2}
    world.assert_exactly_once()


def test_a_transaction_that_fails_gives_its_operations_back_once_that_is_final(
    world: World,
) -> None:
    [org] = world.enrol("gears")
    frozen, melted = world.register(org, "G-0", "G-1")
    world.settle()
    world.rpc.call("evm_setAutomine", False)
    with writing(world.engine) as session:
        refused = observe(session, org, frozen).operation.id
        moved = observe(session, org, melted).operation.id
        register(session, world.domain, org, "G-2")
    submitter = world.submitter()
    submitter.step()
    for subject in (frozen, melted):
        freeze = encode_freeze(subject, bytes(32))
        send_foreign(world, world.governor, freeze, world.target.contract)
    world.rpc.call("evm_mine")
    for _ in range(5):
        submitter.step()
        time.sleep(0.01)
    assert Travel.FAILED in {one.state for one in world.transactions()}
    assert world.state(refused) == world.state(moved) == State.SENT
    send_foreign(world, world.governor, encode_unfreeze(melted, bytes(32)), world.target.contract)
    world.rpc.call("evm_setAutomine", True)
    for _ in range(4):
        world.rpc.call("evm_mine")
    world.settle(submitter)
    after = {one.id: one for one in world.operations()}
    assert (after[refused].reason or {})["code"] == "AssetFrozen"
    assert (world.state(moved), after[moved].position) == (State.DONE, 3)
    assert world.states() == {State.DONE: 5, State.REJECTED: 1}


def test_a_stuck_transaction_is_replaced_at_a_higher_fee(world: World) -> None:
    [org] = world.enrol("gears")
    world.rpc.call("evm_setAutomine", False)
    world.register(org, "G-0")
    submitter = world.submitter(pace=replace(QUICK, stuck=0.05))
    submitter.step()
    [first] = [one for one in world.versions() if one.lane.endswith(world.custodian.address.hex())]
    world.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(first.max_fee * 3))
    world.rpc.call("evm_mine")
    deadline = time.monotonic() + 10
    while not world.is_settled() and time.monotonic() < deadline:
        submitter.step()
        world.rpc.call("evm_mine")
        time.sleep(0.05)
    versions = [one for one in world.versions() if one.lane == first.lane]
    assert len(versions) >= 2
    assert {one.nonce for one in versions} == {0}
    assert world.states() == {State.DONE: 2}
    world.assert_exactly_once()


def test_a_sender_without_funds_says_what_it_needs_and_goes_on_when_it_has_it(
    world: World,
) -> None:
    [org] = world.enrol("gears")
    sender = f"0x{world.custodian.address.hex()}"
    world.rpc.call("anvil_setBalance", sender, "0x0")
    world.register(org, "G-0")
    submitter = world.submitter()
    deadline = time.monotonic() + 10
    while not alarms(world) and time.monotonic() < deadline:
        submitter.step()
        time.sleep(0.02)
    assert alarms(world) == [f"insufficient_funds:{world.target.chain_id}:{sender}"]
    world.rpc.call("anvil_setBalance", sender, hex(10**21))
    world.settle(submitter)
    assert alarms(world) == []
    world.assert_exactly_once()


def test_a_submitter_whose_lease_was_taken_over_can_neither_sign_nor_settle(world: World) -> None:
    [org] = world.enrol("gears")
    old = world.submitter()
    new = world.submitter()
    world.register(org, "G-0")
    with pytest.raises(LeaseLost):
        old.step()
    world.settle(new)
    assert len(world.transactions()) == 2
    world.assert_exactly_once()


def test_a_lease_is_not_given_while_its_holder_lives(world: World) -> None:
    submitter = world.submitter()
    lane = submitter.held[0].lease.lane
    me = f"{os.uname().nodename}/{os.getpid()}/me"
    assert acquire(world.engine, lane, "test", 60) is not None
    assert acquire(world.engine, lane, me, 60) is None
    with writing(world.engine) as session:
        session.get_one(Lane, lane).lease_holder = me
    assert acquire(world.engine, lane, "other", 60) is None
    with writing(world.engine) as session:
        session.get_one(Lane, lane).lease_holder = f"{os.uname().nodename}/999999999/dead"
    assert acquire(world.engine, lane, "other", 60) is not None


# -- the whole run ---------------------------------------------------------------------------


def start_run(world: World, stop: threading.Event) -> threading.Thread:
    settings = Settings(
        data=world.folder, rpc_url=world.rpc.url, database_url=str(world.engine.url)
    )
    signers = {Role.CUSTODIAN: [world.custodian], Role.GOVERNOR: [world.governor]}
    thread = threading.Thread(
        target=run, args=(settings, world.target, signers, world.finality, stop, QUICK)
    )
    thread.start()
    return thread


def wait_for(condition) -> None:  # type: ignore[no-untyped-def]
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_run_outlives_the_node(world: World) -> None:
    world.finality = DumpFinality(world.folder / "chain" / "final.json")
    stop = threading.Event()
    thread = start_run(world, stop)
    try:
        with writing(world.engine) as session:
            org = enrol(session, world.domain, "did:web:gears.example").operation.subject
        wait_for(world.is_settled)
        world.anvil.dump()
        world.register(org, "G-0")
        wait_for(world.is_settled)
        world.restart_chain()
        world.register(org, "G-1")
        wait_for(lambda: world.is_settled() and len(world.entries()) == 4)
    finally:
        stop.set()
        thread.join(10)
    assert not thread.is_alive()
    world.assert_exactly_once()


def test_the_run_halts_on_another_chain_and_sends_nothing_to_it(world: World) -> None:
    [org] = world.enrol("gears")
    world.register(org, "G-0")
    settings = Settings(
        data=world.folder, rpc_url=world.rpc.url, database_url=str(world.engine.url)
    )
    signers = {Role.CUSTODIAN: [world.custodian], Role.GOVERNOR: [world.governor]}
    elsewhere = replace(world.target, genesis_hash=bytes(32))
    with pytest.raises(WrongChain, match="first block"):
        run(settings, elsewhere, signers, world.finality, threading.Event(), QUICK)
    assert alarms(world) == ["wrong_chain"]
    assert world.states()[State.QUEUED] == 1
