"""Looks into a database before anything is imported that works with it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_SQLITE: Final = "sqlite:///"
_SECONDS: Final = 2
_DRIVER: Final = "+psycopg:"


def is_empty(url: str) -> bool:
    """Whether a database (SQLAlchemy's form of its URL) is seen to hold nothing at all.

    One that cannot be looked into is not: whoever uses it finds out why.
    """
    if url.startswith(_SQLITE):
        path = Path(url.removeprefix(_SQLITE).partition("?")[0])
        return not path.exists() or path.stat().st_size == 0
    return url.startswith("postgres") and _is_empty_postgresql(url.replace(_DRIVER, ":", 1))


def _is_empty_postgresql(url: str) -> bool:
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=_SECONDS) as connection:
            found = connection.execute(
                "select not exists (select from pg_tables"
                " where schemaname = any (current_schemas(false)))"
            ).fetchone()
    except psycopg.Error:
        return False
    return bool(found and found[0])
