"""A number or a time means a block; what cannot be answered is refused by name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from ledger.database.engine import reading
from ledger.errors import MalformedValue, MirrorError
from ledger.mirror.queries import BeforeLedger, BlockAhead, find_mirror, find_moment
from ledger.mirror.store import Store
from tests.mirror.chain import Chain
from tests.mirror.mirroring import FinalUpTo, catch_up


@pytest.fixture
def blocks(chain: Chain, store: Store) -> list[int]:
    """Four blocks, ten seconds apart: two with entries, then two without; the last is not final."""
    numbers = []
    for entries in (True, True, False, False):
        if entries:
            chain.enrol()
        chain.rpc.call("evm_increaseTime", 10)
        numbers.append(chain.mine())
    for until in numbers:
        catch_up(chain, store, FinalUpTo(min(until, numbers[-2])))
    return numbers


@pytest.fixture
def session(engine: Engine, blocks: list[int]) -> Iterator[Session]:  # noqa: ARG001 - filled
    with reading(engine) as session:
        yield session


def test_a_number_means_its_block(chain: Chain, session: Session, blocks: list[int]) -> None:
    for number, entries in zip(blocks[:2], (3, 5), strict=True):
        moment = find_moment(session, block=number)
        block = chain.rpc.fetch_block(number)
        assert (moment.block, moment.hash, moment.timestamp) == (
            number,
            block.hash,
            block.timestamp,
        )
        assert moment.sequence == entries
        assert moment.is_final


def test_the_newest_is_meant_where_nothing_is_given(session: Session, blocks: list[int]) -> None:
    moment = find_moment(session)
    assert (moment.block, moment.sequence, moment.is_final) == (blocks[-1], 5, False)


def test_of_blocks_that_are_forgotten_the_one_before_is_meant(
    chain: Chain, store: Store, engine: Engine
) -> None:
    """They held no entries, so that all is as it was."""
    chain.enrol()
    held = chain.mine()
    chain.mine(5)
    chain.enrol()
    newest = chain.mine()
    catch_up(chain, store, FinalUpTo(newest))
    with reading(engine) as session:
        moment = find_moment(session, block=held + 3)
        assert (moment.block, moment.sequence, moment.is_final) == (held, 3, True)


def test_a_time_means_the_newest_block_until_then(
    chain: Chain, session: Session, blocks: list[int]
) -> None:
    times = [chain.rpc.fetch_block(number).timestamp for number in blocks[:2]]
    assert find_moment(session, time=times[0]).block == blocks[0]
    assert find_moment(session, time=times[1] - 1).block == blocks[0]
    assert find_moment(session, time=times[1]).block == blocks[1]
    assert find_moment(session, time=2**70).block == blocks[-1]
    shifted = datetime.fromtimestamp(times[0], timezone(timedelta(hours=8)))
    assert find_moment(session, time=shifted).block == blocks[0]
    just_before = datetime.fromtimestamp(times[1], UTC) - timedelta(microseconds=1)
    assert find_moment(session, time=just_before).block == blocks[0]


def test_what_the_mirror_cannot_know_is_refused(
    chain: Chain, session: Session, blocks: list[int]
) -> None:
    with pytest.raises(BlockAhead) as ahead:
        find_moment(session, block=blocks[-1] + 1)
    assert ahead.value.fields["newest"] == blocks[-1]
    mirror = find_mirror(session)
    assert mirror is not None
    for number in (mirror.base_block, 0, -1):
        with pytest.raises(BeforeLedger) as before:
            find_moment(session, block=number)
        assert before.value.fields["oldest"] == mirror.base_block + 1
    founded = chain.rpc.fetch_block(mirror.base_block + 1).timestamp
    assert find_moment(session, time=founded).sequence == 1
    for time in (founded - 1, 0, -(2**70)):
        with pytest.raises(BeforeLedger):
            find_moment(session, time=time)


def test_a_time_needs_a_zone_and_no_block_beside_it(session: Session, blocks: list[int]) -> None:
    with pytest.raises(MalformedValue, match="zone"):
        find_moment(session, time=datetime(2026, 1, 1))
    with pytest.raises(MalformedValue, match="left out"):
        find_moment(session, time=1, block=blocks[0])


def test_before_the_mirror_began_there_is_no_moment(engine: Engine) -> None:
    with reading(engine) as session:
        assert find_mirror(session) is None
        with pytest.raises(MirrorError, match="not begun"):
            find_moment(session)
