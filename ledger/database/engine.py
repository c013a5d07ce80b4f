"""Opens the database so that every commit is durable and readers never wait for writers.

On SQLite: write-ahead log, `synchronous=FULL`, and two kinds of transaction. `reading` begins
deferred: it sees one snapshot and blocks nobody. `writing` begins immediate: it takes the write
lock first, so that it can never fail half way because its snapshot grew stale.
"""

from __future__ import annotations

import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

from sqlalchemy import Connection, create_engine, event, make_url, text
from sqlalchemy import Engine as Engine
from sqlalchemy.exc import OperationalError
from sqlmodel import Session as Session

from ledger.errors import LedgerError

BUSY_SECONDS: Final = 10
"""How long a writer waits for another one before it is refused."""

_UPGRADE_SECONDS: Final = 60
"""How long a start waits to upgrade: others may be at it, and theirs may be long."""

_CONNECTIONS: Final = 40
"""SQLite connections that are kept: as many as a process of the API has threads to use them."""

_PAGE: Final = 8_192
"""Bytes of a page in SQLite files that begin now: larger ones have more of what goes together."""

_LOGGED_PAGES: Final = 4_000
"""Pages in the log of one who writes much before they are moved into the file."""

_LOGGED_UNHURRIED: Final = 16_000
"""The same while no commit waits: in a long log, a page that often changes is moved but once."""

_UNHURRIED: Final = {
    "sqlite": (
        "PRAGMA synchronous = NORMAL",
        f"PRAGMA wal_autocheckpoint = {_LOGGED_UNHURRIED}",
    ),
    "postgresql": ("SET synchronous_commit = off",),
}

_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_WRITING: Final = {"ledger_writing": True}
_PATIENCE: Final = "ledger_patience"
# Any number serves, as long as every process of ours locks the same one.
_UPGRADE_LOCK: Final = 0x4C454447

# For each of millions of bytes the driver would look for a way to adapt them; they are as they are.
sqlite3.register_adapter(bytes, bytes.__bytes__)

_MIGRATING: Final = threading.Lock()
_TURNS: Final[dict[str, threading.Lock]] = {}


class DatabaseBusy(LedgerError):
    """Another process holds the database for longer than we wait; try again."""

    code = "database_busy"


def open_engine(
    url: str,
    *,
    cache: int | None = None,
    patience: float | None = None,
    connections: int | None = None,
) -> Engine:
    """Open the database at `url` (SQLAlchemy form), making its folder where it is a file.

    `cache` is how many MiB of pages each of SQLite's connections keeps, else its own 2; `patience`
    how many seconds a writer of SQLite's waits for another, else BUSY_SECONDS; `connections` how
    many there are at most, else 50 on SQLite and 15 on PostgreSQL. The schema is brought up by
    `upgrade`, not here.
    """
    bound = {} if connections is None else {"pool_size": connections, "max_overflow": 0}
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(_with_driver(url), pool_pre_ping=True, **bound)
    if path := make_url(url).database:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    seconds = BUSY_SECONDS if patience is None else patience
    options = {} if patience is None else {_PATIENCE: patience}
    engine = create_engine(
        url,
        connect_args={"timeout": seconds},
        execution_options=options,
        **{"pool_size": _CONNECTIONS, **bound},
    )
    event.listen(engine, "connect", partial(_prepare_sqlite, patience))
    if cache is not None:
        event.listen(engine, "connect", partial(_keep_pages, cache))
    event.listen(engine, "begin", _begin_sqlite)
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session that reads one snapshot; what it changes is dropped at the end."""
    if engine.dialect.name == "postgresql":
        # Its default would show each statement a newer state.
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    with Session(engine) as session:
        yield session


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """A session that holds the write lock from its first statement; commits unless raised.

    Raises:
        DatabaseBusy: another process kept the lock for BUSY_SECONDS; nothing was written.
    """
    with (
        _taking_turns(engine),
        _telling_busy(),
        Session(engine.execution_options(**_WRITING)) as session,
        session.begin(),
    ):
        yield session


@contextmanager
def _taking_turns(engine: Engine) -> Iterator[None]:
    """Let SQLite's writers of this process queue here: its own waiting is polling, and unfair."""
    if engine.dialect.name != "sqlite":
        yield
        return
    turn = _TURNS.setdefault(str(engine.url), threading.Lock())
    if not turn.acquire(timeout=engine.get_execution_options().get(_PATIENCE, BUSY_SECONDS)):
        raise DatabaseBusy("another writer of this process holds the database")
    try:
        yield
    finally:
        turn.release()


@contextmanager
def unhurried(engine: Engine) -> Iterator[None]:
    """Have no commit wait for the disk meanwhile.

    Should the machine stop, the last commits may be lost, whole ones and never one before another.
    The first commit afterwards makes all of them durable with itself.
    """

    def relax(connection: Any, _: object) -> None:
        for statement in _UNHURRIED[engine.dialect.name]:
            connection.cursor().execute(statement)
        connection.commit()

    engine.dispose()
    event.listen(engine, "connect", relax)
    try:
        yield
    finally:
        event.remove(engine, "connect", relax)
        engine.dispose()


def upgrade(engine: Engine, to: str = "head") -> None:
    """Bring the schema to the newest migration, or to `to`; processes at once take turns.

    Raises:
        DatabaseBusy: others kept the database locked for a minute.
    """
    until = time.monotonic() + _UPGRADE_SECONDS
    while True:
        try:
            _migrate(engine, "upgrade", to)
            return
        except DatabaseBusy:
            # Each attempt has waited for BUSY_SECONDS already.
            if time.monotonic() > until:
                raise


def downgrade(engine: Engine, to: str = "base") -> None:
    """Take migrations back until `to` is the newest one (`base`: none). Raises as `upgrade`."""
    _migrate(engine, "downgrade", to)


def _migrate(engine: Engine, verb: Literal["upgrade", "downgrade"], to: str) -> None:
    # What it imports to write templates would import all that Pygments knows of languages, to show
    # errors in colours.
    sys.modules.setdefault("mako.ext.pygmentplugin", None)  # type: ignore[arg-type]
    # Alembic takes a quarter of a second to import, and only this function needs it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    # Alembic keeps in the module what it is at: two threads would work on each other's.
    with (
        _MIGRATING,
        _taking_turns(engine),
        _telling_busy(),
        engine.execution_options(**_WRITING).begin() as connection,
    ):
        if connection.dialect.name == "postgresql":
            connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
        config.attributes["connection"] = connection
        getattr(command, verb)(config, to)


@contextmanager
def _telling_busy() -> Iterator[None]:
    """Turn the drivers' words for a lock not had into DatabaseBusy."""
    try:
        yield
    except OperationalError as error:
        if _is_busy(error.orig):
            raise DatabaseBusy(f"the database stays locked: {error.orig}") from error
        raise


def _is_busy(error: object) -> bool:
    if isinstance(error, sqlite3.Error):
        return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    # PostgreSQL: serialization failure, deadlock, lock not available.
    return getattr(error, "sqlstate", None) in {"40001", "40P01", "55P03"}


def _with_driver(url: str) -> str:
    """Name psycopg 3 as PostgreSQL's driver where the URL leaves it open."""
    parsed = make_url(url)
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    return parsed.render_as_string(hide_password=False)


def _prepare_sqlite(patience: float | None, connection: Any, _: object) -> None:
    seconds = BUSY_SECONDS if patience is None else patience
    # The driver must not begin transactions by itself: `_begin_sqlite` does.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA busy_timeout = {round(seconds * 1000)}")
    connection.execute(f"PRAGMA page_size = {_PAGE}")
    _enter_wal(connection, seconds)
    # NORMAL may lose the last commits when the machine stops.
    connection.execute("PRAGMA synchronous = FULL")


def _keep_pages(cache: int, connection: Any, _: object) -> None:
    connection.execute(f"PRAGMA cache_size = {-1024 * cache}")
    # A page that one transaction after the other changes is moved out of the log but once.
    connection.execute(f"PRAGMA wal_autocheckpoint = {_LOGGED_PAGES}")


def _enter_wal(connection: sqlite3.Connection, seconds: float) -> None:
    """Switch to the write-ahead log; SQLite does not wait by itself for this lock."""
    until = time.monotonic() + seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if not _is_busy(error) or time.monotonic() > until:
                raise
            time.sleep(0.01)


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("ledger_writing", False)
    if writes:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        # It waits for nothing and cannot fail: the driver alone does it in a tenth of the time.
        connection.connection.cursor().execute("BEGIN")
