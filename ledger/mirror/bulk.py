"""Writes many rows at once, by the quickest means of each database.

SQLite: one statement, run for each row. PostgreSQL: binary COPY, into the table itself or into one
of the session's own, from which a single statement takes what it changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BigInteger, Boolean, Connection, LargeBinary, SmallInteger, Table, Text
from sqlalchemy.exc import DBAPIError

from ledger.mirror.steps import Closing, Values

if TYPE_CHECKING:
    from psycopg import Cursor

_TYPES: Final = {
    BigInteger: "int8",
    SmallInteger: "int2",
    LargeBinary: "bytea",
    Boolean: "bool",
    Text: "text",
}
"""PostgreSQL's names of the types that columns of the mirror have."""


def insert_rows(connection: Connection, table: Table, rows: Sequence[Values]) -> None:
    """Insert rows of all columns, in the order of their declaration."""
    if not rows:
        return
    columns = list(table.columns.keys())
    if _is_postgresql(connection):
        with _cursor(connection) as cursor:
            _copy(cursor, table, table.name, columns, rows)
        return
    marks = ", ".join("?" * len(columns))
    _run_each(connection, f"insert into {table.name} values ({marks})", rows)  # noqa: S608


def update_rows(
    connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Values]
) -> None:
    """Set `columns` of the rows with those ids; a row is the columns' values, then the id."""
    if not rows:
        return
    if _is_postgresql(connection):
        setting = ", ".join([f'"{name}" = told."{name}"' for name in columns])
        told = {name: name for name in [*columns, "id"]}
        _take(
            connection, table, f"moved_{len(columns)}", told, rows,
            lambda told: f"update {table.name} as kept set {setting} from {told} as told"  # noqa: S608
            " where kept.id = told.id",
        )  # fmt: skip
        return
    setting = ", ".join([f'"{name}" = ?' for name in columns])
    _run_each(connection, f"update {table.name} set {setting} where id = ?", rows)  # noqa: S608


def close_periods(
    connection: Connection, table: Table, closing: Closing, rows: Sequence[Values]
) -> None:
    """End periods; a row is the block, then the values of the closing's columns.

    Closings come in any order, and the earliest ends a period that was open before: periods that
    earlier steps ended have ended earlier than all of these.
    """
    if not rows:
        return
    if _is_postgresql(connection):
        matching = " and ".join([f'kept."{name}" = told."{name}"' for name in closing.columns])
        columns = {"closing": "to_block"} | {name: name for name in closing.columns}
        _take(
            connection, table, "_".join(["ended", *closing.columns]), columns, rows,
            lambda told: f"update {table.name} as kept set to_block = told.closing"  # noqa: S608
            f" from {told} as told where {matching}"
            " and (kept.to_block is null or kept.to_block > told.closing)",
        )  # fmt: skip
        return
    # Only the first column has a key that is narrow: SQLite shall not think of another's index.
    matching = " and ".join(
        [f'{"+" * (at > 0)}"{name}" = ?' for at, name in enumerate(closing.columns)]
    )
    statement = (
        f"update {table.name} set to_block = ?1 where {matching}"  # noqa: S608
        " and (to_block is null or to_block > ?1)"
    )
    _run_each(connection, statement, rows)


def _is_postgresql(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


def _run_each(connection: Connection, statement: str, rows: Sequence[Values]) -> None:
    connection.exec_driver_sql(statement, rows if isinstance(rows, list) else list(rows))


# -- PostgreSQL ----------------------------------------------------------------------------------


@contextmanager
def _cursor(connection: Connection) -> Iterator[Cursor[Any]]:
    """The driver's own cursor, whose errors are told as SQLAlchemy tells them."""
    import psycopg

    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor:
            yield cursor
    except psycopg.Error as error:
        raise DBAPIError.instance(None, None, error, psycopg.Error) from error


def _copy(
    cursor: Cursor[Any], table: Table, into: str, columns: Sequence[str], rows: Sequence[Values]
) -> None:
    """Copy rows into a table whose columns have the types of `table`'s."""
    with cursor.copy(f"copy {into} from stdin (format binary)".encode()) as copy:
        copy.set_types([_TYPES[type(_kind(table, name))] for name in columns])
        write = copy.write_row
        for row in rows:
            write(row)


def _take(
    connection: Connection,
    table: Table,
    name: str,
    columns: dict[str, str],
    rows: Sequence[Values],
    statement: Callable[[str], str],
) -> None:
    """Copy rows into the session's own table and have a statement take them from there.

    `columns`: by the name of each of its columns, the one of `table` that has its type.
    """
    own = f"{table.name}_{name}"
    declared = ", ".join(
        [f'"{one}" {_TYPES[type(_kind(table, of))]}' for one, of in columns.items()]
    )
    with _cursor(connection) as cursor:
        cursor.execute(
            f"create temporary table if not exists {own} ({declared})"
            " on commit delete rows".encode()
        )
        _copy(cursor, table, own, list(columns.values()), rows)
        # Nothing is known of how many rows these are; each is to be found by its key.
        cursor.execute(b"set local enable_hashjoin = off; set local enable_mergejoin = off")
        cursor.execute(statement(own).encode())


def _kind(table: Table, column: str) -> Any:
    return table.columns[column].type
