"""One whole ledger for all tests of the API, and two organisations that do not trust each other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.running import Member, Running, running


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("ledger")) as ledger:
        yield ledger


@pytest.fixture(scope="session")
def aurora(service: Running) -> Member:
    return service.enrol("Aurora Motors")


@pytest.fixture(scope="session")
def boreas(service: Running) -> Member:
    return service.enrol("Boreas Aero")
