"""A ledger on which every kind of entry has happened, mirrored into both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from ledger.mirror.store import Store
from ledger.types import Hash32
from tests.databases import opened
from tests.mirror.chain import Chain
from tests.mirror.lives import Life
from tests.mirror.mirroring import FinalUpTo, catch_up, contents
from tests.postgres import postgres


@dataclass
class Lived:
    """A chain after a life; `standing` is what a mirror holds that stands at a block."""

    chain: Chain
    orgs: list[Hash32] = field(default_factory=list)
    standing: dict[int, dict[str, Any]] = field(default_factory=dict)

    @property
    def first(self) -> int:
        """The contract's block."""
        return self.chain.deployed.block

    @property
    def last(self) -> int:
        """The newest block."""
        return max(self.standing)


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    lived = Lived(Chain.start())
    chain = lived.chain
    folder = tmp_path_factory.mktemp("lived")
    with opened(f"sqlite:///{folder}/ledger.db") as engine:
        store, life = Store(engine), Life(chain)
        catch_up(chain, store)
        lived.standing[chain.deployed.block] = contents(store)
        for _ in life.live():
            block = chain.mine()
            catch_up(chain, store)
            lived.standing[block] = contents(store)
        lived.orgs = life.orgs
    yield lived
    chain.stop()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def mirror(
    request: pytest.FixtureRequest, lived: Lived, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """A mirror of it, all final, that every test leaves as it was."""
    finality = FinalUpTo(lived.last)
    if request.param == "sqlite":
        folder: Path = tmp_path_factory.mktemp("mirrored")
        with opened(f"sqlite:///{folder}/ledger.db") as engine:
            catch_up(lived.chain, Store(engine), finality)
            yield engine
        return
    with postgres() as make, opened(make()) as engine:
        catch_up(lived.chain, Store(engine), finality)
        yield engine
