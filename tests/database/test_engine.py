"""The engine keeps its promises: durable commits, readers that never wait, one writer at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from ledger.database import engine as engine_module
from ledger.database.engine import DatabaseBusy, open_engine, reading, unhurried, writing
from tests.postgres import postgres


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{tmp_path}/deep/down/ledger.db")
    with writing(engine) as session:
        session.execute(text("create table number (n integer primary key)"))
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def make_postgres() -> Iterator[Callable[[], str]]:
    with postgres() as make:
        yield make


def numbers(engine: Engine) -> list[int]:
    with reading(engine) as session:
        return [row[0] for row in session.execute(text("select n from number order by n"))]


def insert(engine: Engine, n: int) -> None:
    with writing(engine) as session:
        session.execute(text("insert into number values (:n)"), {"n": n})


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 10_000)],
)
def test_sqlite_is_set_to_lose_nothing(engine: Engine, pragma: str, value: object) -> None:
    with reading(engine) as session:
        assert session.execute(text(f"PRAGMA {pragma}")).scalar_one() == value


def test_a_reader_sees_its_snapshot_while_a_writer_commits(engine: Engine) -> None:
    insert(engine, 1)
    with reading(engine) as session:
        count = text("select count(*) from number")
        assert session.execute(count).scalar_one() == 1
        insert(engine, 2)
        assert session.execute(count).scalar_one() == 1
    assert numbers(engine) == [1, 2]


def test_a_reader_is_not_blocked_by_an_open_writer(engine: Engine) -> None:
    with writing(engine) as session:
        session.execute(text("insert into number values (1)"))
        assert numbers(engine) == []
    assert numbers(engine) == [1]


def test_what_raises_is_not_written(engine: Engine) -> None:
    twice = text("insert into number values (1), (1)")
    with pytest.raises(IntegrityError), writing(engine) as session:
        session.execute(twice)
    assert numbers(engine) == []


def test_writers_that_read_first_take_turns(engine: Engine) -> None:
    """Each reads the greatest number and writes the next: with deferred begins some would fail."""

    def grow() -> None:
        for _ in range(20):
            with writing(engine) as session:
                session.execute(
                    text("insert into number select coalesce(max(n), 0) + 1 from number")
                )

    threads = [threading.Thread(target=grow) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert numbers(engine) == list(range(1, 81))


def test_an_engine_s_patience_is_its_own(tmp_path: Path) -> None:
    """Schedules once shortened everybody's, and whatever ran beside them was refused as busy."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    holder, hasty, patient = open_engine(url), open_engine(url, patience=0.01), open_engine(url)
    waited = threading.Event()

    def wait() -> None:
        with writing(patient) as session:
            session.execute(text("create table letter (a text)"))
            waited.set()

    waiting = threading.Thread(target=wait)
    with writing(holder) as session:
        session.execute(text("create table number (n integer)"))
        waiting.start()
        with pytest.raises(DatabaseBusy), writing(hasty):
            pass
        assert not waited.is_set()
    waiting.join()
    assert waited.is_set()
    for engine in (holder, hasty, patient):
        engine.dispose()


def test_a_lock_not_had_in_time_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "BUSY_SECONDS", 0)
    url = f"sqlite:///{tmp_path}/ledger.db"
    holder, other = open_engine(url), open_engine(url)
    with writing(holder) as session:
        session.execute(text("create table number (n integer)"))
        with pytest.raises(DatabaseBusy), writing(other) as second:
            second.execute(text("create table letter (a text)"))
    holder.dispose()
    other.dispose()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_unhurried_no_commit_waits_for_the_disk_and_afterwards_each_does(
    kind: str, tmp_path: Path, make_postgres: Callable[[], str]
) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/x.db" if kind == "sqlite" else make_postgres())
    asked = text("PRAGMA synchronous" if kind == "sqlite" else "SHOW synchronous_commit")
    hurried, relaxed = (2, 1) if kind == "sqlite" else ("on", "off")

    def told() -> object:
        with writing(engine) as session:
            return session.execute(asked).scalar_one()

    assert told() == hurried
    with unhurried(engine):
        assert [told(), told()] == [relaxed, relaxed]
    assert told() == hurried
    engine.dispose()
