"""The next position of a parent counts what mounts parts on it, however many ask at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlmodel import Session, col, select

from ledger.database.engine import reading, writing
from ledger.domain.payloads import Dismounted, Mounted
from ledger.hashing import keccak
from ledger.outbox.conflicts import WrongPosition
from ledger.outbox.positions import next_on_its_way
from ledger.outbox.tables import Operation, State
from ledger.types import Hash32
from tests.outbox.asking import ask, observe, organisation_of, register

DOMAIN = b"\x01" * 32
ORG = organisation_of(DOMAIN, "did:web:gears.example")


@pytest.fixture
def engine(shared_engine: Engine) -> Engine:
    return shared_engine


def part(number: int, of: str) -> Hash32:
    return keccak(f"{of} {number}".encode())


def test_what_is_mounted_takes_a_position_of_the_parent(engine: Engine) -> None:
    with writing(engine) as session:
        parent = register(session, DOMAIN, ORG, "P-0").operation.subject
        for number in (1, 2):
            ask(session, ORG, part(number, "a"), Mounted(parent), next_position=1)
        assert next_on_its_way(session, parent) == 3
        assert observe(session, ORG, parent).operation.position == 3
        assert next_on_its_way(session, parent) == 4
        gone = ask(session, ORG, part(1, "a"), Dismounted(parent)).operation
        assert next_on_its_way(session, parent) == 5
        gone.state = State.REJECTED
        session.flush()
        assert next_on_its_way(session, parent) == 4
        assert next_on_its_way(session, part(1, "a")) == 2
        assert next_on_its_way(session, keccak(b"nothing")) == 0


def test_an_asset_of_which_nothing_was_asked_here_goes_on_from_its_birth(engine: Engine) -> None:
    parent = part(0, "born in a batch")
    with writing(engine) as session:
        ask(session, ORG, part(1, "b"), Mounted(parent), next_position=1)
        assert next_on_its_way(session, parent) == 2
        with pytest.raises(WrongPosition, match="position 1 is not the next"):
            observe(session, ORG, parent, position=1, next_position=1)


def test_of_a_position_that_mounting_and_observing_race_for_there_is_one(engine: Engine) -> None:
    with writing(engine) as session:
        parent = register(session, DOMAIN, ORG, "P-1").operation.subject

    def write(number: int) -> int:
        """Mount a part; then say something at the parent's next position, if it still is."""
        with writing(engine) as session:
            ask(session, ORG, part(number, "c"), Mounted(parent), next_position=1)
        with reading(engine) as session:
            following = next_on_its_way(session, parent)
        try:
            with writing(engine) as session:
                return observe(session, ORG, parent, position=following).operation.position
        except WrongPosition:
            return 0

    with ThreadPoolExecutor(6) as pool:
        taken = list(pool.map(write, range(24)))
    assert any(taken)
    with Session(engine) as session:
        written = session.exec(
            select(Operation)
            .where((col(Operation.subject) == parent) | (col(Operation.payload) == parent))
            .order_by(col(Operation.sequence))
        ).all()
    at = {one.position: place for place, one in enumerate(written) if one.subject == parent}
    assert at == {position: position for position in at}
    assert sorted(at) == sorted([0, *[one for one in taken if one]])


def test_it_is_read_from_indexes(engine: Engine) -> None:
    asked: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        asked.append((statement, values))

    event.listen(engine, "before_cursor_execute", note)
    with reading(engine) as session:
        next_on_its_way(session, part(0, "d"))
        event.remove(engine, "before_cursor_execute", note)
        if engine.dialect.name == "postgresql":
            session.execute(text("set local enable_seqscan = off"))
        explain = "explain query plan" if engine.dialect.name == "sqlite" else "explain"
        plans = [
            str(session.connection().exec_driver_sql(f"{explain} {statement}", values).all())
            for statement, values in asked
            if "operation" in statement
        ]
    assert ["ix_operation_subject" in plan for plan in plans] == [True, False]
    assert ["ix_operation_parent" in plan for plan in plans] == [False, True]
