"""Databases of ours, new and with all tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from ledger.database.engine import open_engine, upgrade


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    """The database at a URL, with all tables, until it is closed."""
    engine = open_engine(url)
    upgrade(engine)
    yield engine
    engine.dispose()
