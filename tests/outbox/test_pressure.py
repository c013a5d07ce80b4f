"""The gauge lets in what there is room for, and counts seldom to know it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, event

from ledger.database.engine import reading, writing
from ledger.outbox import pressure
from ledger.outbox.clock import new_id, now
from ledger.outbox.pressure import LONGEST, Bound, Gauge, count_waiting, measure_rate
from ledger.outbox.tables import Lane, Operation, Role, State, Transaction

MINE, THEIRS = b"\1" * 32, b"\2" * 32


def queue(engine: Engine, org: bytes, count: int, **more: object) -> None:
    with writing(engine) as session:
        for _ in range(count):
            values = {"state": State.QUEUED, "accepted_at": 0, "updated_at": 0} | more
            session.add(
                Operation(
                    id=new_id(),
                    org=org,
                    role=Role.CUSTODIAN,
                    kind=20,
                    subject=org,
                    position=0,
                    position_fixed=True,
                    payload=b"",
                    **values,
                )
            )


@pytest.fixture
def counting(engine: Engine) -> list[str]:
    """Every statement that is executed."""
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *all_: asked.append(all_[2]))
    return asked


def test_what_waits_is_counted_by_organisation_and_to_a_bound(engine: Engine) -> None:
    queue(engine, MINE, 5)
    queue(engine, THEIRS, 3)
    queue(engine, MINE, 4, state=State.DONE)
    with reading(engine) as session:
        assert count_waiting(session, MINE, 100) == 5
        assert count_waiting(session, None, 100) == 8
        assert count_waiting(session, None, 6) == 6


def test_as_many_are_let_in_as_there_is_room_for(engine: Engine) -> None:
    queue(engine, MINE, 2)
    gauge, bounds = Gauge(engine), [Bound(MINE, 5), Bound(None, 100)]
    assert [gauge.admit(bounds, 1) is None for _ in range(4)] == [True, True, True, False]
    full = gauge.admit(bounds, 1)
    assert full is not None
    assert (full.bound, full.waiting) == (bounds[0], 5)


def test_under_all_bounds_or_under_none(engine: Engine) -> None:
    gauge = Gauge(engine)
    queue(engine, THEIRS, 9)
    tight = [Bound(MINE, 5), Bound(None, 10)]
    assert gauge.admit(tight, 1) is None
    full = gauge.admit(tight, 1)
    assert full is not None
    assert full.bound.org is None
    assert gauge.admit([Bound(MINE, 5)], 4) is None, "the refused one took no place of mine"


def test_an_empty_queue_takes_what_is_larger_than_it(engine: Engine) -> None:
    gauge, bounds = Gauge(engine), [Bound(MINE, 5)]
    assert gauge.admit(bounds, 50) is None
    assert gauge.admit(bounds, 1) is not None


def test_threads_together_are_let_in_no_more_than_there_is_room_for(engine: Engine) -> None:
    gauge, bounds = Gauge(engine), [Bound(MINE, 100)]
    with ThreadPoolExecutor(16) as pool:
        let_in = list(pool.map(lambda _: gauge.admit(bounds, 1) is None, range(500)))
    assert sum(let_in) == 100


def test_it_counts_once_a_second_however_often_it_is_asked(
    engine: Engine, counting: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    gauge, bounds = Gauge(engine), [Bound(MINE, 10**6), Bound(None, 10**6)]
    for _ in range(1000):
        assert gauge.admit(bounds, 1) is None
    assert len([one for one in counting if "count" in one]) == 2
    monkeypatch.setattr(pressure, "FRESH", 0.0)
    assert gauge.admit(bounds, 1) is None
    assert len([one for one in counting if "count" in one]) == 4


def test_what_many_organisations_have_waiting_is_counted_in_one_transaction(
    engine: Engine, counting: list[str]
) -> None:
    queue(engine, MINE, 3)
    gauge, bounds = Gauge(engine), [Bound(MINE, 4), Bound(THEIRS, 4), Bound(None, 9)]
    counting.clear()
    for _ in range(3):
        gauge.foresee(bounds)
    assert len([one for one in counting if "count" in one]) == 3
    assert len([one for one in counting if "BEGIN" in one]) <= 1
    asked = len(counting)
    assert gauge.admit([bounds[0], bounds[2]], 1) is None
    assert gauge.admit([bounds[1], bounds[2]], 4) is None
    assert len(counting) == asked
    full = gauge.admit([bounds[0], bounds[2]], 1)
    assert full is not None
    assert (full.bound, full.waiting) == (bounds[0], 4)


def test_what_left_the_queue_makes_room(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pressure, "FRESH", 0.0)
    queue(engine, MINE, 5)
    gauge = Gauge(engine)
    assert gauge.admit([Bound(MINE, 5)], 1) is not None
    with writing(engine) as session:
        session.connection().exec_driver_sql("update operation set state = 'sent' where sequence=1")
    assert gauge.admit([Bound(MINE, 5)], 1) is None


def send(engine: Engine, org: bytes, *, transactions: int, entries: int, every: float) -> None:
    """Transactions of so many entries, one `every` so many seconds, the last of them just now."""
    began = now() - round((transactions - 1) * every * 1000)
    with writing(engine) as session:
        session.add(
            Lane(
                id="lane",
                role=Role.CUSTODIAN,
                chain_id=1,
                sender=b"",
                next_nonce=transactions,
                created_at=0,
            )
        )
        for nonce in range(transactions):
            created = began + round(nonce * every * 1000)
            session.add(
                Transaction(
                    lane="lane", nonce=nonce, hash=b"", calldata=b"", gas=0, created_at=created
                )
            )
    for nonce in range(transactions):
        queue(engine, org, entries, state=State.SENT, lane="lane", nonce=nonce)


def test_seconds_to_stay_away_follow_from_what_left_lately(engine: Engine) -> None:
    send(engine, MINE, transactions=11, entries=10, every=0.5)
    queue(engine, MINE, 300, accepted_at=now())
    with reading(engine) as session:
        assert measure_rate(session) == pytest.approx(22, rel=0.2)
        assert measure_rate(session, THEIRS) == 0
    full = Gauge(engine).admit([Bound(MINE, 300)], 110)
    assert full is not None
    assert 4 <= full.seconds <= 7


def test_pauses_in_which_nothing_waited_do_not_count(engine: Engine) -> None:
    send(engine, MINE, transactions=3, entries=20, every=3600)
    queue(engine, MINE, 10, accepted_at=now())
    with reading(engine) as session:
        assert measure_rate(session) > 20


def test_nobody_is_asked_to_stay_away_for_ever(engine: Engine) -> None:
    send(engine, MINE, transactions=1, entries=1, every=0)
    with writing(engine) as session:
        session.get_one(Transaction, ("lane", 0)).created_at = now() - 10**6
    queue(engine, MINE, 10, accepted_at=now() - 10**6)
    full = Gauge(engine).admit([Bound(MINE, 10)], 10)
    assert full is not None
    assert full.seconds == LONGEST


def test_a_queue_that_never_moved_is_asked_about_again(engine: Engine) -> None:
    queue(engine, MINE, 10)
    full = Gauge(engine).admit([Bound(MINE, 10)], 1)
    assert full is not None
    assert 1 <= full.seconds <= LONGEST


def test_counts_of_others_are_not_waited_for(engine: Engine) -> None:
    """Asking costs microseconds between two counts."""
    gauge, bounds = Gauge(engine), [Bound(MINE, 10**6), Bound(None, 10**6)]
    gauge.admit(bounds, 1)
    began = time.perf_counter()
    for _ in range(100):
        gauge.admit(bounds, 1)
    assert (time.perf_counter() - began) / 100 < 0.001
