"""The same flows on SQLite and on PostgreSQL, for the modules that import these fixtures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.running import Member, Running, running
from tests.postgres import postgres


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("ledger")
    if request.param == "sqlite":
        with running(folder) as ledger:
            yield ledger
        return
    with postgres() as make, running(folder, database_url=make()) as ledger:
        yield ledger


@pytest.fixture(scope="module")
def aurora(service: Running) -> Member:
    return service.enrol("Aurora Motors")


@pytest.fixture(scope="module")
def boreas(service: Running) -> Member:
    return service.enrol("Boreas Aero")
