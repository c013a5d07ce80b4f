"""Rows that are only read, by statements that are made once.

An object that could be changed costs more than finding its row, and so does making a statement:
`fetch` takes one that stands ready, with `bindparam` for what each request asks, and gives tuples.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Sequence
from functools import cache
from typing import Any, TypeVar, cast

from sqlalchemy import Executable, Select, inspect, select
from sqlmodel import Session, SQLModel

from ledger.database.ready import Ready

Table = TypeVar("Table", bound=SQLModel)


def columns(of: Any) -> list[Any]:
    """The columns of a table's class, or of an alias of one, by the names that it gives them."""
    attributes = inspect(of).mapper.column_attrs
    if isinstance(of, type):
        return [one.columns[0].label(one.key) for one in attributes]
    return [getattr(of, one.key).label(one.key) for one in attributes]


@cache
def plain(table: type[Table]) -> type[Table]:
    """Tuples of `columns` that read like the table's objects.

    They belong to no session, and nothing changes them: `changed` makes others.
    """
    names = [one.key for one in inspect(table).column_attrs]
    base: Any = namedtuple(table.__name__, names)  # type: ignore[misc]
    more = {"__slots__": (), "__table__": inspect(table).local_table, "model_dump": base._asdict}
    more |= {name: told for name, told in vars(table).items() if isinstance(told, property)}
    return cast("type[Table]", type(table.__name__, (base,), more))


def changed(row: Table, **values: Any) -> Table:
    """A plain row with other values."""
    return cast("Table", cast(Any, row)._replace(**values))


@cache
def rows_of(table: type[SQLModel]) -> Select[Any]:
    """The statement of a table's rows, as `columns`."""
    return select(*columns(table))


def fetch(session: Session, statement: Ready | Executable, **given: Any) -> Sequence[Any]:
    """The rows that a statement tells, in the session's snapshot."""
    if isinstance(statement, Ready):
        return statement.fetch(session, **given)
    session.flush()  # what the session itself changed is told as well
    return session.connection().execute(statement, given).all()


def fetch_plain(
    session: Session, table: type[Table], statement: Ready | Executable, **given: Any
) -> list[Table]:
    """The rows of a table that a statement of `rows_of` tells, as `plain` ones."""
    return list(map(cast(Any, plain(table))._make, fetch(session, statement, **given)))
