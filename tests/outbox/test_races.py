"""Requests for many that race for the same serials and keys make one operation of each."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, func, select

from ledger.database.engine import writing
from ledger.hashing import sha256
from ledger.outbox.conflicts import AlreadyEnrolled, IdempotencyConflict
from ledger.outbox.known import AcceptedAsset
from ledger.outbox.once import Asked, accept_once
from ledger.outbox.operations import OPERATOR, accept_enrolment
from ledger.outbox.registering import OF_MANY, Outcome, accept_registrations
from ledger.outbox.tables import Document, Operation, Registration, Request, State
from tests.outbox.asking import has_room, keep_nowhere, organisation_of, prepare, register

DOMAIN = b"\x01" * 32
ORG = organisation_of(DOMAIN, "did:web:gears.example")
MANY = 60


@pytest.fixture
def engine(shared_engine: Engine) -> Engine:
    return shared_engine


@pytest.mark.parametrize("keyed", [False, True])
@pytest.mark.parametrize("freed", [False, True])
def test_each_serial_becomes_one_operation(engine: Engine, keyed: bool, freed: bool) -> None:
    name = f"{keyed}-{freed}"
    serials = [f"{name}-{number:02d}" for number in range(MANY)]
    if freed:
        with writing(engine) as session:
            for serial in serials[::3]:
                register(session, DOMAIN, ORG, serial).operation.state = State.REJECTED

    def ask(number: int) -> list[Outcome]:
        some = serials[:: -1 if number % 2 else 1][number:]
        wanted = [prepare(DOMAIN, ORG, each, key=each if keyed else None) for each in some]
        with writing(engine) as session:
            return accept_registrations(session, wanted, has_room, keep_nowhere)

    with ThreadPoolExecutor(6) as pool:
        outcomes = [one for each in pool.map(ask, range(12)) for one in each]
    accepted = [one for one in outcomes if isinstance(one, AcceptedAsset)]
    assert len(accepted) == len(outcomes)
    assert len({one.operation for one in accepted}) == MANY
    assert sum(not one.existing for one in accepted) == MANY
    with Session(engine) as session:
        given = select(Registration.operation).where(col(Registration.serial).in_(serials))
        assert set(session.exec(given)) == {one.operation for one in accepted}
        known = select(func.count()).select_from(Operation)
        queued = known.where(
            col(Operation.id).in_({one.operation for one in accepted}),
            Operation.state == State.QUEUED,
        )
        assert session.exec(queued).one() == MANY
        hashes = {one.content_hash for one in accepted}
        documents = select(func.count()).where(col(Document.content_hash).in_(hashes))
        assert session.exec(documents).one() == MANY


def test_a_key_of_a_whole_request_goes_to_one_of_those_that_race(engine: Engine) -> None:
    def ask(number: int) -> str:
        whole = Asked(ORG, "whole", sha256(bytes([number % 2])))
        wanted = [prepare(DOMAIN, ORG, f"whole-{number % 2}")]
        try:
            with writing(engine) as session:
                accept_registrations(session, wanted, has_room, keep_nowhere, whole)
        except IdempotencyConflict:
            return "refused"
        return "accepted"

    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(ask, range(12)))
    assert sorted(told) == ["accepted"] * 6 + ["refused"] * 6
    with Session(engine) as session:
        row = session.exec(select(Request).where(Request.key == "whole")).one()
        assert row.operation == OF_MANY
        serial = col(Registration.serial).like("whole-%")
        assert len(session.exec(select(Registration).where(serial)).all()) == 1


def test_a_request_that_was_accepted_while_it_was_looked_for_stood_in_its_own_way(
    engine: Engine,
) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("its writers take turns")
    did, digest = "did:web:between.example", sha256(b"between")
    org = organisation_of(DOMAIN, did)
    first: list[str] = []

    def find() -> None:
        with writing(engine) as other:
            accepted = accept_enrolment(
                other,
                did=did,
                name=did,
                subject=org,
                idempotency_key="between",
                request_digest=digest,
            )
            first.append(accepted.operation.id)
        raise AlreadyEnrolled(did, org)

    def make() -> Operation:
        raise AssertionError("it is there")

    with writing(engine) as session:
        again = accept_once(session, Asked(OPERATOR, "between", digest), find, make)
        assert again.existing
        assert again.operation.id == first[0]
    with pytest.raises(AlreadyEnrolled), writing(engine) as session:
        accept_once(session, Asked(OPERATOR, "another", digest), find, make)
