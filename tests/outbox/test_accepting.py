"""A request becomes one operation, however often and however concurrently it is sent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from ledger.database.engine import writing
from ledger.domain.kinds import Kind
from ledger.domain.payloads import Unfrozen
from ledger.outbox.conflicts import (
    AlreadyEnrolled,
    IdempotencyConflict,
    SerialTaken,
    WrongPosition,
)
from ledger.outbox.operations import OPERATOR, accept_entry, count_operations
from ledger.outbox.registrations import find_assets, find_registrations
from ledger.outbox.tables import Document, Operation, Role, State
from tests.outbox.asking import enrol, observe, organisation_of, register

DOMAIN = b"\x01" * 32
ORG = organisation_of(DOMAIN, "did:web:gears.example")
OTHER = organisation_of(DOMAIN, "did:web:wheels.example")


def test_a_serial_sent_again_gives_the_first_operation(engine: Engine) -> None:
    with writing(engine) as session:
        first = register(session, DOMAIN, ORG, "G-1").operation.id
    with writing(engine) as session:
        again = register(session, DOMAIN, ORG, "G-1")
        assert again.existing
        assert again.operation.id == first
        assert len(session.exec(select(Document)).all()) == 1


def test_a_serial_with_another_document_is_taken(engine: Engine) -> None:
    with writing(engine) as session:
        first = register(session, DOMAIN, ORG, "G-1").operation.subject
    with writing(engine) as session, pytest.raises(SerialTaken) as refused:
        register(session, DOMAIN, ORG, "G-1", text="another")
    assert refused.value.fields == {"serial": "G-1", "asset": f"0x{first.hex()}"}


def test_two_organisations_may_use_one_serial(engine: Engine) -> None:
    with writing(engine) as session:
        mine = register(session, DOMAIN, ORG, "G-1")
        theirs = register(session, DOMAIN, OTHER, "G-1")
        assert mine.operation.id != theirs.operation.id


def test_a_rejected_registration_gives_its_serial_free(engine: Engine) -> None:
    with writing(engine) as session:
        first = register(session, DOMAIN, ORG, "G-1").operation
        first.state = State.REJECTED
        rejected = first.id
    with writing(engine) as session:
        second = register(session, DOMAIN, ORG, "G-1", text="another")
        assert not second.existing
        assert second.operation.id != rejected
        found = find_registrations(session, ORG, ["G-1", "G-2"])
        assert [*found] == ["G-1"]
        assert found["G-1"].operation == second.operation.id
        assert [*find_assets(session, [second.operation.subject])] == [second.operation.subject]


def test_an_idempotency_key_stands_for_one_request(engine: Engine) -> None:
    with writing(engine) as session:
        first = register(session, DOMAIN, ORG, "G-1", key="k").operation.id
        assert register(session, DOMAIN, ORG, "G-1", key="k").operation.id == first
        assert not register(session, DOMAIN, OTHER, "G-1", key="k").existing
        with pytest.raises(IdempotencyConflict):
            register(session, DOMAIN, ORG, "G-2", key="k")


def test_a_key_that_met_a_known_serial_is_remembered_too(engine: Engine) -> None:
    with writing(engine) as session:
        register(session, DOMAIN, ORG, "G-1")
        assert register(session, DOMAIN, ORG, "G-1", key="k").existing
        with pytest.raises(IdempotencyConflict):
            register(session, DOMAIN, ORG, "G-2", key="k")


@pytest.mark.parametrize("key", ["k", None])
def test_concurrent_equal_registrations_make_one_operation(engine: Engine, key: str | None) -> None:
    def ask(_: int) -> str:
        with writing(engine) as session:
            return register(session, DOMAIN, ORG, "G-1", key=key).operation.id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(24)))) == 1
    with Session(engine) as session:
        assert count_operations(session)[State.QUEUED] == 1


def test_concurrent_equal_entries_make_one_operation(engine: Engine) -> None:
    with writing(engine) as session:
        asset = register(session, DOMAIN, ORG, "G-1").operation.subject

    def ask(_: int) -> str:
        with writing(engine) as session:
            return observe(session, ORG, asset, key="once").operation.id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(24)))) == 1


def test_entries_take_the_positions_after_those_on_their_way(engine: Engine) -> None:
    with writing(engine) as session:
        asset = register(session, DOMAIN, ORG, "G-1").operation.subject
        assert observe(session, ORG, asset).operation.position == 1
        assert observe(session, ORG, asset, position=2).operation.position_fixed
        assert observe(session, ORG, asset, next_position=7).operation.position == 7


def test_an_entry_at_another_position_is_a_conflict(engine: Engine) -> None:
    with writing(engine) as session:
        asset = register(session, DOMAIN, ORG, "G-1").operation.subject
        with pytest.raises(WrongPosition) as refused:
            observe(session, ORG, asset, position=3)
    assert refused.value.fields["expected"] == 1
    assert refused.value.fields["given"] == 3


def test_governance_is_the_operators_and_goes_by_its_own_lane(engine: Engine) -> None:
    with writing(engine) as session:
        asset = register(session, DOMAIN, ORG, "G-1").operation.subject
        accept_entry(
            session,
            org=None,
            subject=asset,
            kind=Kind.UNFROZEN,
            payload=Unfrozen(bytes(32)).encode(),
            position=None,
            next_position=None,
            document=None,
            idempotency_key=None,
            request_digest=bytes(32),
        )
    with Session(engine) as session:
        roles = [(row.org, row.role) for row in session.exec(select(Operation))]
    assert roles == [(ORG, Role.CUSTODIAN), (OPERATOR, Role.GOVERNOR)]


def test_an_organisation_is_enrolled_once_unless_it_was_rejected(engine: Engine) -> None:
    did = "did:web:gears.example"
    with writing(engine) as session:
        operation = enrol(session, DOMAIN, did).operation
        with pytest.raises(AlreadyEnrolled):
            enrol(session, DOMAIN, did)
        operation.state = State.REJECTED
        assert not enrol(session, DOMAIN, did).existing
