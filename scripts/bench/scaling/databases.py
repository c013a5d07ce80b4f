"""Databases of the bench's own, and how many bytes each of their tables takes."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, make_url, text
from sqlalchemy.exc import OperationalError

from ledger.database.engine import open_engine
from ledger.errors import InputError

_SQLITE_TABLES: Final = """
    select owned.tbl_name,
           sum(case when owned.type = 'table' then used.pgsize else 0 end),
           sum(case when owned.type = 'index' then used.pgsize else 0 end)
    from dbstat used join sqlite_schema owned on owned.name = used.name
    where used.aggregate = true group by 1 order by sum(used.pgsize) desc, 1
"""
_POSTGRES_TABLES: Final = """
    select relname, pg_table_size(oid), pg_indexes_size(oid) from pg_class
    where relkind = 'r' and relnamespace = 'public'::regnamespace
    order by pg_total_relation_size(oid) desc, 1
"""


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes of a table, and of all its indexes."""

    table: str
    rows: int
    indexes: int


@contextmanager
def databases(url: str | None, folder: Path) -> Iterator[Callable[[str], str]]:
    """What makes a new database and tells its URL: SQLite's in the folder, or beside that of `url`.

    All are gone at the end.

    Raises:
        InputError: the URL is not PostgreSQL's.
    """
    if url is None:
        with tempfile.TemporaryDirectory(dir=folder) as files:
            yield lambda name: f"sqlite:///{files}/{name}.db"
        return
    if make_url(url).get_backend_name() not in ("postgresql", "postgres"):
        raise InputError(
            "the database's URL is not one of PostgreSQL: SQLite's files are made here"
        )
    engine, made = open_engine(url), []

    def make(name: str) -> str:
        database = f"scale_{name}_{secrets.token_hex(4)}"
        _run_alone(engine, f"create database {database}")
        made.append(database)
        return make_url(url).set(database=database).render_as_string(hide_password=False)

    try:
        yield make
    finally:
        for database in made:
            _run_alone(engine, f"drop database {database} with (force)")
        engine.dispose()


def _run_alone(engine: Engine, statement: str) -> None:
    """Run what PostgreSQL lets stand in no transaction."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))


def measure_database(engine: Engine) -> int:
    """How many bytes a database takes."""
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            size = text("select pg_database_size(current_database())")
            return int(connection.execute(size).scalar_one())
    path = Path(str(engine.url.database))
    return sum(part.stat().st_size for part in path.parent.glob(f"{path.name}*"))


def measure_tables(engine: Engine) -> list[Size]:
    """What each table takes, the largest first; nothing where SQLite was built without dbstat."""
    is_postgres = engine.dialect.name == "postgresql"
    with engine.connect() as connection:
        try:
            found = connection.execute(text(_POSTGRES_TABLES if is_postgres else _SQLITE_TABLES))
        except OperationalError as error:
            if is_postgres or "dbstat" not in str(error.orig):
                raise
            return []
        return [Size(*row) for row in found]
