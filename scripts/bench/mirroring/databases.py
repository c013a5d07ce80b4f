"""Fresh databases, and what is asked of them: how many rows, and which one came last."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, create_engine, text

from ledger.domain.kinds import Kind
from scripts.bench.mirroring.chain import BenchError
from tests.postgres import postgres

SQLITE: Final = "SQLite"
POSTGRESQL: Final = "PostgreSQL"
# The kinds of the mix that say who owns an asset, as all its offers are of title.
_OWNING: Final = f"{Kind.REGISTERED}, {Kind.TRANSFERRED}, {Kind.ACCEPTED}"


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


def verify_rows(url: str, expected: int, entries: str, owners: str | None = None) -> None:
    """Whether a mirror came to so many entries, and to an owner of all that they give one.

    `entries` and `owners` are tables, as SQL names them. Raises BenchError.
    """
    engine = create_engine(url)
    with engine.connect() as connection:
        _verify(entries, _count(connection, "*", entries), expected)
        if owners is not None:
            owned = f"{entries} WHERE kind IN ({_OWNING})"
            expected = _count(connection, "DISTINCT subject", owned)
            _verify(owners, _count(connection, "*", owners), expected)
    engine.dispose()


def _count(connection: Connection, what: str, rows: str) -> int:
    return int(connection.execute(text(f"SELECT count({what}) FROM {rows}")).scalar_one())  # noqa: S608


def _verify(table: str, found: int, expected: int) -> None:
    if found != expected:
        raise BenchError(f"{table} has {found:,} rows, not {expected:,}")
