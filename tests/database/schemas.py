"""Schemas as databases tell them themselves, to be compared cell by cell; and rows to fill them."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Engine, MetaData, Table, inspect, text
from sqlalchemy.types import TypeEngine

OF_SEARCH: Final = "search_index"
"""SQLite's full-text index and the tables that it keeps for itself."""


def tell_schema(engine: Engine) -> dict[str, Any]:
    """All that a database says of its tables, by name: the order of columns does not matter."""
    found = inspect(engine)
    tables = [name for name in found.get_table_names() if name != "alembic_version"]
    return {
        "tables": {
            name: {
                "columns": {
                    column["name"]: (
                        column["type"].compile(engine.dialect),
                        column["nullable"],
                        column["default"],
                    )
                    for column in found.get_columns(name)
                },
                "key": found.get_pk_constraint(name)["constrained_columns"],
                "unique": sorted(
                    tuple(one["column_names"]) for one in found.get_unique_constraints(name)
                ),
                "foreign": found.get_foreign_keys(name),
            }
            for name in tables
            if not name.startswith(OF_SEARCH)
        },
        "indexes": _tell_indexes(engine),
    }


def _tell_indexes(engine: Engine) -> dict[str, str]:
    """How the database would make each index again: its predicate, order and method included."""
    if engine.dialect.name == "sqlite":
        query = "select name, sql from sqlite_master where type = 'index' and sql is not null"
    else:
        query = (
            "select indexname, indexdef from pg_indexes where schemaname = 'public'"
            " and tablename <> 'alembic_version'"
        )
    with engine.connect() as connection:
        rows = connection.execute(text(query)).all()
    return {name: sql.replace('"', "").replace("  ", " ").lower() for name, sql in rows}


def tell_extras(engine: Engine) -> dict[str, str]:
    """What SQLite has besides tables and indexes: virtual tables and triggers."""
    query = (
        "select name, sql from sqlite_master"
        " where type = 'trigger' or sql like 'create virtual table%'"
    )
    if engine.dialect.name != "sqlite":
        return {}
    with engine.connect() as connection:
        return dict(connection.execute(text(query)).all())


def reflect(engine: Engine) -> dict[str, Table]:
    """The tables as they are now."""
    metadata = MetaData()
    metadata.reflect(engine, only=lambda name, _: not name.startswith(OF_SEARCH))
    return {name: table for name, table in metadata.tables.items() if name != "alembic_version"}


def fill(engine: Engine, rows: int = 3) -> None:
    """Put rows into every table that has none."""
    with engine.begin() as connection:
        for table in reflect(engine).values():
            if connection.execute(table.select()).first() is None:
                made = [{c.name: _value(c.type, at) for c in table.c} for at in range(rows)]
                connection.execute(table.insert(), made)


def _value(kind: TypeEngine[Any], at: int) -> Any:
    match kind.__visit_name__:
        case "BYTEA" | "BLOB":
            return bytes([at]) * 32
        case "BOOLEAN":
            return at == 1
        case "BIGINT" | "INTEGER" | "SMALLINT":
            return 100 + at
        case "JSON":
            return {"at": at}
        case "TEXT" | "TSVECTOR":
            return f"'word{at}'"
    raise AssertionError(f"no value for {kind!r}")


def tell_rows(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables."""
    with engine.connect() as connection:
        return {
            name: sorted(
                (dict(row) for row in connection.execute(table.select()).mappings()), key=repr
            )
            for name, table in reflect(engine).items()
        }
