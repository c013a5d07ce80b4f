"""The place where a mirror is rebuilt: a database of its own, by the same tables' names.

For SQLite a file beside the database's, for PostgreSQL a schema of the same database. Whatever
writes the mirror writes there by another URL, and knows nothing of it.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from sqlalchemy import Engine, text

from ledger.database.engine import open_engine, upgrade
from ledger.errors import MirrorError

Source: TypeAlias = Literal["entries", "chain"]

# Any number serves, as long as every process of ours locks the same one.
_ALONE: Final = 0x52454958


class Reindexing(MirrorError):
    """Another process rebuilds the mirror at this moment."""

    code = "reindexing"


@dataclass(frozen=True, slots=True)
class Shadow:
    """Where the mirror is rebuilt from a source; `place` is the file, or the schema."""

    live: Engine
    source: Source

    @property
    def is_file(self) -> bool:
        """Whether it is a file: then it lives beside SQLite's."""
        return self.live.dialect.name == "sqlite"

    @property
    def place(self) -> str:
        """The file or the schema."""
        if self.is_file:
            return f"{self.live.url.database}.reindex-{self.source}"
        return f"reindex_{self.source}"

    @property
    def url(self) -> str:
        """What opens it."""
        url = self.live.url
        if self.is_file:
            url = url.set(database=self.place)
        else:
            options = (url.query.get("options", ""), f"-csearch_path={self.place}")
            url = url.update_query_dict({"options": " ".join(map(str, options)).strip()})
        return url.render_as_string(hide_password=False)

    @contextmanager
    def opened(self) -> Iterator[Engine]:
        """The shadow's engine, with all tables there; whatever was in them is still."""
        if not self.is_file:
            with self.live.begin() as connection:
                connection.execute(text(f"create schema if not exists {self.place}"))
        engine = open_engine(self.url)
        try:
            upgrade(engine)
            yield engine
        finally:
            engine.dispose()

    def drop(self) -> None:
        """Take it away, if it is there."""
        if self.is_file:
            for suffix in ("", "-wal", "-shm"):
                Path(self.place + suffix).unlink(missing_ok=True)
            return
        with self.live.begin() as connection:
            connection.execute(text(f"drop schema if exists {self.place} cascade"))


@contextmanager
def alone(live: Engine) -> Iterator[None]:
    """Rebuild this mirror as the only one who does. Raises Reindexing."""
    with _locked_file(live) if live.dialect.name == "sqlite" else _locked_number(live):
        yield


@contextmanager
def _locked_file(live: Engine) -> Iterator[None]:
    # A file of its own: closing the database's would let go of SQLite's locks on it.
    with Path(f"{live.url.database}.reindex").open("wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Reindexing("another process rebuilds the mirror") from None
        yield


@contextmanager
def _locked_number(live: Engine) -> Iterator[None]:
    with live.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        asked = text("select pg_try_advisory_lock(:key)")
        if not connection.execute(asked, {"key": _ALONE}).scalar():
            raise Reindexing("another process rebuilds the mirror")
        try:
            yield
        finally:
            connection.execute(text("select pg_advisory_unlock(:key)"), {"key": _ALONE})
