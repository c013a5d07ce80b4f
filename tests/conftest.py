"""Real chains for tests: each test has its own, started from a copy that was deployed once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine

from ledger.chain.node import Anvil
from ledger.deployment.manifest import load_manifest
from tests.databases import opened
from tests.ledgers import DeployedLedger, deploy
from tests.postgres import postgres

# How fast examples come tells of the machine, which tests share, and not of the code.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("nightly", settings.get_profile("patient"), max_examples=2000)
settings.load_profile("nightly" if os.environ.get("LEDGER_EXAMPLES") == "nightly" else "patient")


@pytest.fixture(scope="module")
def new_database() -> Iterator[Callable[[], str]]:
    """Makes databases of a PostgreSQL, and tells their URLs."""
    with postgres() as make:
        yield make


@pytest.fixture(params=["sqlite", "postgresql"])
def either_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A new database of ours, in SQLite and in PostgreSQL."""
    with opened(_url(request, tmp_path)) as engine:
        yield engine


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """The same for all tests of a module."""
    with opened(_url(request, tmp_path_factory.mktemp("shared"))) as engine:
        yield engine


def _url(request: pytest.FixtureRequest, folder: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{folder}/ledger.db"
    url: str = request.getfixturevalue("new_database")()
    return url


@pytest.fixture
def anvil(tmp_path: Path) -> Iterator[Anvil]:
    """A fresh chain, empty but for its first block."""
    with Anvil.start(tmp_path / "fresh") as anvil:
        yield anvil


@pytest.fixture(scope="session")
def deployed_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose chain holds the deployed ledger; not to be written to."""
    data = tmp_path_factory.mktemp("deployed")
    with Anvil.start(data) as anvil:
        deploy(anvil, data)
    return data


@pytest.fixture
def deployed(deployed_data: Path, tmp_path: Path) -> Iterator[DeployedLedger]:
    """The ledger, deployed on a chain of the test's own."""
    data = tmp_path / "data"
    shutil.copytree(deployed_data, data)
    with Anvil.start(data) as anvil:
        yield DeployedLedger(anvil, data, load_manifest(data / "manifest.json"))
