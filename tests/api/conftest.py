"""One whole ledger for all tests of the API, and two organisations that do not trust each other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.api.running import Member, Running, running
from tests.postgres import postgres


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Over SQLite, or over PostgreSQL where the environment's LEDGER_DATABASE says so."""
    with ExitStack() as stack:
        url = None
        if os.environ.get("LEDGER_DATABASE") == "postgresql":
            url = stack.enter_context(postgres())()
        folder = tmp_path_factory.mktemp("ledger")
        yield stack.enter_context(running(folder, database_url=url))


@pytest.fixture(scope="session")
def aurora(service: Running) -> Member:
    return service.enrol("Aurora Motors")


@pytest.fixture(scope="session")
def boreas(service: Running) -> Member:
    return service.enrol("Boreas Aero")
