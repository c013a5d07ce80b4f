"""The feed tells each entry that came and each that went, so that its reader has what stands."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import Engine
from sqlmodel import col, select

from ledger.database.engine import reading
from ledger.domain.kinds import Kind
from ledger.errors import MalformedValue
from ledger.mirror import feed
from ledger.mirror.feed import BEGINNING, EVERYTHING, Place, Told, read_feed
from ledger.mirror.queries import FeedFilter, find_tip
from ledger.mirror.reindexing.reindex import reindex_from_chain
from ledger.mirror.store import Store
from ledger.mirror.tables import EntryRow
from ledger.settings import Settings
from tests.mirror.chain import Chain
from tests.mirror.mirroring import FinalUpTo, catch_up


class Reader:
    """Somebody who is told of events, and holds what they leave."""

    def __init__(self, store: Store, wanted: FeedFilter = EVERYTHING, limit: int = 200) -> None:
        self.store, self.wanted, self.limit = store, wanted, limit
        self.place = BEGINNING
        self.held: dict[int, bytes] = {}
        self.events: list[Told] = []

    def catch_up(self) -> list[str]:
        """Read to the end; the ids of what was told."""
        told: list[Told] = []
        more = True
        while more:
            with reading(self.store.engine) as session:
                portion = read_feed(session, self.place, self.wanted, self.limit)
            for event in portion.events:
                self.take(event)
            told += portion.events
            self.place, more = portion.after, portion.more
        self.events += told
        return [event.id for event in told]

    def take(self, event: Told) -> None:
        sequence, head = event.entry.sequence, event.entry.head
        if event.reverted_at is not None:
            assert self.held.pop(sequence) == head, "what it had not, or had otherwise, is reverted"
        else:
            assert sequence not in self.held, "it is told twice"
            self.held[sequence] = head
        assert Place.parse(event.id).sequence == event.after.sequence

    def restart(self) -> None:
        """As one who has nothing but the last event's id."""
        if self.events:
            self.place = Place.parse(self.events[-1].id)


def standing(store: Store, wanted: FeedFilter = EVERYTHING) -> dict[int, bytes]:
    with reading(store.engine) as session:
        rows = session.exec(select(EntryRow).order_by(col(EntryRow.sequence)))
        return {row.sequence: row.head for row in rows if wanted.takes(row)}


def live(chain: Chain, store: Store, rounds: int = 1) -> None:
    for _ in range(rounds):
        maker = chain.orgs[0]
        [asset] = chain.register(maker)
        chain.mine()
        chain.revise(maker, asset, 1)
        chain.mine()
        catch_up(chain, store)


@pytest.fixture
def lived(chain: Chain, store: Store) -> Store:
    chain.enrol()
    chain.mine()
    live(chain, store, 3)
    return store


def test_entries_come_in_the_ledgers_order_and_then_nothing(lived: Store) -> None:
    reader = Reader(lived, limit=3)
    assert reader.catch_up() == [f"0.{sequence}" for sequence in standing(lived)]
    assert reader.held == standing(lived)
    assert reader.catch_up() == []


def test_what_a_reorg_took_is_reverted_the_latest_first_and_then_comes_what_is_new(
    chain: Chain, lived: Store
) -> None:
    reader = Reader(lived)
    reader.catch_up()
    top = max(reader.held)
    chain.reorg(2)
    catch_up(chain, lived)
    live(chain, lived)
    told = reader.catch_up()
    assert told[:2] == [f"1.{top}.reverted", f"1.{top - 1}.reverted"]
    assert told[2] == f"1.{top - 1}"
    assert reader.held == standing(lived)
    assert all(event.reverted_at for event in reader.events if event.id.endswith("reverted"))


def test_who_comes_late_is_not_told_of_what_came_and_went(chain: Chain, lived: Store) -> None:
    late = Reader(lived)
    late.catch_up()
    live(chain, lived)
    chain.reorg(2)
    catch_up(chain, lived)
    assert late.catch_up() == []
    newcomer = Reader(lived)
    newcomer.catch_up()
    assert newcomer.held == late.held == standing(lived)


def test_an_entry_has_one_id_whoever_is_told_of_it_and_when(chain: Chain, lived: Store) -> None:
    early = Reader(lived)
    for depth in (1, 2, 1, 4):
        early.catch_up()
        chain.reorg(depth)
        catch_up(chain, lived)
        early.catch_up()
        live(chain, lived)
    early.catch_up()
    late = Reader(lived, limit=2)
    late.catch_up()
    ids = {event.entry.head: event.id for event in early.events if not event.reverted_at}
    assert [event.id for event in late.events] == [ids[e.entry.head] for e in late.events]
    assert len({event.id for event in early.events}) == len(early.events)


@pytest.mark.parametrize("limit", [1, 2, 200])
def test_through_any_reorgs_readers_of_any_pace_have_what_stands(
    chain: Chain, lived: Store, limit: int
) -> None:
    """Some read at once, some seldom; some forget all but the last event's id."""
    draw = random.Random(limit)  # noqa: S311
    wanted = [EVERYTHING, FeedFilter(kinds=frozenset({Kind.REVISED}))]
    readers = [Reader(lived, each, limit) for each in wanted for _ in range(3)]
    for _ in range(12):
        if draw.random() < 0.5:
            chain.reorg(draw.randint(1, 4))
            catch_up(chain, lived)
        else:
            live(chain, lived)
        for reader in draw.sample(readers, 3):
            if draw.random() < 0.5 and reader.wanted is EVERYTHING:
                reader.restart()
            reader.catch_up()
            assert reader.held == standing(lived, reader.wanted)
    for reader in readers:
        reader.catch_up()
        assert reader.held == standing(lived, reader.wanted)


def test_a_reader_that_stops_amid_what_is_reverted_goes_on_there(
    chain: Chain, lived: Store
) -> None:
    reader = Reader(lived, limit=1)
    reader.catch_up()
    chain.reorg(4)
    catch_up(chain, lived)
    with reading(lived.engine) as session:
        [first] = read_feed(session, reader.place, limit=1).events
    reader.take(first)
    reader.events.append(first)
    reader.restart()
    chain.reorg(1)
    live(chain, lived)
    chain.reorg(3)
    catch_up(chain, lived)
    reader.catch_up()
    assert reader.held == standing(lived)


def test_a_mirror_that_is_built_anew_on_other_blocks_tells_what_went(
    chain: Chain, either_engine: Engine
) -> None:
    store = Store(either_engine)
    chain.enrol()
    chain.mine()
    live(chain, store, 2)
    reader = Reader(store)
    reader.catch_up()
    chain.reorg(2)
    [asset] = chain.register(chain.orgs[0])
    chain.mine()
    url = either_engine.url.render_as_string(hide_password=False)
    settings = Settings(rpc_url=chain.rpc.url, database_url=url)
    either_engine.dispose()
    reindex_from_chain(settings, chain.deployed, FinalUpTo())
    told = reader.catch_up()
    assert [one.endswith(".reverted") for one in told] == [True, True, False]
    assert reader.events[-1].entry.subject == asset
    assert reader.held == standing(store)


def test_one_look_goes_through_so_many_entries_and_says_that_there_are_more(
    lived: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "_SCANNED", 2)
    reader = Reader(lived, FeedFilter(kinds=frozenset({Kind.REVISED})))
    reader.catch_up()
    assert reader.held == standing(lived, reader.wanted)
    assert len(reader.held) == 3


def test_the_tip_says_how_many_entries_are_final(lived: Store) -> None:
    with reading(lived.engine) as session:
        tip = find_tip(session)
    assert tip is not None
    assert (tip.epoch, tip.sequence) == (0, max(standing(lived)))
    assert tip.final <= tip.sequence


@pytest.mark.parametrize(
    "text", ["", "1", "1.", "-1.2", "01.2", "1.2.3", "0.3.reverted", "2.0.reverted", "1.2 ", "९.१"]
)
def test_what_is_no_events_id_is_refused(text: str) -> None:
    with pytest.raises(MalformedValue):
        Place.parse(text)
