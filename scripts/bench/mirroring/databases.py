"""Fresh databases, and what is asked of them: how many rows, and which one came last."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import create_engine, text
from sqlalchemy.exc import DatabaseError

from scripts.bench.mirroring.chain import BenchError
from tests.postgres import postgres

SQLITE: Final = "SQLite"
POSTGRESQL: Final = "PostgreSQL"


@contextmanager
def servers() -> Iterator[Callable[[str], str]]:
    """Gives what makes a fresh database of a kind and tells its URL (SQLAlchemy's form).

    PostgreSQL runs with the settings that it comes with.
    """
    with tempfile.TemporaryDirectory(prefix="asset-ledger-mirror-") as folder, postgres() as make:
        numbers = iter(range(1_000_000))

        def fresh(kind: str) -> str:
            if kind == SQLITE:
                return f"sqlite:///{Path(folder) / f'{next(numbers)}.db'}"
            return make().replace("postgresql:", "postgresql+psycopg:", 1)

        yield fresh


def count_rows(url: str, table: str) -> int:
    """How many rows a table has."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608
    finally:
        engine.dispose()


def verify_rows(url: str, table: str, expected: int) -> None:
    """Whether a table has so many rows. Raises BenchError."""
    try:
        found = count_rows(url, table)
    except DatabaseError as error:
        raise BenchError(f"{table} cannot be counted: {error}") from error
    if found != expected:
        raise BenchError(f"{table} has {found:,} rows, not {expected:,}")
