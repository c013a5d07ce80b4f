"""What sets some kinds apart on their way: consequences, governance over the whole, a pause."""

from __future__ import annotations

import os

import pytest
from sqlmodel import Session

from ledger.chain.contract import LedgerContract, encode_pause, encode_resume
from ledger.chain.signers.transaction import TransactionFields
from ledger.database.engine import writing
from ledger.domain.kinds import CONSEQUENCES, Kind
from ledger.domain.payloads import (
    Accepted,
    Attested,
    BatchRegistered,
    Dismounted,
    Mounted,
    Observed,
    Offered,
    Paused,
    Resumed,
    SchemaPublished,
    SuccessorNamed,
    TitleForced,
)
from ledger.hashing import keccak, subject_id
from ledger.outbox.alarms import find_alarms
from ledger.outbox.appending import accept_entry
from ledger.outbox.conflicts import WrittenByTheLedger
from ledger.outbox.queue import choose
from ledger.outbox.tables import Role, State
from ledger.types import ZERO_HASH, Hash32, Party
from tests.outbox.asking import ask, observe, register
from tests.outbox.world import World

REASON = keccak(b"reason")


def govern(world: World, calldata: bytes) -> None:
    """An act of governance that comes past the service."""
    rpc, governor = world.rpc, world.governor
    nonce = rpc.fetch_nonce(governor.address)
    fields = TransactionFields(
        rpc.chain_id(), nonce, world.target.contract, calldata, 10**6, 10**10, 1
    )
    sent = rpc.send_raw(governor.sign_transaction(fields))
    while (receipt := rpc.find_receipt(sent)) is None:
        rpc.call("evm_mine")
    assert receipt.succeeded


def alarms(world: World) -> list[str]:
    with Session(world.engine) as session:
        return [alarm.code for alarm in find_alarms(session)]


def kinds_of(world: World, subject: Hash32) -> list[Kind]:
    return [one.kind for one in world.entries() if one.subject == subject]


@pytest.mark.parametrize("kind", [*CONSEQUENCES, Kind.FOUNDED])
def test_what_the_ledger_writes_itself_is_never_queued(world: World, kind: Kind) -> None:
    with writing(world.engine) as session, pytest.raises(WrittenByTheLedger):
        accept_entry(
            session,
            org=keccak(b"org"),
            subject=keccak(b"asset"),
            kind=kind,
            payload=bytes(32),
            position=None,
            next_position=None,
            document=None,
            idempotency_key=None,
            request_digest=REASON,
        )
    assert world.operations() == []


def test_parts_are_mounted_while_the_parent_is_written_to(world: World) -> None:
    """Each mounting takes a position of the parent's that nobody asked for."""
    [gears] = world.enrol("gears")
    parent, *parts = world.register(gears, *(f"G-{n}" for n in range(4)))
    with writing(world.engine) as session:
        for part in parts:
            observe(session, gears, parent)
            ask(session, gears, part, Mounted(parent))
        ask(session, gears, parts[0], Dismounted(parent))
        last = observe(session, gears, parent).operation.id
    world.settle()
    assert world.states() == {State.DONE: 1 + 4 + 8}
    told = kinds_of(world, parent)
    assert told.count(Kind.PART_ADDED) == 3
    assert told.count(Kind.PART_REMOVED) == 1
    [after] = [one for one in world.operations() if one.id == last]
    assert after.position == len(told) - 1
    world.assert_exactly_once()


def test_a_parent_waits_while_its_part_s_mounting_is_under_way(world: World) -> None:
    """Its next position is known only then; a wrong one would fail the whole transaction."""
    [gears] = world.enrol("gears")
    parent, part = world.register(gears, "G-0", "G-1")
    world.settle()
    world.rpc.call("evm_setAutomine", False)
    submitter = world.submitter()
    with writing(world.engine) as session:
        mounting = ask(session, gears, part, Mounted(parent)).operation.id
    world.settle(submitter, lambda: world.state(mounting) == State.SENT)
    with writing(world.engine) as session:
        observe(session, gears, parent)
        assert chosen(session) == []
        other = register(session, world.domain, gears, "G-9").operation.subject
        assert chosen(session) == [other]
    world.rpc.call("evm_setAutomine", True)
    world.rpc.call("evm_mine")
    world.settle(submitter)
    assert all(one.state != "failed" for one in world.transactions())
    world.assert_exactly_once()


def test_what_is_told_a_position_behind_a_mounting_does_not_overtake_it(world: World) -> None:
    """Whose turn it is does not matter: what was told where it is to stand has to stand there."""
    gears, motors = world.enrol("gears", "motors")
    parent, *parts = world.register(gears, *(f"G-{number}" for number in range(7)))
    published = SchemaPublished(REASON, ZERO_HASH)
    schema = subject_id(world.domain, Kind.SCHEMA_PUBLISHED, gears, published.encode())
    with writing(world.engine) as session:
        ask(session, gears, schema, published)
    world.settle()
    with writing(world.engine) as session:
        for part in parts:
            ask(session, gears, part, Mounted(parent))
        attested = ask(session, motors, parent, Attested(schema, REASON, 0)).operation.id
        some = [one.entry.subject for one in choose(session, Role.CUSTODIAN, 4, 100)]
        assert some == parts[:3]
    world.settle()
    [found] = [one for one in world.operations() if one.id == attested]
    assert found.position == 7
    assert kinds_of(world, parent)[7] == Kind.ATTESTED
    world.assert_exactly_once()


def chosen(session: Session) -> list[Hash32]:
    return [one.entry.subject for one in choose(session, Role.CUSTODIAN, 10, 100)]


def test_entries_wait_while_the_ledger_is_paused_and_go_on_when_it_resumes(world: World) -> None:
    [gears] = world.enrol("gears")
    govern(world, encode_pause(REASON))
    [asset] = world.register(gears, "G-0")
    with writing(world.engine) as session:
        observe(session, gears, asset)
    submitter = world.submitter()
    for _ in range(3):
        submitter.step()
    assert world.states() == {State.DONE: 1, State.QUEUED: 2}
    assert alarms(world) == ["ledger_paused:custodian"]
    # Governance acts all the same.
    with writing(world.engine) as session:
        forcing = ask(session, None, keccak(b"nothing"), TitleForced(gears, REASON)).operation.id
    world.settle(submitter, lambda: world.state(forcing) == State.REJECTED)
    govern(world, encode_resume(REASON))
    world.settle(submitter)
    assert world.states() == {State.DONE: 3, State.REJECTED: 1}
    assert alarms(world) == []
    assert kinds_of(world, asset) == [Kind.REGISTERED, Kind.OBSERVED]


def test_what_a_pause_overtook_on_its_way_is_sent_again(world: World) -> None:
    [gears] = world.enrol("gears")
    submitter = world.submitter()
    world.rpc.call("evm_setAutomine", False)
    [asset] = world.register(gears, "G-0")
    world.settle(submitter, lambda: world.states()[State.SENT] == 1)
    # A higher tip: the pause comes first in the block, though it was sent last.
    rpc, governor = world.rpc, world.governor
    fields = TransactionFields(
        rpc.chain_id(),
        rpc.fetch_nonce(governor.address),
        world.target.contract,
        encode_pause(REASON),
        10**6,
        10**12,
        10**11,
    )
    rpc.send_raw(governor.sign_transaction(fields))
    rpc.call("evm_mine")
    rpc.call("evm_setAutomine", True)
    for _ in range(4):
        rpc.call("evm_mine")
    paused = LedgerContract(rpc, world.target.contract)
    assert paused.fetch_paused()
    assert paused.fetch_count(asset) == 0
    world.settle(submitter, lambda: alarms(world) == ["ledger_paused:custodian"])
    govern(world, encode_resume(REASON))
    world.settle(submitter)
    assert kinds_of(world, asset) == [Kind.REGISTERED]


def test_governance_over_the_whole_ledger_travels_by_functions_of_its_own(world: World) -> None:
    gears, wheels = world.enrol("gears", "wheels")
    [asset] = world.register(gears, "G-0")
    contract = LedgerContract(world.rpc, world.target.contract)
    founding = contract.fetch_founding()
    with writing(world.engine) as session:
        ask(session, None, founding, Paused(REASON))
        ask(session, None, founding, SuccessorNamed(b"\x05" * 20, REASON))
        ask(session, None, founding, Resumed(REASON))
    world.settle()
    with writing(world.engine) as session:
        ask(session, None, asset, TitleForced(wheels, REASON))
    world.settle()
    assert contract.fetch_party(asset, Party.OWNER) == wheels[12:]
    assert not contract.fetch_paused()
    assert world.states() == {State.DONE: 7}
    world.assert_exactly_once()


def test_what_depends_on_one_another_may_be_asked_at_once(world: World) -> None:
    gears, wheels = world.enrol("gears", "wheels")
    published = SchemaPublished(os.urandom(32), ZERO_HASH)
    schema = subject_id(world.domain, published.KIND, gears, published.encode())
    born = BatchRegistered(gears, schema, os.urandom(32), 3, os.urandom(32))
    batch = subject_id(world.domain, born.KIND, gears, born.encode())
    member = batch[:31] + b"\x02"
    with writing(world.engine) as session:
        ask(session, gears, schema, published)
        ask(session, gears, batch, born)
        ask(session, gears, member, Offered(Party.CUSTODIAN, wheels, 0), next_position=1)
        ask(session, wheels, member, Accepted(Party.CUSTODIAN))
        ask(session, wheels, member, Attested(schema, os.urandom(32), 0))
        ask(session, wheels, member, Observed(os.urandom(32)))
    world.settle()
    assert world.states() == {State.DONE: 8}
    assert [one.position for one in world.entries() if one.subject == member] == [1, 2, 3, 4]
    world.assert_exactly_once()
