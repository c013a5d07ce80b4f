"""Requests share what connections there are, and none waits for what others cannot give back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from api import noting
from ledger.database.engine import open_engine, reading
from tests.api.both import aurora, service  # noqa: F401 - fixtures, on both databases
from tests.api.connections import keep_to_one
from tests.api.running import Member, Running

AT_ONCE = 60
"""More than there are connections, and than may be in flight before slots are asked for."""


def test_requests_that_are_counted_do_not_wait_for_each_other(
    service: Running,  # noqa: F811
    aurora: Member,  # noqa: F811
) -> None:
    """Each held a connection and asked for one more, to be counted: all stood still for 30 s."""

    def ask(http: httpx.Client) -> set[int]:
        return {http.get("/v1/assets", params={"limit": 1}).status_code for _ in range(5)}

    clients = [service.client(aurora.key) for _ in range(AT_ONCE)]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        assert set().union(*threads.map(ask, clients)) == {200}


def test_a_request_that_asked_for_a_second_connection_would_be_found_out(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'ledger.db'}")
    keep_to_one(engine)
    noting.begin_notes()
    with reading(engine) as one, reading(engine) as other:
        one.execute(text("select 1"))
        with pytest.raises(AssertionError, match="has a connection already"):
            other.execute(text("select 1"))
    engine.dispose()
