"""A mirror that is far behind is filled by a process that reads ahead, and equals the chain."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from ledger.chain.rpc import RpcClient
from ledger.chain.wire import WireRange
from ledger.database.engine import open_engine, reading
from ledger.mirror import ahead, apart, columns, fetch
from ledger.mirror.indexes import find_missing_indexes, leave_out_indexes
from ledger.mirror.run import index
from ledger.mirror.steps import Applied, Proven, RolledBack, Step
from ledger.mirror.store import Store
from ledger.mirror.tables import TABLES, MirrorRow
from ledger.ranges import Span
from ledger.settings import Settings
from tests.mirror.chain import Chain
from tests.mirror.lives import Life
from tests.mirror.mirroring import FinalUpTo, assert_equals_chain

pytestmark = pytest.mark.skipif(
    apart.CONTEXT.get_start_method() != "fork", reason="what is changed here must be inherited"
)

_FAR = 6


@pytest.fixture
def lived(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> Chain:
    """A chain on which every kind of entry has happened, and which is far enough ahead."""
    monkeypatch.setattr(apart, "_FAR", _FAR)
    for _ in Life(chain).live():
        chain.mine()
    return chain


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[Step]:
    """The steps that the mirror takes, in order."""
    steps: list[Step] = []
    apply = Store.apply

    def noting(self: Store, step: Step) -> None:
        apply(self, step)
        steps.append(step)

    monkeypatch.setattr(Store, "apply", noting)
    return steps


def filled(chain: Chain, path: Path) -> Engine:
    """An empty database, filled to the head; all but the newest blocks are final."""
    settings = Settings(rpc_url=chain.rpc.url, database_url=f"sqlite:///{path}/filled.db")
    finality = FinalUpTo(chain.rpc.fetch_block_number() - 2)
    index(settings, chain.deployed, finality, to_head=True)
    return open_engine(settings.database())


def proven_block(engine: Engine) -> int:
    with reading(engine) as session:
        return session.get_one(MirrorRow, 1).proven_block


def in_the_other_process(change: Callable[..., Any], otherwise: Callable[..., Any]) -> Any:
    here = os.getpid()
    return lambda *given, **named: (change if os.getpid() != here else otherwise)(*given, **named)


def test_filled_ahead_it_equals_the_chain(lived: Chain, tmp_path: Path, taken: list[Step]) -> None:
    engine = filled(lived, tmp_path)
    first = taken[0]
    assert isinstance(first, Applied)
    assert first.node_block == lived.rpc.fetch_block_number() - 2, "it was not read ahead"
    assert_equals_chain(lived, Store(engine))
    assert find_missing_indexes(engine) == []
    assert proven_block(engine) == lived.rpc.fetch_block_number()


def test_subjects_that_were_forgotten_are_looked_up(
    lived: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "_size_of_step", lambda *_: 1)
    monkeypatch.setattr(ahead, "_KEPT", 1)
    monkeypatch.setattr("ledger.ranges._ENTRIES", 1)
    monkeypatch.setattr("ledger.ranges.Span.adapt", lambda span, _: setattr(span, "size", 1))
    assert_equals_chain(lived, Store(filled(lived, tmp_path)))


def test_a_step_comes_in_portions(
    lived: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_small_portions(monkeypatch)
    portions, unpack = [], apart.unpack

    def noting(packed: bytes, some: deque[bytes]) -> Applied:
        portions.append(len(some))
        return unpack(packed, some)

    monkeypatch.setattr(apart, "unpack", noting)
    assert_equals_chain(lived, Store(filled(lived, tmp_path)))
    assert len(portions) == 1
    assert portions[0] > 5


def test_steps_grow_with_what_is_there_and_shrink_with_what_comes() -> None:
    entries = 10_000_000
    sizes: list[int] = []
    while (passed := sum(sizes)) < entries:
        size = 0
        while (
            size < ahead._size_of_step(passed, entries - passed - size) and passed + size < entries
        ):
            size += 1_000
        sizes.append(size)
    top = sizes.index(max(sizes))
    assert sizes[0] == ahead._SMALLEST_STEP
    assert sizes[: top + 1] == sorted(sizes[: top + 1])
    assert sizes[top:] == sorted(sizes[top:], reverse=True)
    assert sizes[top] == ahead._LARGEST_STEP
    assert sizes[-1] <= ahead._SMALLEST_STEP


@pytest.mark.parametrize("portions", [1, 2_500])
def test_where_the_other_process_ends_following_does_it_all(
    lived: Chain,
    tmp_path: Path,
    taken: list[Step],
    monkeypatch: pytest.MonkeyPatch,
    portions: int,
) -> None:
    monkeypatch.setattr(ahead, "_PORTION", portions)
    monkeypatch.setattr(ahead, "_size_of_step", lambda *_: 5)
    monkeypatch.setattr("ledger.ranges.Span.adapt", lambda span, _: setattr(span, "size", 3))
    monkeypatch.setattr(ahead._Worker, "hand_on", in_the_other_process(_end, ahead._Worker.hand_on))
    engine = filled(lived, tmp_path)
    assert_equals_chain(lived, Store(engine))
    assert find_missing_indexes(engine) == []
    assert isinstance(taken[0], Applied)
    assert taken[0].node_block == lived.rpc.fetch_block_number(), "following did it all"


def in_small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a step of many ranges, each of which is handed on by itself."""
    monkeypatch.setattr(ahead, "_PORTION", 1)
    monkeypatch.setattr(ahead, "Span", lambda: Span(1))
    monkeypatch.setattr(Span, "adapt", lambda *_: None)


def _end(*_: object) -> None:
    os._exit(1)


def test_indexes_that_are_missing_are_built_at_the_next_start(lived: Chain, tmp_path: Path) -> None:
    engine = filled(lived, tmp_path)
    left_out = leave_out_indexes(engine)
    assert {one.name for one in find_missing_indexes(engine)} == {one.name for one in left_out}
    assert find_missing_indexes(filled(lived, tmp_path)) == []


def test_where_old_states_are_forgotten_the_newest_proves_all(
    lived: Chain, tmp_path: Path, taken: list[Step], monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_settled(monkeypatch)
    engine = filled(lived, tmp_path)
    assert not any(step.proven for step in taken if isinstance(step, Applied))
    assert sum(isinstance(step, Proven) for step in taken) == 1
    assert proven_block(engine) == lived.rpc.fetch_block_number()
    assert_equals_chain(lived, Store(engine))


def test_what_was_taken_on_trust_and_was_wrong_is_taken_back(
    lived: Chain, tmp_path: Path, taken: list[Step], monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_settled(monkeypatch)
    real = RpcClient.fetch_wire_range

    def without_the_last(*asked: Any) -> WireRange:
        told = real(*asked)
        return replace(told, logs=told.logs[:-1])

    monkeypatch.setattr(ahead, "Span", lambda: Span(100))  # what is last of all is missing
    monkeypatch.setattr(RpcClient, "fetch_wire_range", in_the_other_process(without_the_last, real))
    engine = filled(lived, tmp_path)
    assert any(isinstance(step, RolledBack) for step in taken)
    assert_equals_chain(lived, Store(engine))
    assert proven_block(engine) == lived.rpc.fetch_block_number()


def forget_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the node know the state of its newest block alone."""
    real = RpcClient.fetch_wire_range
    monkeypatch.setattr(fetch, "_find_proven_head", lambda *_: None)
    monkeypatch.setattr(
        RpcClient, "fetch_wire_range", lambda *asked: replace(real(*asked), word=None)
    )


@pytest.mark.parametrize("table", columns.COLUMNS)
def test_rows_are_made_in_the_order_of_the_tables_columns(table: str) -> None:
    assert list(columns.COLUMNS[table]) == TABLES[table].columns.keys()
