"""A fresh chain and an empty mirror for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ledger.database.engine import open_engine, upgrade
from ledger.mirror.store import Store
from tests.mirror.chain import Chain


@pytest.fixture
def chain() -> Iterator[Chain]:
    chain = Chain.start()
    yield chain
    chain.stop()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{tmp_path}/ledger.db")
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine: Engine) -> Store:
    return Store(engine)
