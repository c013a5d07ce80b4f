"""Puts a rebuilt mirror in the place of the one that is read, in one transaction.

SQLite exchanges the rows in which they differ, and the indexes that do: whoever reads goes on with
the old ones, as its log keeps them. PostgreSQL takes over the tables themselves, with their
indexes; there, a reader whose snapshot is older than the rebuilt rows would find the new tables
empty. So it is waited for.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import ClassVar, Final

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from ledger.errors import MirrorError
from ledger.mirror.reindexing.differing import attach, exchange_rows
from ledger.mirror.reindexing.shadow import Shadow
from ledger.mirror.tables import TABLES

PATIENCE: Final = 3.0
"""PostgreSQL: how many seconds an attempt waits for readers while it holds writers."""
_PAUSE: Final = 0.05
_LONGEST: Final = "10s"
_LOCKING: Final = "300ms"
"""PostgreSQL: how long readers may be held up by an attempt; less than until it sees deadlocks."""


class SwapRefused(MirrorError):
    """The rebuilt mirror cannot take the other's place now; nothing was changed."""

    code = "swap_refused"


class ReadersInTheWay(SwapRefused):
    """PostgreSQL: somebody reads on what is older than the rebuilt mirror."""

    code = "readers_in_the_way"
    advice: ClassVar[str | None] = "rebuild it again once they have ended, or end them"


def hold_writers(connection: Connection) -> None:
    """Keep the mirror from being written until this transaction's end; readers read on."""
    if connection.dialect.name == "postgresql":
        # No row is locked: that would take a number, behind which no snapshot could be newer.
        connection.execute(text(f"set local lock_timeout = '{_LONGEST}'"))
        connection.execute(text("lock table mirror in exclusive mode"))


def swap(connection: Connection, shadow: Shadow, newest: int) -> None:
    """Put the shadow's tables in the mirror's place; to be called while writers are held.

    `newest` is what `stamp` told after the shadow's last change.

    Raises:
        ReadersInTheWay: PostgreSQL: somebody has been reading for too long; try again.
    """
    if shadow.is_file:
        _take_rows(connection, shadow)
        return
    _await_older_readers(connection, newest)
    _lock_tables(connection)
    _take_tables(connection, shadow.place)


def stamp(connection: Connection) -> int:
    """PostgreSQL: a transaction's number that is above those of all that was committed."""
    if connection.dialect.name != "postgresql":
        return 0
    return int(connection.execute(text("select pg_current_xact_id()::text")).scalar_one())


# -- SQLite --------------------------------------------------------------------------------------


def _take_rows(connection: Connection, shadow: Shadow) -> None:
    attach(connection, shadow)
    for name, table in TABLES.items():
        kept, made = (_indexes(connection, schema, name) for schema in ("main", "shadow"))
        for index in set(kept) - set(made):
            connection.exec_driver_sql(f'drop index main."{index[0]}"')
        exchange_rows(connection, table)
        for index in sorted(set(made) - set(kept)):
            connection.exec_driver_sql(index[1])


def _indexes(connection: Connection, schema: str, table: str) -> Sequence[tuple[str, str]]:
    """Names and definitions of a table's indexes, but for those of its keys."""
    query = (
        f"select name, sql from {schema}.sqlite_schema"  # noqa: S608
        " where type = 'index' and tbl_name = ? and sql is not null order by name"
    )
    return [(name, sql) for name, sql in connection.exec_driver_sql(query, (table,))]


# -- PostgreSQL ----------------------------------------------------------------------------------


def await_readers(live: Engine, seconds: float) -> bool:
    """Wait, at most so long, until all who read now have ended; writers are not held meanwhile."""
    until = time.monotonic() + seconds
    with live.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        newest = stamp(connection)
        while _find_older_reader(connection, newest):
            if time.monotonic() > until:
                return False
            time.sleep(_PAUSE)
    return True


def _await_older_readers(connection: Connection, newest: int) -> None:
    """Wait for all whose snapshots began before the shadow was whole."""
    until = time.monotonic() + PATIENCE
    while reader := _find_older_reader(connection, newest):
        if time.monotonic() > until:
            raise ReadersInTheWay(f"{reader}, before the mirror was rebuilt")
        time.sleep(_PAUSE)
        # What a transaction has once seen of others' doings it is shown till it ends.
        connection.execute(text("select pg_stat_clear_snapshot()"))


def _find_older_reader(connection: Connection, newest: int) -> str | None:
    """Say who has been reading for longest, since before that transaction.

    Who waits for a lock is a writer that we hold up, and takes a new snapshot when it goes on.
    """
    asked = text(
        "select 'process ' || pid || ' of the database has been reading since '"
        " || coalesce(to_char(xact_start, 'HH24:MI:SS'), 'earlier')"
        " from pg_stat_activity where datname = current_database()"
        " and pid <> pg_backend_pid() and backend_type = 'client backend'"
        " and wait_event_type is distinct from 'Lock'"
        " and age(backend_xmin) >= age(cast(:newest as xid8)::xid)"
        " order by xact_start limit 1"
    )
    return connection.execute(asked, {"newest": str(newest)}).scalar()


def _lock_tables(connection: Connection) -> None:
    """Lock all tables, in attempts that are so short that nobody notices."""
    connection.execute(text(f"set local lock_timeout = '{_LOCKING}'"))
    names = ", ".join([f'"{name}"' for name in TABLES])
    until = time.monotonic() + PATIENCE
    while True:
        try:
            with connection.begin_nested():
                connection.execute(text(f"lock table {names} in access exclusive mode"))
            return
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != "55P03":
                raise
            if time.monotonic() > until:
                raise ReadersInTheWay("somebody keeps reading the mirror") from error
        time.sleep(_PAUSE)


def _take_tables(connection: Connection, place: str) -> None:
    schema = connection.execute(text("select quote_ident(current_schema())")).scalar_one()
    for name in TABLES:
        grants = _grants(connection, f'{schema}."{name}"')
        connection.execute(text(f'drop table {schema}."{name}"'))
        connection.execute(text(f'alter table {place}."{name}" set schema {schema}'))
        for grant in grants:
            connection.execute(text(grant))
    connection.execute(text(f"drop schema {place} cascade"))


def _grants(connection: Connection, table: str) -> Sequence[str]:
    """What gives others the rights to a table that they have."""
    query = text(
        "select string_agg(privilege_type, ', '),"
        " case when grantee = 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end"
        " from pg_class, aclexplode(relacl)"
        " where pg_class.oid = cast(:table as regclass) and grantee <> relowner"
        " group by grantee"
    )
    rows = connection.execute(query, {"table": table})
    return [f"grant {rights} on table {table} to {grantee}" for rights, grantee in rows]
