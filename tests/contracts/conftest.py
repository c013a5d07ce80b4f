"""A chain for each test, a ledger on it, and forge."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.desk import Desk
from tests.contracts.node import Chain, find_tool, start_chain, tool_environment


@pytest.fixture
def chain() -> Iterator[Chain]:
    """A fresh chain that mines when told to."""
    with start_chain() as chain:
        yield chain


@pytest.fixture
def desk(chain: Chain) -> Desk:
    return Desk(chain)


@pytest.fixture(scope="session")
def forge() -> Path:
    return find_tool("forge")


@pytest.fixture(scope="session")
def forge_environment() -> dict[str, str]:
    return tool_environment()
