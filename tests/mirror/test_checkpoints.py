"""A checkpoint is kept of what is final, once an hour of the chain's time, if entries came."""

from __future__ import annotations

from collections.abc import Sequence
from time import time

import pytest
from sqlalchemy import Engine, update
from sqlmodel import Session

from ledger.database.engine import reading, writing
from ledger.mirror.checkpoints import forget_checkpoints, keep_checkpoint
from ledger.mirror.queries import find_checkpoint, find_mirror, find_moment, list_checkpoints
from ledger.mirror.store import Store
from ledger.mirror.tables import MirrorRow
from ledger.mirror.tables.checkpoints import CheckpointRow
from tests.mirror.chain import Chain
from tests.mirror.mirroring import FinalUpTo, catch_up

HOUR = 3600


@pytest.fixture
def engine(either_engine: Engine) -> Engine:
    return either_engine


@pytest.fixture(autouse=True)
def founded(chain: Chain, store: Store, engine: Engine) -> int:
    """The block of a first checkpoint."""
    chain.enrol()
    block = chain.mine()
    catch_up(chain, store, FinalUpTo(block))
    keep(engine)
    return block


def keep(engine: Engine) -> CheckpointRow | None:
    with writing(engine) as session:
        keep_checkpoint(session, mirror(session), int(time()))
    with reading(engine) as session:
        return find_checkpoint(session)


def mirror(session: Session) -> MirrorRow:
    found = find_mirror(session)
    assert found is not None
    return found


def go_on(chain: Chain, store: Store, seconds: int, *, final: bool = True, entries: int = 1) -> int:
    """Mine a block so much later, with entries or not, final or not."""
    for _ in range(entries):
        chain.enrol()
    chain.rpc.call("evm_increaseTime", seconds)
    block = chain.mine()
    catch_up(chain, store, FinalUpTo(block if final else block - 1))
    return block


def kept(engine: Engine) -> Sequence[int]:
    with reading(engine) as session:
        return [row.block_number for row in list_checkpoints(session).items]


def test_it_says_what_the_chain_was_at_that_block(
    chain: Chain, store: Store, engine: Engine, founded: int
) -> None:
    found = keep(engine)
    assert found is not None
    block = chain.rpc.fetch_block(founded)
    assert (found.block_number, found.block_hash, found.timestamp) == (
        founded,
        block.hash,
        block.timestamp,
    )
    assert found.ledger_head == chain.contract.fetch_ledger_head()
    assert found.sequence == store.cursor().sequence
    assert time() - 60 < found.made_at <= time()


def test_the_next_comes_after_an_hour_of_the_chains_time(
    chain: Chain, store: Store, engine: Engine, founded: int
) -> None:
    go_on(chain, store, HOUR - 60)
    keep(engine)
    assert kept(engine) == [founded]
    later = go_on(chain, store, 120)
    keep(engine)
    keep(engine)
    assert kept(engine) == [founded, later]


def test_none_is_kept_while_nothing_is_written(
    chain: Chain, store: Store, engine: Engine, founded: int
) -> None:
    go_on(chain, store, 2 * HOUR, entries=0)
    keep(engine)
    assert kept(engine) == [founded]


def test_none_is_kept_of_what_is_not_final(
    chain: Chain, store: Store, engine: Engine, founded: int
) -> None:
    block = go_on(chain, store, 2 * HOUR, final=False)
    keep(engine)
    assert kept(engine) == [founded]
    catch_up(chain, store, FinalUpTo(block))
    keep(engine)
    assert kept(engine) == [founded, block]


def test_none_is_kept_of_what_is_not_proven(
    chain: Chain, store: Store, engine: Engine, founded: int
) -> None:
    block = go_on(chain, store, 2 * HOUR)
    with writing(engine) as session:
        forget_checkpoints(session, block - 1)
        session.connection().execute(update(MirrorRow).values(proven_block=block - 1))
    keep(engine)
    assert kept(engine) == [founded]


def test_those_of_blocks_that_the_chain_dropped_are_forgotten(
    chain: Chain, store: Store, engine: Engine, founded: int
) -> None:
    later = go_on(chain, store, 2 * HOUR)
    keep(engine)
    assert kept(engine) == [founded, later]
    with writing(engine) as session:
        forget_checkpoints(session, later - 1)
    assert kept(engine) == [founded]


def test_they_are_found_by_block_and_paged(
    chain: Chain, store: Store, engine: Engine, founded: int
) -> None:
    blocks = [founded]
    for _ in range(3):
        blocks.append(go_on(chain, store, 2 * HOUR))
        keep(engine)
    with reading(engine) as session:
        assert find_checkpoint(session, block=founded - 1) is None
        for block, following in zip(blocks, [*blocks[1:], None], strict=True):
            for number in (block, following - 1 if following else block + 9):
                found = find_checkpoint(session, block=number)
                assert found is not None
                assert found.block_number == block
        first = list_checkpoints(session, limit=3, newest_first=True)
        rest = list_checkpoints(session, limit=3, newest_first=True, cursor=first.cursor)
        assert [row.block_number for row in (*first.items, *rest.items)] == blocks[::-1]
        assert find_moment(session).block == blocks[-1]
