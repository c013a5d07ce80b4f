"""What the mirror says as of a block is what a mirror that stopped there says of now."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from ledger.database.engine import open_engine, reading, upgrade
from ledger.domain.kinds import Kind
from ledger.domain.ledger import Ledger
from ledger.mirror import queries
from ledger.mirror.queries import AssetFilter
from ledger.mirror.rows import read_entry
from ledger.mirror.store import Store
from ledger.mirror.tables import (
    AccountRow,
    AssetRow,
    BatchRow,
    EntryRow,
    OrganisationRow,
    SchemaRow,
    WorldRow,
)
from tests.mirror.chain import Chain
from tests.mirror.lives import Life, index_in
from tests.mirror.mirroring import catch_up
from tests.mirror.questions import Known, Question, plain, questions
from tests.mirror.walks import Walk
from tests.postgres import postgres

# Lists whose order is another one as of a moment: that in which a party became it.
REORDERED = {"list_assets", "list_assets_at"}
_SOME = 40
"""Questions that are asked as of each block."""


class Stops:
    """Copies of a mirror, each as it was when it stood at a block."""

    def __init__(self, folder: Path, engine: Engine) -> None:
        self.folder, self.engine = folder, engine
        self.blocks: list[int] = []

    def stop(self, block: int) -> None:
        with (
            closing(sqlite3.connect(str(self.engine.url.database))) as source,
            closing(sqlite3.connect(self._path(block))) as target,
        ):
            source.backup(target)
        self.blocks.append(block)

    def __iter__(self) -> Iterator[tuple[int, Session]]:
        for block in self.blocks:
            engine = open_engine(f"sqlite:///{self._path(block)}")
            with reading(engine) as session:
                yield block, session
            engine.dispose()

    def _path(self, block: int) -> Path:
        return self.folder / f"at-{block}.db"


@pytest.fixture
def stops(tmp_path: Path, engine: Engine) -> Stops:
    return Stops(tmp_path, engine)


def follow(chain: Chain, store: Store, stops: Stops, steps: Iterator[None]) -> None:
    for _ in steps:
        block = chain.mine()
        catch_up(chain, store)
        stops.stop(block)


def known(session: Session, time: int, others: list[bytes]) -> Known:
    """All that there is at the end, be it there at the time or not, and `others` among assets."""
    return Known(
        orgs=session.exec(select(OrganisationRow.id)).all(),
        accounts=sorted(set(session.exec(select(AccountRow.account)))),
        dids=session.exec(select(OrganisationRow.did)).all(),
        addresses=session.exec(select(OrganisationRow.address)).all(),
        assets=sorted({*session.exec(select(AssetRow.id)), *others}),
        batches=session.exec(select(BatchRow.id)).all(),
        schemas=session.exec(select(SchemaRow.id)).all(),
        worlds=session.exec(select(WorldRow.id)).all(),
        time=time,
    )


def some_unwritten(session: Session) -> list[bytes]:
    batches = session.exec(select(BatchRow)).all()
    return [index_in(row.id, index) for row in batches for index in (1, 2, row.size, row.size + 1)]


def assert_same(question: Question, here: Session, there: Session, block: int) -> None:
    at = queries.find_moment(here, block=block)
    asked = question.ask_all(here, at)
    if question.takes("newest_first"):
        assert question.pages(here, at, 3, newest_first=True) == asked[::-1], (question, block)
    assert asked == question.ask_all(there, queries.find_moment(there), 50), (question, block)
    now = question.ask_all(there, limit=50)
    if question.name in REORDERED and question.then:
        asked, now = (sorted(rows, key=lambda row: row["id"]) for rows in (asked, now))
    assert asked == now, (question, block)


def test_questions_as_of_every_block_of_a_life(
    chain: Chain, store: Store, engine: Engine, stops: Stops
) -> None:
    """Another choice of questions each time, as all of them at all blocks take minutes."""
    chance = Random(secrets.randbits(32))  # noqa: S311
    follow(chain, store, stops, Life(chain).live())
    with reading(engine) as here:
        others = some_unwritten(here)
        for block, there in stops:
            time = queries.find_moment(here, block=block).timestamp
            asked = list(questions(known(here, time, others)))
            for question in chance.sample(asked, _SOME):
                assert_same(question, here, there, block)


@pytest.mark.parametrize("seed", range(3))
def test_questions_as_of_blocks_of_chains_of_chance(
    chain: Chain, store: Store, engine: Engine, stops: Stops, seed: int
) -> None:
    chance = Random(seed)  # noqa: S311
    follow(chain, store, stops, Walk(chain, chance).walk(30))
    with reading(engine) as here:
        others = some_unwritten(here)
        kinds = set(here.exec(select(EntryRow.kind).distinct()))
        assert len(kinds) > 14, "chance did too little"
        for block, there in stops:
            time = queries.find_moment(here, block=block).timestamp + chance.choice([0, 2**40])
            asked = list(questions(known(here, time, others)))
            for question in chance.sample(asked, _SOME):
                assert_same(question, here, there, block)


def test_postgresql_answers_as_sqlite_does(chain: Chain, store: Store, engine: Engine) -> None:
    chance = Random(secrets.randbits(32))  # noqa: S311
    blocks = []
    for _ in Walk(chain, chance).walk(15):
        blocks.append(chain.mine())
    catch_up(chain, store)
    with postgres() as make:
        other = open_engine(make())
        upgrade(other)
        catch_up(chain, Store(other))
        with reading(engine) as here, reading(other) as there:
            others = some_unwritten(here)
            for block in chance.sample(blocks, 8):
                at = queries.find_moment(here, block=block)
                assert at == queries.find_moment(there, block=block)
                asked = list(questions(known(here, at.timestamp, others)))
                for question in chance.sample(asked, 2 * _SOME):
                    for when in (at, None):
                        told = question.ask_all(there, when)
                        assert told == question.ask_all(here, when), (question, when)
        other.dispose()


def test_owned_assets_are_counted_those_of_batches_included(
    chain: Chain, store: Store, engine: Engine
) -> None:
    for _ in Walk(chain, Random(7)).walk(25):  # noqa: S311
        chain.mine()
    catch_up(chain, store)
    ledger = Ledger(chain.domain)
    with reading(engine) as session:
        entries = list(session.exec(select(EntryRow).order_by(EntryRow.sequence)))
        for row, following in zip(entries, [*entries[1:], None], strict=True):
            ledger.append(read_entry(row))
            if following is None or following.block_number > row.block_number:
                at = queries.find_moment(session, block=row.block_number)
                wanted = {org: ledger.balance_of(org) for org in chain.orgs}
                assert queries.count_assets_by_owner(session, chain.orgs, at=at) == wanted
        assert queries.count_assets_by_owner(session, chain.orgs) == wanted
    assert max(wanted.values()) > 9


def test_an_asset_as_of_a_block_is_folded_from_its_entries(
    chain: Chain, store: Store, engine: Engine
) -> None:
    maker, user = chain.enrol(), chain.enrol()
    chain.mine()
    [asset] = chain.register(maker)
    born = chain.mine()
    chain.observe(maker, asset, 1)
    chain.freeze(asset)
    frozen = chain.mine()
    chain.unfreeze(asset)
    chain.mine()
    chain.transfer(maker, asset, user, 4)
    moved = chain.mine()
    catch_up(chain, store)
    with reading(engine) as session:
        seen = {
            block: queries.find_asset(session, asset, at=queries.find_moment(session, block=block))
            for block in (born - 1, born, frozen, moved - 1, moved)
        }
        told = {
            block: row
            and (row.count, row.frozen, row.owner, row.last_sequence - row.first_sequence)
            for block, row in seen.items()
        }
        assert told == {
            born - 1: None,
            born: (1, False, maker, 0),
            frozen: (3, True, maker, 2),
            moved - 1: (4, False, maker, 3),
            moved: (5, False, user, 4),
        }
        entries = queries.list_entries(session, queries.EntryFilter(subject=asset))
        assert seen[moved - 1].head == entries.items[3].head  # type: ignore[union-attr]
        at = queries.find_moment(session, block=frozen)
        assert plain(queries.list_assets(session, AssetFilter(frozen=True), at=at)) == [
            plain(seen[frozen])
        ]
        assert not session.dirty
    assert Kind.FROZEN in {entry.kind for entry in entries.items}
