"""What can happen to a database at any statement and at any commit."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError


def _fail_disk() -> Exception:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR
    return error


def _end_server() -> Exception:
    return psycopg.errors.AdminShutdown("terminating connection due to administrator command")


@dataclass
class Breaking:
    """Lets a statement or a commit fail; a number says how many more go well, None: all.

    Of a commit that is `lost` the answer does not come: it is made, and who asked cannot know.
    """

    error: Callable[[], Exception]
    statements: int | None = None
    commits: int | None = None
    lost: int | None = None
    broke: int = 0

    def at_statement(self, *_: Any) -> None:
        self.statements = self._count(self.statements)

    def at_commit(self, *_: Any) -> None:
        self.commits = self._count(self.commits)

    def after_commit(self) -> None:
        self.lost = self._count(self.lost)

    def stop(self) -> None:
        """Let all go well."""
        self.statements = self.commits = self.lost = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let all go well for a while, and count on afterwards."""
        left = self.statements, self.commits, self.lost
        self.stop()
        try:
            yield
        finally:
            self.statements, self.commits, self.lost = left

    def _count(self, left: int | None) -> int | None:
        if left is None:
            return None
        if left > 0:
            return left - 1
        self.stop()
        self.broke += 1
        raise OperationalError("", {}, self.error())


@contextmanager
def breaking(engine: Engine) -> Iterator[Breaking]:
    """Have an engine fail as the schedule wants it."""
    made = Breaking(_end_server if engine.dialect.name == "postgresql" else _fail_disk)
    event.listen(engine, "before_cursor_execute", made.at_statement)
    event.listen(engine, "commit", made.at_commit)
    try:
        yield made
    finally:
        event.remove(engine, "before_cursor_execute", made.at_statement)
        event.remove(engine, "commit", made.at_commit)
