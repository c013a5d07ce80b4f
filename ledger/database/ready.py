"""Statements that are made once, and asked of the driver itself, again and again.

What SQLAlchemy does for each execution takes several times as long as SQLite takes to answer it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, Dialect, LargeBinary
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

Rows: TypeAlias = Sequence[Sequence[Any]]
_KINDS: Final = 256
"""Forms that are kept of a statement: one for each dialect and number of things in its lists."""


@dataclass(frozen=True, slots=True)
class _Form:
    """A statement's text in a dialect.

    `places` are its parameters in their order, None where they go by name; `lists` are what stands
    for the things of lists.
    """

    text: str
    places: Sequence[str] | None
    usual: Mapping[str, Any]
    lists: Mapping[str, Sequence[str]]
    readers: Sequence[tuple[int, Callable[[Any], Any]]]

    def fill(self, given: Mapping[str, Any]) -> Any:
        """The parameters as the driver takes them."""
        values = {**self.usual, **given}
        for name, places in self.lists.items():
            if places:
                values |= zip(places, values.pop(name), strict=True)
        return values if self.places is None else [values[place] for place in self.places]

    def read(self, rows: Rows) -> Rows:
        """The rows with those cells read that a driver tells otherwise, such as truth."""
        if not self.readers:
            return rows
        told = [list(row) for row in rows]
        for row in told:
            for place, reader in self.readers:
                row[place] = reader(row[place])
        return told


class Ready:
    """A statement of columns with `bindparam` for what each request asks, expanding ones for lists.

    `fetch` gives the rows in the session's snapshot.
    """

    def __init__(self, statement: Any) -> None:
        self._statement = statement
        self._forms: dict[object, _Form] = {}

    def fetch(self, session: Session, **given: Any) -> Rows:
        """The rows as the driver gives them. Raises DBAPIError as SQLAlchemy does."""
        session.flush()  # what the session itself changed is told as well
        connection = session.connection()
        if connection.dispatch.before_cursor_execute:  # somebody listens to what is asked
            return connection.execute(self._statement, given).all()
        form = self._form(connection.dialect, given)
        return form.read(_ask(connection, form.text, form.fill(given)))

    def _form(self, dialect: Dialect, given: Mapping[str, Any]) -> _Form:
        lists = [(name, len(value)) for name, value in given.items() if isinstance(value, list)]
        key = (dialect.name, *lists)
        form = self._forms.get(key)
        if form is None:
            form = _make(self._statement, dialect, given)
            if len(self._forms) < _KINDS:
                self._forms[key] = form
        return form


def _make(statement: Any, dialect: Dialect, given: Mapping[str, Any]) -> _Form:
    compiled = statement.compile(dialect=dialect)
    state = compiled.construct_expanded_state(given)
    lists = {name: list(state.parameter_expansion.get(name, ())) for name in given}
    types = [one.type for one in statement.selected_columns]
    readers = [
        (place, reader)
        for place, kind in enumerate(types)
        if not isinstance(kind, LargeBinary)  # bytes are bytes already
        and (reader := kind.dialect_impl(dialect).result_processor(dialect, None))
    ]
    places = state.positiontup if compiled.positional else None
    return _Form(state.statement, places, state.parameters, lists, readers)


def _ask(connection: Connection, text: str, given: Any) -> Rows:
    cursor = connection.connection.cursor()
    try:
        cursor.execute(text, given)
        return cursor.fetchall()
    except connection.dialect.loaded_dbapi.Error as error:
        raise _told(connection, text, error, cursor) from error
    finally:
        cursor.close()


def _told(connection: Connection, text: str, error: Any, cursor: Any) -> Exception:
    """What SQLAlchemy would raise; a connection that broke is not given to anybody again."""
    dialect, driver = connection.dialect, connection.connection.dbapi_connection
    is_gone = dialect.is_disconnect(error, driver, cursor)
    if is_gone:
        connection.invalidate(error)
    told: Exception = DBAPIError.instance(
        text,
        None,
        error,
        dialect.loaded_dbapi.Error,
        dialect=dialect,
        hide_parameters=True,
        connection_invalidated=is_gone,
    )
    return told
