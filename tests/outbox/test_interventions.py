"""Cancelling and trying again: what waits can be taken back, what was refused can be asked anew."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from ledger.chain.contract import encode_freeze, encode_unfreeze
from ledger.chain.rpc import RpcClient
from ledger.database.engine import reading, writing
from ledger.outbox.conflicts import WrongPosition
from ledger.outbox.failpoints import arm
from ledger.outbox.interventions import OperationUnderWay, Superseded, cancel, retry
from ledger.outbox.keys import Credential
from ledger.outbox.lanes import LeaseLost
from ledger.outbox.operations import find_operation
from ledger.outbox.tables import Operation, State
from ledger.types import Hash32
from tests.outbox.asking import enrol, observe, register
from tests.outbox.test_faults import send_foreign
from tests.outbox.world import World


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    url = None
    if request.param == "postgresql":
        url = request.getfixturevalue("new_database")()
    made = World.make(tmp_path, url)
    yield made
    made.close()


ME = Credential(org=None, prefix="testtest")


def cancelled(engine: Engine, operation: str, by: Credential = ME) -> Operation:
    with writing(engine) as session:
        found = find_operation(session, operation)
        assert found is not None
        rejected = cancel(session, found, by)
        session.expunge(rejected)
        return rejected


def retried(engine: Engine, operation: str, next_position: int | None = None) -> Operation:
    with writing(engine) as session:
        found = find_operation(session, operation)
        assert found is not None
        queued = retry(session, found, next_position)
        session.flush()
        session.refresh(queued)
        session.expunge(queued)
        return queued


def stands(engine: Engine, operation: str) -> str:
    with reading(engine) as session:
        found = find_operation(session, operation)
        assert found is not None
        return found.state


@pytest.fixture
def org(world: World) -> Hash32:
    return world.enrol("gears")[0]


def asked(world: World, org: Hash32, serial: str) -> str:
    with writing(world.engine) as session:
        return register(session, world.domain, org, serial).operation.id


# -- cancelling ------------------------------------------------------------------------------


def test_what_waits_is_rejected_with_who_and_when(world: World, org: Hash32) -> None:
    operation = asked(world, org, "G-0")
    found = cancelled(world.engine, operation, Credential(org, "aprefix8"))
    assert found.state == State.REJECTED
    assert found.reason is not None
    assert found.reason["code"] == "cancelled"
    assert found.reason["values"]["by"] == f"0x{org.hex()}"
    assert found.reason["values"]["key"] == "aprefix8"
    assert found.reason["values"]["at"].endswith("Z")
    world.settle()
    world.assert_exactly_once()


def test_cancelling_twice_changes_nothing_more(world: World, org: Hash32) -> None:
    operation = asked(world, org, "G-0")
    first = cancelled(world.engine, operation, Credential(org, "aprefix8"))
    again = cancelled(world.engine, operation)
    assert (again.reason, again.updated_at) == (first.reason, first.updated_at)


def test_what_is_sent_cannot_be_taken_back(world: World, org: Hash32) -> None:
    operation = asked(world, org, "G-0")
    world.rpc.call("evm_setAutomine", False)
    submitter = world.submitter()
    submitter.step()
    with pytest.raises(OperationUnderWay, match="is sent") as refused:
        cancelled(world.engine, operation)
    assert refused.value.fields["state"] == "sent"
    world.rpc.call("evm_setAutomine", True)
    world.rpc.call("evm_mine")
    world.settle(submitter)
    with pytest.raises(OperationUnderWay, match="is done"):
        cancelled(world.engine, operation)


def test_a_cancelled_registration_gives_its_serial_free(world: World, org: Hash32) -> None:
    operation = asked(world, org, "G-0")
    cancelled(world.engine, operation)
    with writing(world.engine) as session:
        other = register(session, world.domain, org, "G-0", text="another document")
        assert not other.existing
    world.settle()
    assert world.states() == {State.DONE: 2, State.REJECTED: 1}
    world.assert_exactly_once()


def test_what_follows_a_cancelled_entry_takes_its_position(world: World, org: Hash32) -> None:
    [asset] = world.register(org, "G-0")
    world.settle()
    with writing(world.engine) as session:
        first = observe(session, org, asset, text="1").operation.id
        second = observe(session, org, asset, text="2").operation.id
    cancelled(world.engine, first)
    world.settle()
    [after] = [one for one in world.operations() if one.id == second]
    assert (world.state(second), after.position) == (State.DONE, 1)
    world.assert_exactly_once()


# -- the race with signing -------------------------------------------------------------------


def test_cancelling_while_it_is_being_signed_comes_too_late(world: World, org: Hash32) -> None:
    operation = asked(world, org, "G-0")
    with ThreadPoolExecutor(1) as pool:
        begun: list[Any] = []

        def begin(point: str) -> None:
            if point == "before signing is committed":
                begun.append(pool.submit(cancelled, world.engine, operation))

        arm(begin)
        try:
            world.settle()
        finally:
            arm(None)
        with pytest.raises(OperationUnderWay):
            begun[0].result(10)
    assert world.state(operation) == State.DONE
    world.assert_exactly_once()


class Interrupting(RpcClient):
    """Does something else, once, while an operation is being tried."""

    act: Callable[[], object] | None = None

    def batch(self, calls: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        self._interrupt(calls[0][0] if calls else "")
        return super().batch(calls)

    def fetch(self, method: str, *params: object) -> Any:
        self._interrupt(method)
        return super().fetch(method, *params)

    def _interrupt(self, method: str) -> None:
        if method in ("eth_call", "eth_estimateGas") and self.act is not None:
            act, self.act = self.act, None
            act()


def test_what_is_cancelled_while_it_is_tried_is_not_signed(world: World, org: Hash32) -> None:
    operation, other = asked(world, org, "G-0"), asked(world, org, "G-1")
    with Interrupting(world.rpc.url, patience=0.0) as rpc:
        rpc.act = lambda: cancelled(world.engine, operation)
        submitter = world.submitter(rpc)
        with pytest.raises(LeaseLost, match="no longer queued"):
            submitter.step()
        world.settle(submitter)
    assert (world.state(operation), world.state(other)) == (State.REJECTED, State.DONE)
    world.assert_exactly_once()


def test_every_cancelling_either_wins_or_comes_too_late(world: World, org: Hash32) -> None:
    operations = [asked(world, org, f"G-{number}") for number in range(40)]
    stop, fates = threading.Event(), dict[str, str]()
    submitter = world.submitter()

    def send() -> None:
        while not (stop.is_set() and world.is_settled()):
            try:
                time.sleep(min(submitter.step(), 0.005))
            except LeaseLost:
                continue

    def meddle(operation: str) -> None:
        time.sleep(secrets.randbelow(200) / 1000)
        try:
            cancelled(world.engine, operation)
            fates[operation] = State.REJECTED
        except OperationUnderWay:
            fates[operation] = State.DONE

    with ThreadPoolExecutor(9) as pool:
        sending = pool.submit(send)
        for meddling in [pool.submit(meddle, one) for one in operations]:
            meddling.result(30)
        stop.set()
        sending.result(30)
    assert {one: world.state(one) for one in operations} == fates
    world.assert_exactly_once()


# -- trying again ----------------------------------------------------------------------------


def frozen(world: World, org: Hash32) -> tuple[Hash32, str]:
    """An asset, and an observation of it that was rejected because the asset was frozen."""
    [asset] = world.register(org, "G-0")
    world.settle()
    freeze(world, encode_freeze(asset, bytes(32)))
    with writing(world.engine) as session:
        refused = observe(session, org, asset).operation.id
    world.settle()
    assert stands(world.engine, refused) == State.REJECTED
    return asset, refused


def freeze(world: World, call: bytes) -> None:
    """An act of governance past the outbox, by a governor whose lane is done with its work."""
    before = world.rpc.fetch_nonce(world.governor.address)
    send_foreign(world, world.governor, call, world.target.contract)
    while world.rpc.fetch_nonce(world.governor.address) == before:
        time.sleep(0.01)


def test_a_rejected_entry_is_tried_again_at_the_next_position(world: World, org: Hash32) -> None:
    asset, refused = frozen(world, org)
    freeze(world, encode_unfreeze(asset, bytes(32)))
    queued = retried(world.engine, refused, next_position=3)
    assert (queued.id, queued.state, queued.reason) == (refused, State.QUEUED, None)
    world.settle()
    [after] = [one for one in world.operations() if one.id == refused]
    assert (world.state(refused), after.position) == (State.DONE, 3)
    assert len([one for one in world.entries() if one.subject == asset]) == 4


def test_what_is_still_forbidden_is_rejected_once_more(world: World, org: Hash32) -> None:
    _, refused = frozen(world, org)
    retried(world.engine, refused)
    world.settle()
    [after] = [one for one in world.operations() if one.id == refused]
    assert (after.reason or {})["code"] == "AssetFrozen"


def test_a_cancelled_registration_can_be_tried_again(world: World, org: Hash32) -> None:
    operation = asked(world, org, "G-0")
    cancelled(world.engine, operation)
    retried(world.engine, operation)
    world.settle()
    assert world.state(operation) == State.DONE
    world.assert_exactly_once()


def test_a_registration_whose_serial_was_given_away_is_not_tried_again(
    world: World, org: Hash32
) -> None:
    operation = asked(world, org, "G-0")
    cancelled(world.engine, operation)
    asked(world, org, "G-0")
    with pytest.raises(Superseded):
        retried(world.engine, operation)
    world.settle()
    world.assert_exactly_once()


def test_an_enrolment_that_was_asked_for_again_is_not_tried_again(world: World) -> None:
    with writing(world.engine) as session:
        first = enrol(session, world.domain, "did:web:gears.example").operation.id
    cancelled(world.engine, first)
    with writing(world.engine) as session:
        enrol(session, world.domain, "did:web:gears.example")
    with pytest.raises(Superseded):
        retried(world.engine, first)


def test_a_fixed_position_that_is_taken_is_not_tried_again(world: World, org: Hash32) -> None:
    [asset] = world.register(org, "G-0")
    world.settle()
    with writing(world.engine) as session:
        first = observe(session, org, asset, position=1, next_position=1).operation.id
    cancelled(world.engine, first)
    with writing(world.engine) as session:
        observe(session, org, asset, position=1, next_position=1, text="2")
    with pytest.raises(WrongPosition) as refused:
        retried(world.engine, first, next_position=1)
    assert refused.value.fields["expected"] == 2


def test_trying_again_takes_nobody_s_fixed_position(world: World, org: Hash32) -> None:
    [asset] = world.register(org, "G-0")
    world.settle()
    with writing(world.engine) as session:
        first = observe(session, org, asset).operation.id
    cancelled(world.engine, first)
    with writing(world.engine) as session:
        fixed = observe(session, org, asset, position=1, next_position=1, text="2").operation.id
    assert retried(world.engine, first, next_position=1).position == 2
    world.settle()
    assert (world.state(first), world.state(fixed)) == (State.DONE, State.DONE)
    world.assert_exactly_once()


def test_only_what_was_rejected_is_tried_again(world: World, org: Hash32) -> None:
    operation = asked(world, org, "G-0")
    waits = retried(world.engine, operation)
    assert waits.state == State.QUEUED
    world.settle()
    with pytest.raises(OperationUnderWay, match="is done"):
        retried(world.engine, operation)
    world.assert_exactly_once()


def test_trying_again_at_once_from_many_sides_has_one_effect(world: World, org: Hash32) -> None:
    operation = asked(world, org, "G-0")
    cancelled(world.engine, operation)
    with ThreadPoolExecutor(8) as pool:
        states = [
            one.result().state
            for one in [pool.submit(retried, world.engine, operation) for _ in range(8)]
        ]
    assert states == [State.QUEUED] * 8
    world.settle()
    assert world.states() == {State.DONE: 2}
    world.assert_exactly_once()
