"""Real chains for tests: each test has its own, started from a copy that was deployed once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from ledger.chain.node import Anvil
from ledger.deployment.manifest import load_manifest
from tests.ledgers import DeployedLedger, deploy

settings.register_profile("nightly", max_examples=2000)
if os.environ.get("LEDGER_EXAMPLES") == "nightly":
    settings.load_profile("nightly")


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
