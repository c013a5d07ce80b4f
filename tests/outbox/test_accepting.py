"""A request becomes one operation, however often and however concurrently it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, delete, select

from ledger.database.engine import writing
from ledger.documents.packs import Place
from ledger.documents.sealing import Sealed
from ledger.domain.kinds import Kind
from ledger.domain.payloads import Unfrozen
from ledger.outbox.appending import accept_entry
from ledger.outbox.conflicts import (
    AlreadyEnrolled,
    IdempotencyConflict,
    SerialTaken,
    WrongPosition,
)
from ledger.outbox.known import AcceptedAsset
from ledger.outbox.operations import OPERATOR, count_operations
from ledger.outbox.registering import Outcome, Registering, accept_registrations
from ledger.outbox.registrations import find_assets, find_registrations
from ledger.outbox.tables import Document, Operation, Registration, Request, Role, State
from ledger.types import Hash32
from tests.outbox.asking import (
    enrol,
    has_room,
    keep_nowhere,
    observe,
    organisation_of,
    prepare,
    register,
)

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


def ask_many(session: Session, *wanted: Registering, **more: Any) -> list[Outcome]:
    admit = more.get("admit", has_room)
    return accept_registrations(session, wanted, admit, more.get("keep", keep_nowhere))


def test_many_are_accepted_in_their_order(engine: Engine) -> None:
    wanted = [prepare(DOMAIN, ORG, f"G-{n}") for n in range(50)]
    with writing(engine) as session:
        outcomes = ask_many(session, *wanted)
    assert [one.asset for one in outcomes if isinstance(one, AcceptedAsset)] == [
        one.subject for one in wanted
    ]
    with Session(engine) as session:
        rows = session.exec(select(Operation).order_by(col(Operation.sequence))).all()
        assert [row.subject for row in rows] == [one.subject for one in wanted]
        assert [row.id for row in rows] == sorted([row.id for row in rows])
        assert {(row.state, row.position, row.position_fixed) for row in rows} == {
            (State.QUEUED, 0, True)
        }
        assert len(session.exec(select(Document)).all()) == 50


def test_many_are_accepted_as_if_they_came_one_after_the_other(engine: Engine) -> None:
    wanted = [
        prepare(DOMAIN, ORG, "G-1", key="a"),
        prepare(DOMAIN, ORG, "G-1"),
        prepare(DOMAIN, OTHER, "G-1"),
        prepare(DOMAIN, ORG, "G-1", text="another"),
        prepare(DOMAIN, ORG, "G-2", key="a"),
        prepare(DOMAIN, ORG, "G-2", key="b"),
        prepare(DOMAIN, ORG, "G-1", key="a"),
    ]
    with writing(engine) as session:
        together = ask_many(session, *wanted)
    with writing(engine) as session:
        session.exec(delete(Operation))
        session.exec(delete(Document))
        session.exec(delete(Request))
        session.exec(delete(Registration))
    alone: list[Outcome] = []
    for one in wanted:
        with writing(engine) as session:
            alone += ask_many(session, one)
    for outcomes in (together, alone):
        assert [type(one) for one in outcomes] == [
            AcceptedAsset,
            AcceptedAsset,
            AcceptedAsset,
            SerialTaken,
            IdempotencyConflict,
            AcceptedAsset,
            AcceptedAsset,
        ]
        accepted = [one for one in outcomes if isinstance(one, AcceptedAsset)]
        assert [one.existing for one in accepted] == [False, True, False, False, True]
        assert accepted[0].operation == accepted[1].operation == accepted[4].operation


def test_only_what_is_new_is_stored_and_needs_room(engine: Engine) -> None:
    stored: list[Sealed] = []
    asked: list[tuple[Hash32, int]] = []

    def keep(documents: Sequence[Sealed], orgs: Sequence[Hash32]) -> list[Place]:
        stored.extend(documents)
        return keep_nowhere(documents, orgs)

    def admit(org: Hash32, count: int) -> Exception | None:
        asked.append((org, count))
        return KeyError("full") if org == OTHER else None

    with writing(engine) as session:
        register(session, DOMAIN, ORG, "G-1")
        wanted = [
            prepare(DOMAIN, org, serial)
            for org in (ORG, OTHER)
            for serial in ("G-1", "G-2", "G-2", "G-3")
        ]
        outcomes = ask_many(session, *wanted, admit=admit, keep=keep)
    assert asked == [(ORG, 2), (OTHER, 3)]
    assert stored == [wanted[1].document, wanted[3].document]
    assert [type(one) for one in outcomes] == [AcceptedAsset] * 4 + [KeyError] * 4


@pytest.mark.parametrize("text", ["a gearbox", "another"])
def test_rejected_serials_are_given_anew_beside_others(engine: Engine, text: str) -> None:
    with writing(engine) as session:
        for serial in ("G-1", "G-2"):
            register(session, DOMAIN, ORG, serial).operation.state = State.REJECTED
        register(session, DOMAIN, ORG, "G-3")
    with writing(engine) as session:
        wanted = [prepare(DOMAIN, ORG, f"G-{n}", text=text) for n in (1, 2, 4)]
        outcomes = ask_many(session, *wanted)
        rows = find_registrations(session, ORG, ["G-1", "G-2", "G-3", "G-4"])
        found = {serial: row.asset for serial, row in rows.items()}
    assert [one.existing for one in outcomes if isinstance(one, AcceptedAsset)] == [False] * 3
    assert [found[one.serial] for one in wanted] == [one.subject for one in wanted]
    assert len(found) == 4
