"""Plain rows read like the tables' objects, of the same snapshot, and belong to no session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import bindparam
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from ledger.database.engine import reading, writing
from ledger.database.plain import changed, columns, fetch, fetch_plain, rows_of
from ledger.mirror.tables import WorldRow
from tests.database.worlds import world
from tests.databases import opened

WANTED = rows_of(WorldRow).where(col(WorldRow.id).in_(bindparam("ids", expanding=True)))


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with opened(f"sqlite:///{tmp_path}/plain.db") as engine:
        with writing(engine) as filling:
            filling.add(world(1, open=True))
            filling.add(world(2, open=False))
        with reading(engine) as session:
            yield session


def test_they_read_like_the_objects(session: Session) -> None:
    found = fetch_plain(session, WorldRow, WANTED, ids=[b"\x01" * 32, b"\x02" * 32, b"\x03" * 32])
    told = session.exec(select(WorldRow).order_by(col(WorldRow.first_sequence))).all()
    assert [row.model_dump() for row in found] == [row.model_dump() for row in told]
    assert [row.open for row in found] == [True, False]
    assert found[0].schema_ == bytes(32)


def test_nothing_changes_them(session: Session) -> None:
    [row] = fetch_plain(session, WorldRow, WANTED, ids=[b"\x01" * 32])
    with pytest.raises(AttributeError):
        row.open = False
    assert changed(row, open=False).open is False
    assert row.open is True


def test_what_the_session_itself_added_is_told(session: Session) -> None:
    session.add(world(4, open=True))
    assert len(fetch_plain(session, WorldRow, WANTED, ids=[b"\x04" * 32])) == 1


def test_an_alias_has_the_same_columns(session: Session) -> None:
    of = aliased(WorldRow)
    assert [one.name for one in columns(of)] == [one.name for one in columns(WorldRow)]
    assert fetch(session, select(*columns(of)).order_by(of.id))[0].id == b"\x01" * 32
