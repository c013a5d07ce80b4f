"""Statements that stand ready tell what SQLAlchemy tells, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, bindparam, event
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlmodel import col

from ledger.database.engine import open_engine, reading, writing
from ledger.database.plain import fetch, rows_of
from ledger.database.ready import Ready
from ledger.mirror.tables import BlockRow, WorldRow
from tests.database.worlds import world
from tests.databases import opened
from tests.postgres import postgres

STATEMENT = (
    rows_of(WorldRow)
    .where(col(WorldRow.id).in_(bindparam("ids", expanding=True)))
    .where(col(WorldRow.first_sequence) <= bindparam("until"))
    .order_by(col(WorldRow.first_sequence))
    .limit(9)
)
READY = Ready(STATEMENT)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    if request.param == "sqlite":
        yield from filled(f"sqlite:///{tmp_path_factory.mktemp('ready')}/ready.db")
        return
    with postgres() as make:
        yield from filled(make())


def filled(url: str) -> Iterator[Engine]:
    with opened(url) as engine:
        with writing(engine) as session:
            session.add_all([world(number, open=bool(number % 2)) for number in range(1, 6)])
        yield engine


@pytest.mark.parametrize("numbers", [[], [1], [1, 2], [2, 3, 4, 5], [9]])
def test_they_tell_the_same(engine: Engine, numbers: list[int]) -> None:
    ids = [bytes([number]) * 32 for number in numbers]
    for until in (4, 5):
        with reading(engine) as session:
            told = fetch(session, STATEMENT, ids=ids, until=until)
            found = fetch(session, READY, ids=ids, until=until)
        assert [tuple(row) for row in found] == [tuple(row) for row in told]
        assert all(type(row[5]) is bool for row in found)


def test_whoever_listens_hears_them(engine: Engine) -> None:
    heard: list[str] = []

    def hear(*told: object) -> None:
        heard.append(str(told[2]))

    event.listen(engine, "before_cursor_execute", hear)
    try:
        with reading(engine) as session:
            fetch(session, READY, ids=[b"\x01" * 32], until=5)
    finally:
        event.remove(engine, "before_cursor_execute", hear)
    assert any("FROM world" in statement for statement in heard)


def test_a_snapshot_stays_the_same(engine: Engine) -> None:
    asked = {"ids": [b"\x07" * 32], "until": 7}
    with reading(engine) as session:
        assert fetch(session, READY, **asked) == []
        with writing(engine) as other:
            other.add(world(7, open=True))
        assert fetch(session, READY, **asked) == []
    with reading(engine) as session:
        assert len(fetch(session, READY, **asked)) == 1


def test_what_the_database_refuses_is_raised_as_ever(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/empty.db")
    ready = Ready(rows_of(BlockRow))
    with reading(engine) as session, pytest.raises((OperationalError, ProgrammingError)) as raised:
        fetch(session, ready)
    assert "no such table" in str(raised.value.orig)
    engine.dispose()


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_connection_that_broke_is_not_given_to_anybody_again(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    with reading(engine) as session:
        driver: Any = session.connection().connection.driver_connection
        with engine.connect() as other:
            other.exec_driver_sql(f"select pg_terminate_backend({driver.info.backend_pid})")
        with pytest.raises(OperationalError) as raised:
            fetch(session, READY, ids=[b"\x01" * 32], until=5)
        assert raised.value.connection_invalidated
    with reading(engine) as session:
        assert len(fetch(session, READY, ids=[b"\x01" * 32], until=5)) == 1
    assert not caplog.records
