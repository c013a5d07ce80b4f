"""Whatever order blocks, reorgs and looks at the chain come in, the mirror ends equal to it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from ledger.chain.rpc import RpcClient
from ledger.database.engine import open_engine, upgrade
from ledger.mirror.store import Store
from tests.mirror.chain import Chain
from tests.mirror.mirroring import FinalUpTo, assert_equals_chain, catch_up
from tests.mirror.writer import Writer

BLOCKS = st.tuples(st.just("blocks"), st.lists(st.integers(0, 9), max_size=4))
LOOKS = st.tuples(st.just("look"), st.integers(0, 6))
REORGS = st.tuples(st.just("reorg"), st.integers(1, 9))
INSIDE = st.tuples(st.just("reorg inside a look"), st.tuples(st.integers(3, 14), st.integers(1, 6)))
SHORTENINGS = st.tuples(st.just("shorten"), st.integers(1, 6))
SCHEDULES = st.lists(st.one_of(BLOCKS, BLOCKS, LOOKS, REORGS, INSIDE, SHORTENINGS), max_size=18)


class Shaken(RpcClient):
    """Has the chain reorganised just before its n-th request."""

    def __init__(self, chain: Chain, after: int, depth: int) -> None:
        super().__init__(chain.rpc.url)
        self.chain, self.after, self.depth = chain, after, depth

    def _post(self, method: str, request: object) -> bytes:
        self.after -= 1
        if self.after == 0:
            reorganise(self.chain, self.depth)
        return super()._post(method, request)


def possible(chain: Chain, depth: int) -> int:
    """How many blocks can go without the contract going with them."""
    return min(depth, chain.rpc.fetch_block_number() - chain.deployed.block)


def reorganise(chain: Chain, depth: int) -> None:
    if depth := possible(chain, depth):
        chain.reorg(depth)


def shorten(chain: Chain, depth: int) -> None:
    if depth := possible(chain, depth):
        chain.shorten(depth)


class Play:
    """One schedule, played on one chain and one mirror."""

    def __init__(self, chain: Chain, store: Store) -> None:
        self.chain, self.store = chain, store
        self.writer = Writer(chain)
        chain.mine(2)

    def act(self, step: str, value: Any) -> None:
        match step:
            case "blocks":
                for choice in value:
                    self.writer.write(choice)
                    self.chain.mine()
            case "look":
                head = self.chain.rpc.fetch_block_number()
                catch_up(self.chain, self.store, FinalUpTo(max(0, head - value), sole=True))
            case "reorg":
                reorganise(self.chain, value)
            case "reorg inside a look":
                with Shaken(self.chain, *value) as rpc:
                    catch_up(self.chain, self.store, FinalUpTo(sole=True), rpc=rpc)
            case "shorten":
                shorten(self.chain, value)


@contextmanager
def stage() -> Iterator[Play]:
    chain = Chain.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            engine = open_engine(f"sqlite:///{Path(folder) / 'ledger.db'}")
            upgrade(engine)
            try:
                yield Play(chain, Store(engine))
            finally:
                engine.dispose()
    finally:
        chain.stop()


# Shrinking takes minutes of real chains; the failing schedule is printed as it is.
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(SCHEDULES)
def test_any_schedule_leaves_the_mirror_equal_to_a_fresh_one(schedule: list[Any]) -> None:
    with stage() as play:
        for step, value in schedule:
            note(f"{step} {value}")
            play.act(step, value)
        play.act("look", 0)
        assert_equals_chain(play.chain, play.store)
