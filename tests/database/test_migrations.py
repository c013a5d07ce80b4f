"""Migrations are run once, whoever runs them, and a mirror that knows too little is emptied."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from ledger.database import engine as engine_module
from ledger.database.engine import DatabaseBusy, downgrade, open_engine, upgrade, writing

TABLES = {
    *("entry", "block", "mirror", "operation", "document"),
    *("asset", "batch", "organisation", "schema", "world", "founding"),
    *("holder", "offer", "account", "mount", "claim", "listing", "checkpoint"),
}


def test_upgrading_again_changes_nothing_and_downgrading_leaves_nothing(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/ledger.db")
    upgrade(engine)
    upgrade(engine)
    assert set(inspect(engine).get_table_names()) >= TABLES
    downgrade(engine)
    assert inspect(engine).get_table_names() == ["alembic_version"]
    upgrade(engine)
    assert set(inspect(engine).get_table_names()) >= TABLES
    engine.dispose()


def test_a_mirror_that_knows_too_little_is_emptied_to_be_filled_anew(tmp_path: Path) -> None:
    """Both ways: what one form of it holds, the other could not have mirrored."""
    engine = open_engine(f"sqlite:///{tmp_path}/ledger.db")
    upgrade(engine)
    for there_and_back in (True, False):
        with engine.begin() as connection:
            connection.execute(
                text(
                    "insert into block (number, hash, timestamp, ledger_head, last_sequence)"
                    " values (1, x'01', 3, x'04', 5)"
                )
            )
            connection.execute(
                text("insert into alarm (code, message, raised_at) values ('code', 'kept', 1)")
            )
        downgrade(engine, "0002")
        if there_and_back:
            upgrade(engine)
        with engine.begin() as connection:
            assert connection.execute(text("select count(*) from block")).scalar() == 0
            assert connection.execute(text("select count(*) from alarm")).scalar() == 1
            connection.execute(text("delete from alarm"))
    assert "offer" not in inspect(engine).get_table_names()
    columns = {column["name"] for column in inspect(engine).get_columns("asset")}
    assert "owner" in columns
    assert "custodian" not in columns
    engine.dispose()


def test_processes_that_start_at_once_take_turns(tmp_path: Path) -> None:
    code = (
        "from ledger.database.engine import open_engine, upgrade;"
        f"upgrade(open_engine('sqlite:///{tmp_path}/ledger.db'))"
    )
    started = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(4)]
    assert [process.wait(60) for process in started] == [0, 0, 0, 0]
    engine = open_engine(f"sqlite:///{tmp_path}/ledger.db")
    assert set(inspect(engine).get_table_names()) >= TABLES
    engine.dispose()


def test_a_start_waits_though_the_database_is_locked_for_longer_than_a_writer_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "BUSY_SECONDS", 0.05)
    refused = threading.Event()
    migrate = engine_module._migrate

    def watched(*given: object) -> None:
        try:
            migrate(*given)  # type: ignore[arg-type]
        except DatabaseBusy:
            refused.set()
            raise

    monkeypatch.setattr(engine_module, "_migrate", watched)
    holder, starting = (open_engine(f"sqlite:///{tmp_path}/ledger.db") for _ in range(2))
    start = threading.Thread(target=upgrade, args=(starting,))
    with writing(holder) as session:
        session.execute(text("create table number (n integer)"))
        start.start()
        assert refused.wait(20)
        assert start.is_alive()
    start.join(20)
    assert set(inspect(holder).get_table_names()) >= TABLES
    holder.dispose()
    starting.dispose()
