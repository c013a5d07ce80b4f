"""A database that holds nothing is known before SQLAlchemy is there to ask it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.database.empty import is_empty
from ledger.database.engine import open_engine, upgrade
from tests.postgres import postgres


def test_a_file_that_is_not_there_or_holds_no_byte_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    assert is_empty(f"sqlite:///{path}")
    path.touch()
    assert is_empty(f"sqlite:///{path}?mode=rw")
    path.write_bytes(b"S")
    assert not is_empty(f"sqlite:///{path}")


def test_postgresql_is_empty_until_it_has_tables() -> None:
    with postgres() as make:
        url = make().replace("postgresql:", "postgresql+psycopg:", 1)
        assert is_empty(url)
        engine = open_engine(url)
        upgrade(engine)
        engine.dispose()
        assert not is_empty(url)


@pytest.mark.parametrize("url", ["postgresql://127.0.0.1:1/none", "postgresql:///?port=x", "other"])
def test_what_cannot_be_looked_into_is_not_empty(url: str) -> None:
    assert not is_empty(url)
