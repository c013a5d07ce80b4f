"""What is on its way to a subject is what a mirror of so many entries cannot show yet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlmodel import Session

from ledger.database.engine import open_engine, upgrade, writing
from ledger.domain.kinds import Kind
from ledger.domain.payloads import Accepted, Mounted, Offered, Withdrawn
from ledger.hashing import keccak
from ledger.outbox.tables import Operation, State
from ledger.outbox.under_way import find_all_under_way, find_under_way
from ledger.types import Party
from tests.outbox.asking import ask, observe

ORG, OTHER, ASSET = (keccak(name) for name in (b"org", b"other", b"asset"))
KINDS = {Kind.OFFERED, Kind.WITHDRAWN, Kind.ACCEPTED}


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    engine = open_engine(f"sqlite:///{tmp_path}/ledger.db")
    upgrade(engine)
    with writing(engine) as session:
        yield session
    engine.dispose()


def found(session: Session, count: int, limit: int = 9) -> list[tuple[int, str]]:
    coming = find_under_way(session, ASSET, KINDS, count, limit=limit)
    return [(one.position, Kind(one.kind).label) for one in coming]


def offer(session: Session) -> Operation:
    payload = Offered(Party.OWNER, OTHER, 0)
    return ask(session, ORG, ASSET, payload, next_position=1).operation


def test_it_is_what_is_queued_and_what_stands_where_nothing_is_mirrored(session: Session) -> None:
    offered = offer(session)
    observe(session, ORG, ASSET)
    withdrawn = ask(session, ORG, ASSET, Withdrawn(Party.OWNER)).operation
    again = offer(session)
    ask(session, OTHER, ASSET, Accepted(Party.OWNER))
    ask(session, ORG, OTHER, Mounted(ASSET), next_position=1)
    whole = [(1, "offered"), (3, "withdrawn"), (4, "offered"), (5, "accepted")]
    assert found(session, 1) == whole
    assert found(session, 1, limit=2) == whole[:2]
    # Mined, while the mirror is behind; then mirrored, while the outbox has not heard of it.
    for state in (State.DONE, State.SENT):
        offered.state = withdrawn.state = state
        session.flush()
        assert found(session, 1) == whole
        assert found(session, 4) == whole[2:]
    # What waits will come, wherever other entries move it.
    assert found(session, 6) == whole[2:]
    again.state = State.REJECTED
    session.flush()
    assert found(session, 4) == [(5, "accepted")]


def test_a_long_history_is_not_looked_through(session: Session) -> None:
    offer(session)
    asked: list[tuple[str, object]] = []
    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", lambda *all_: asked.append((all_[2], all_[3])))
    assert found(session, 1_000_000) == []
    [(statement, values)] = asked
    plan = session.connection().exec_driver_sql(f"explain query plan {statement}", values)  # type: ignore[arg-type]
    assert "ix_operation_subject (subject=? AND position>?)" in str(plan.all())


def test_of_many_it_is_what_it_is_of_each(session: Session) -> None:
    subjects = [keccak(b"one of many %d" % number) for number in range(5)]
    for turn in range(8):
        for number, subject in enumerate(subjects):
            if turn <= 2 * number:
                ask(session, ORG, subject, Offered(Party.OWNER, OTHER, 0), next_position=1)
    counts = dict(zip(subjects, (1, 3, 1_000, 101, 0), strict=True))
    counts[keccak(b"nothing")] = 7
    for limit in (2, 9):
        found = find_all_under_way(session, counts, KINDS, limit=limit)
        assert found == {
            one: find_under_way(session, one, KINDS, count, limit=limit)
            for one, count in counts.items()
        }
        assert {len(some) for some in found.values()} > {0, 1}


def test_histories_of_many_are_not_looked_through_either(session: Session) -> None:
    offer(session)
    asked: list[tuple[str, object]] = []
    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", lambda *all_: asked.append((all_[2], all_[3])))
    counts = {ASSET: 1_000_000, OTHER: 1_000_001, ORG: 5}
    assert find_all_under_way(session, counts, KINDS, limit=9) == {one: [] for one in counts}
    assert len(asked) == 2
    for statement, values in list(asked):
        plan = session.connection().exec_driver_sql(f"explain query plan {statement}", values)  # type: ignore[arg-type]
        assert "ix_operation_subject (subject=? AND position>?)" in str(plan.all())
