"""Whoever may read a text finds its subject by the words of it; nobody else, and nothing else."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, event, insert, text
from sqlmodel import Session, SQLModel, select

from ledger.chain.contract import encode_force_title
from ledger.database.engine import open_engine, reading, upgrade, writing
from ledger.domain.payloads import (
    Accepted,
    BatchRegistered,
    Offered,
    Registered,
    Revised,
    SchemaPublished,
    WorldOpened,
)
from ledger.mirror.queries import AssetFilter, Cursor, Moment, find_moment, list_assets
from ledger.mirror.search.asking import Search, list_best
from ledger.mirror.search.indexer import TextIndexer
from ledger.mirror.search.tables import (
    ASSET,
    ORGANISATION,
    SCHEMA,
    SIZES,
    WORLD,
    SearchMarkRow,
    SearchTextRow,
)
from ledger.mirror.search.texts import NEWEST, reader_sign
from ledger.mirror.search.words import tokenise
from ledger.mirror.store import Store
from ledger.mirror.tables import AssetRow, BlockRow, MirrorRow
from ledger.outbox.library import Library
from ledger.outbox.tables import Document
from ledger.types import ZERO_HASH, AssetKind, Hash32, Party
from tests.mirror.chain import Chain
from tests.mirror.lives import index_in, some_hash
from tests.mirror.mirroring import FOLDED, FinalUpTo, catch_up
from tests.mirror.questions import statements
from tests.mirror.searching import Desk
from tests.mirror.test_plans import nodes
from tests.mirror.test_search_words import TEXTS, matches
from tests.postgres import postgres

GEARBOX = {"name": "Planetary gearbox", "名称": "行星变速箱", "ratio": 97.5, "parts": ["GBX-0001"]}
PUMP = {"name": "Coolant pump", "名称": "冷却泵", "maker": {"city": "München"}}


@pytest.fixture(scope="module")
def on_postgres() -> Iterator[Engine]:
    with postgres() as make:
        engine = open_engine(make())
        upgrade(engine)
        yield engine
        engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database; of PostgreSQL always the same, as a new one takes seconds."""
    if request.param == "sqlite":
        engine = open_engine(f"sqlite:///{tmp_path}/ledger.db")
        upgrade(engine)
        yield engine
        engine.dispose()
    else:
        yield request.getfixturevalue("postgresql")


@pytest.fixture
def postgresql(on_postgres: Engine) -> Iterator[Engine]:
    yield on_postgres
    with writing(on_postgres) as session:
        for table in reversed(SQLModel.metadata.sorted_tables):
            session.execute(table.delete())


@pytest.fixture
def desk(chain: Chain, store: Store, tmp_path: Path) -> Desk:
    return Desk(chain, store, tmp_path / "documents")


@pytest.fixture
def maker(desk: Desk) -> Hash32:
    return desk.enrol("Aurora Motors")


# -- what is found -----------------------------------------------------------------------------


def test_an_asset_is_found_by_words_of_its_serial_and_its_document(
    desk: Desk, maker: Hash32
) -> None:
    gearbox = desk.register(maker, "AM-GBX-000417", GEARBOX)
    pump = desk.register(maker, "AM-PMP-000093", PUMP)
    desk.follow()
    for query in (
        *("变速", "变速箱", "行星", "星", "箱"),
        *("gearbox", "GEARBOX planetary", "97.5"),
        *("AM-GBX-000417", "gbx-000417", "000417", "gbx", "GBX-0001"),
    ):
        assert desk.found(query) == {gearbox}, query
        assert desk.found(f"{query} pump") == set(), query
    assert desk.found("am") == {gearbox, pump}


def test_what_nobody_wrote_is_not_found(desk: Desk, maker: Hash32) -> None:
    """Neither parts of words, nor the names of members, nor words in another order."""
    desk.register(maker, "AM-GBX-000417", GEARBOX)
    desk.follow()
    for query in ("", "…", "名称", "box", "000418", "417-gbx", "速变", "变速泵"):
        assert desk.found(query) == set(), query


def test_revisions_are_found_and_so_is_what_they_replace(desk: Desk, maker: Hash32) -> None:
    gearbox = desk.register(maker, "S-1", GEARBOX)
    desk.follow()
    desk.revise(maker, gearbox, {"name": "Overhauled", "city": "Zürich"})
    desk.follow()
    for query in ("zurich", "变速", "S-1"):
        assert desk.found(query) == {gearbox}


def test_of_many_revisions_the_first_and_the_newest_are_found(desk: Desk, maker: Hash32) -> None:
    asset = desk.register(maker, "S-1", {"name": "word0"})
    for number in range(1, NEWEST + 1):
        desk.mirror()
        desk.revise(maker, asset, {"name": f"word{number}"})
    desk.follow()
    found = [number for number in range(NEWEST + 1) if desk.found(f"word{number}")]
    assert found == [0, *range(2, NEWEST + 1)]


def test_organisations_schemas_and_worlds_are_found_the_most_telling_first(
    desk: Desk, maker: Hash32
) -> None:
    other = desk.enrol("Borealis Motors, makers of motors")
    schema = desk.begin(
        maker, {"title": "Drehzahl"}, lambda content: SchemaPublished(content, ZERO_HASH)
    )
    world = desk.begin(
        maker, {"name": "汽车世界"}, lambda content: WorldOpened(content, ZERO_HASH, ZERO_HASH)
    )
    desk.follow()
    with reading(desk.engine) as session:

        def best(query: str, kind: str, reader: Hash32 | None, limit: int = 5) -> list[Hash32]:
            return list(list_best(session, Search(query, kind, reader), limit))

        assert best("motors", ORGANISATION, other) == [other, maker]
        assert best("motors", ORGANISATION, other, 1) == [other]
        assert set(best("did:web", ORGANISATION, other)) == {maker, other}
        assert best("drehzahl", SCHEMA, other) == best("世界", WORLD, other) == []
        assert best("drehzahl", SCHEMA, maker) == best("drehzahl", SCHEMA, None) == [schema]
        assert best("世界", WORLD, maker) == best("世界", WORLD, None) == [world]
        assert best("世界", SCHEMA, None) == best("motors", ASSET, None) == []


# -- who finds it ------------------------------------------------------------------------------


def test_all_that_is_told_of_an_asset_is_for_its_registrar_and_its_owner(
    desk: Desk, maker: Hash32
) -> None:
    buyer, heir, stranger = (desk.enrol(name) for name in ("Buyer", "Heir", "Stranger"))
    gearbox = desk.register(maker, "S-1", GEARBOX)
    desk.follow()
    assert desk.found("变速", maker) == desk.found("变速") == {gearbox}
    assert desk.found("变速", buyer) == set()
    desk.chain.transfer(maker, gearbox, buyer)
    desk.mirror()
    desk.revise(buyer, gearbox, {"note": "resold"})
    desk.follow()
    for reader in (maker, buyer, None):
        assert desk.found("变速 resold", reader) == {gearbox}
    desk.chain.transfer(buyer, gearbox, heir)
    desk.follow()
    for reader in (maker, heir, None):
        assert desk.found("变速 resold", reader) == {gearbox}
    assert desk.found("变速", buyer) == desk.found("S-1", buyer) == set()
    assert desk.found("resold", buyer) == {gearbox}
    for query in ("变速", "resold", "S-1"):
        assert desk.found(query, stranger) == set()
    assert_as_made_at_once(desk)


def test_who_lost_the_asset_finds_it_no_more_from_that_block_on(desk: Desk, maker: Hash32) -> None:
    """Whatever the texts say, which follow a little later."""
    buyer = desk.enrol("Buyer")
    gearbox = desk.register(maker, "S-1", GEARBOX, owner=buyer)
    desk.follow()
    assert desk.found("变速", buyer) == {gearbox}
    desk.chain.transfer(buyer, gearbox, maker)
    desk.mirror()
    assert desk.found("变速", buyer) == set()
    desk.follow()
    assert desk.found("变速", buyer) == set()


@pytest.mark.parametrize("how", ["accepted", "forced"])
def test_whoever_comes_to_own_it_finds_it(desk: Desk, maker: Hash32, how: str) -> None:
    buyer = desk.enrol("Buyer")
    gearbox = desk.register(maker, "S-1", GEARBOX)
    desk.mirror()
    if how == "accepted":
        desk.chain.act(maker, gearbox, Offered(Party.OWNER, buyer, 0))
        desk.mirror()
        desk.chain.act(buyer, gearbox, Accepted(Party.OWNER))
    else:
        desk.chain.govern(encode_force_title(gearbox, buyer, some_hash()))
    desk.follow()
    assert desk.found("变速", buyer) == desk.found("变速", maker) == {gearbox}
    assert_as_made_at_once(desk)


def test_an_asset_of_a_batch_is_found_by_what_is_told_of_it_alone(
    desk: Desk, maker: Hash32
) -> None:
    buyer = desk.enrol("Buyer")
    batch = desk.chain.begin(maker, BatchRegistered(buyer, ZERO_HASH, some_hash(), 10, some_hash()))
    desk.mirror()
    desk.revise(buyer, index_in(batch, 3), GEARBOX)
    desk.follow()
    for reader in (maker, buyer, None):
        assert desk.found("变速", reader) == {index_in(batch, 3)}
    desk.chain.transfer(buyer, index_in(batch, 3), maker)
    desk.follow()
    for reader in (maker, buyer, None):
        assert desk.found("变速", reader) == {index_in(batch, 3)}
    assert_as_made_at_once(desk)


def test_a_copied_content_hash_tells_nothing_of_another_ones_document(
    desk: Desk, maker: Hash32
) -> None:
    thief = desk.enrol("Thief")
    gearbox = desk.register(maker, "S-1", GEARBOX)
    desk.mirror()
    with reading(desk.engine) as session:
        copied = session.exec(select(Document.content_hash)).one()
    desk.chain.begin(thief, Registered(thief, ZERO_HASH, copied, AssetKind.INSTANCE))
    own = desk.register(thief, "T-1", {"name": "Decoy"})
    desk.mirror()
    desk.chain.act(thief, own, Revised(copied))
    desk.follow()
    assert desk.found("变速", thief) == set()
    assert desk.found("变速") == {gearbox}


def test_erased_documents_are_not_found_any_more(desk: Desk, maker: Hash32) -> None:
    gearbox = desk.register(maker, "S-1", GEARBOX)
    desk.mirror()
    secret = desk.revise(maker, gearbox, {"note": "unwanted"})
    desk.follow()
    assert desk.found("unwanted") == {gearbox}
    desk.erase(maker, gearbox, secret)
    desk.follow()
    assert desk.found("unwanted") == set()
    assert desk.found("变速") == desk.found("S-1") == {gearbox}


def test_a_damaged_document_hinders_no_other(
    desk: Desk, maker: Hash32, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gearbox = desk.register(maker, "S-1", GEARBOX)
    [pack] = (tmp_path / "documents").rglob("*.pack")
    whole = pack.read_bytes()
    pack.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    pump = desk.register(maker, "S-2", PUMP)
    desk.follow()
    assert desk.found("planetary") == set()
    assert (desk.found("S-1"), desk.found("coolant")) == ({gearbox}, {pump})
    assert "is not searched" in caplog.text


# -- following the mirror ----------------------------------------------------------------------


def test_what_is_told_is_independent_of_the_steps_it_took(desk: Desk, maker: Hash32) -> None:
    for number in range(4):
        asset = desk.register(maker, f"S-{number}", GEARBOX)
        desk.mirror()
        desk.chain.observe(maker, asset)
        desk.mirror()
        desk.revise(
            maker,
            asset,
            {"note": f"checked {number}"},
        )
    desk.mirror()
    steps = [desk.new_indexer(portion).catch_up(threading.Event()) for portion in (1, 1)]
    assert steps == [9, 0]
    assert_as_made_at_once(desk)


def test_texts_are_made_of_their_subjects_entries_and_not_of_all_of_their_kinds(desk: Desk) -> None:
    many = [number.to_bytes(32) for number in range(500)]
    with reading(desk.engine) as session, statements(desk.engine) as sent:
        assert not list(desk.indexer._make(session, many, 1_000_000))
    made = [one for one in sent if "entry.subject IN" in one[0]]
    assert len(made) == 1, "nothing was looked for"
    explain = "explain query plan" if desk.engine.dialect.name == "sqlite" else "explain"
    with desk.engine.connect() as connection:
        if desk.engine.dialect.name == "postgresql":
            connection.exec_driver_sql("set enable_seqscan = off")
        plan = connection.exec_driver_sql(f"{explain} {made[0][0]}", made[0][1]).all()
    assert "entry_kind" not in str(plan)


def test_it_is_stopped_between_steps_and_goes_on_there(desk: Desk, maker: Hash32) -> None:
    for number in range(3):
        desk.register(maker, f"S-{number}", PUMP)
    desk.mirror()
    stop = threading.Event()
    stop.set()
    indexer = desk.new_indexer(1)
    assert indexer.catch_up(stop) == 0
    assert indexer.step()  # the enrolment
    assert indexer.step()
    assert desk.found("S-0")
    assert not desk.found("S-1")
    assert desk.new_indexer(1).catch_up(threading.Event()) == 2
    assert_as_made_at_once(desk)


def test_a_step_that_dies_has_done_nothing(desk: Desk, maker: Hash32) -> None:
    desk.register(maker, "S-0", PUMP)
    desk.mirror()

    def die(*given: Any) -> None:
        if "INSERT INTO search_mark" in given[2]:
            raise KeyboardInterrupt

    event.listen(desk.engine, "before_cursor_execute", die)
    with pytest.raises(KeyboardInterrupt):
        desk.indexer.step()
    event.remove(desk.engine, "before_cursor_execute", die)
    assert desk.texts() == []
    assert desk.indexer.step()
    assert_as_made_at_once(desk)


def test_indexers_beside_each_other_do_no_harm(desk: Desk, maker: Hash32) -> None:
    for number in range(20):
        desk.register(maker, f"S-{number}", PUMP)
    desk.mirror()
    stop = threading.Event()
    ended = []

    def run() -> None:
        indexer = desk.new_indexer(1)
        while desk.texts()[-1:] == [] or not desk.found("S-19"):
            indexer.catch_up(stop)
        ended.append(True)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert ended == [True] * 3
    assert_as_made_at_once(desk)


def test_a_step_that_another_one_has_done_meanwhile_is_not_done_again(
    desk: Desk, maker: Hash32
) -> None:
    desk.register(maker, "S-1", GEARBOX)
    desk.mirror()

    class Late(TextIndexer):
        def _plan(self, session: Any) -> Any:
            step = super()._plan(session)
            assert desk.new_indexer(1).step()
            return step

    late = Late(desk.engine, Library(desk.documents))
    assert not late.step()
    desk.indexer.catch_up(threading.Event())
    assert_as_made_at_once(desk)


def test_what_a_reorganisation_drops_is_not_found(desk: Desk, maker: Hash32) -> None:
    desk.follow()
    kept = desk.register(maker, "S-0", PUMP)
    desk.follow()
    dropped = desk.register(maker, "S-1", GEARBOX)
    desk.revise(maker, kept, {"note": "unwanted"})
    desk.follow()
    assert (desk.found("变速"), desk.found("unwanted")) == ({dropped}, {kept})
    desk.chain.reorg(1)
    desk.follow()
    assert (desk.found("变速"), desk.found("unwanted")) == (set(), set())
    assert desk.found("coolant") == {kept}
    assert_as_made_at_once(desk)
    other = desk.register(maker, "S-2", GEARBOX)
    desk.follow()
    assert desk.found("变速") == {other}
    assert_as_made_at_once(desk)


def test_a_reorganisation_behind_the_cursor_is_noticed_by_the_block(
    desk: Desk, maker: Hash32
) -> None:
    """The sequence at the cursor may be another subject's by now, at the same height."""
    desk.follow()
    desk.register(maker, "S-1", GEARBOX)
    desk.follow()
    desk.chain.reorg(1)
    desk.register(maker, "S-2", PUMP)
    desk.follow()
    assert desk.found("变速") == set()
    assert desk.found("S-2")
    assert_as_made_at_once(desk)


def test_what_stands_above_the_cursor_is_not_read_yet(desk: Desk, maker: Hash32) -> None:
    """Else a reorganisation down to the cursor's block would leave it there."""
    gearbox = desk.register(maker, "S-1", GEARBOX)
    desk.mirror()
    desk.chain.observe(maker, gearbox)
    desk.mirror()
    desk.revise(maker, gearbox, {"note": "unwanted"})
    desk.mirror()
    slow = desk.new_indexer(1)
    while not desk.found("变速"):
        slow.step()
    assert desk.found("unwanted") == set()
    desk.chain.reorg(1)
    desk.follow()
    assert desk.found("unwanted") == set()
    assert_as_made_at_once(desk)


def test_a_reorganisation_between_reading_and_writing_is_made_good(
    desk: Desk, maker: Hash32
) -> None:
    desk.follow()
    desk.register(maker, "S-1", GEARBOX)
    desk.mirror()
    meanwhile: list[bool] = []

    class Late(TextIndexer):
        def _plan(self, session: Any) -> Any:
            step = super()._plan(session)
            if step is not None and not meanwhile:
                meanwhile.append(True)
                desk.chain.reorg(1)
                desk.register(maker, "S-2", PUMP)
                desk.chain.mine()
            return step

    late = Late(desk.engine, Library(desk.documents))
    assert late.step()
    catch_up(desk.chain, desk.store)
    late.catch_up(threading.Event())
    assert desk.found("变速") == set()
    assert_as_made_at_once(desk)


def test_a_mirror_that_was_emptied_empties_the_texts(desk: Desk, maker: Hash32) -> None:
    desk.register(maker, "S-1", GEARBOX)
    desk.follow()
    with writing(desk.engine) as session:
        for table in (*FOLDED, BlockRow, MirrorRow):
            session.exec(delete(table))
    desk.indexer.catch_up(threading.Event())
    assert desk.texts() == []
    desk.follow()
    assert desk.found("变速")
    assert_as_made_at_once(desk)


def test_marks_are_kept_back_to_the_final_block_only(desk: Desk, maker: Hash32) -> None:
    finality = FinalUpTo()
    for number in range(6):
        desk.register(maker, f"S-{number}", PUMP)
        finality.number = desk.chain.mine() - 2
        catch_up(desk.chain, desk.store, finality)
        desk.indexer.catch_up(threading.Event())
    with reading(desk.engine) as session:
        assert len(session.exec(select(SearchMarkRow)).all()) == 3
    desk.chain.reorg(2)
    catch_up(desk.chain, desk.store, finality)
    assert desk.indexer.catch_up(threading.Event()) == 1
    assert desk.found("S-3")
    assert not desk.found("S-4")
    assert_as_made_at_once(desk)


def assert_as_made_at_once(desk: Desk) -> None:
    """Texts made from nothing in one step are the same, and the index holds no others."""
    found = desk.texts()
    assert_index_is_whole(desk.engine)
    with writing(desk.engine) as session:
        session.exec(delete(SearchMarkRow))
        session.exec(delete(SearchTextRow))
    desk.indexer.catch_up(threading.Event())
    assert found == desk.texts()
    assert found


def assert_index_is_whole(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        with writing(engine) as session:
            check = "insert into search_index (search_index, rank) values ('integrity-check', 1)"
            session.execute(text(check))


# -- the databases -----------------------------------------------------------------------------


@pytest.fixture
def databases(tmp_path: Path, postgresql: Engine) -> Iterator[list[Engine]]:
    engine = open_engine(f"sqlite:///{tmp_path}/ledger.db")
    upgrade(engine)
    yield [engine, postgresql]
    engine.dispose()


FAR: Final = 1 << SIZES[-1] + 2
STEPS: Final = st.sampled_from([1, 2, 1 << SIZES[0], 1 << SIZES[1] - 1, 1 << SIZES[-1]]) | (
    st.integers(1, FAR)
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(st.tuples(STEPS, st.booleans()), max_size=12),
    st.integers(1, 4),
    st.booleans(),
    st.none() | st.integers(0, FAR),
)
def test_pages_are_the_same_wherever_they_are_looked_for(
    databases: list[Engine],
    steps: list[tuple[int, bool]],
    limit: int,
    newest_first: bool,
    cursor: int | None,
) -> None:
    """However far apart texts lie: none is left out, none comes twice, the order is that of ids."""
    places = list(accumulate(step for step, _ in steps))
    told = list(zip(places, (tells for _, tells in steps), strict=True))
    beyond = (lambda at: at < cursor) if newest_first else (lambda at: at > cursor)
    expected = [at for at, tells in told if tells and (cursor is None or beyond(at))]
    for engine in databases:
        with writing(engine) as session:
            write_assets(session, told)
            pages = walk(
                session,
                AssetFilter(search=Search("gearbox")),
                None if cursor is None else (cursor,),
                limit,
                newest_first,
            )
            found = [row.first_sequence for page in pages for row in page]
            assert found == (expected[::-1] if newest_first else expected), engine.dialect.name
            assert all(len(page) == limit for page in pages[:-1])


def write_assets(session: Session, told: list[tuple[int, bool]]) -> None:
    """Only these: each by the id of its text, and whether that tells of a gearbox."""
    session.exec(delete(SearchTextRow))
    session.exec(delete(AssetRow))
    for at, tells in told:
        values = dict.fromkeys(AssetRow.model_fields, 0)
        hashes = dict.fromkeys(("org", "owner", "schema_", "head"), bytes(32))
        absent = dict.fromkeys(
            ("birth_content_hash", "content_hash", "custodian", "operator", "lien_holder", "parent")
        )
        named = {"id": at.to_bytes(32), "first_sequence": at, "frozen": False}
        session.add(AssetRow(**values | hashes | absent | named))
        session.add(
            SearchTextRow(
                id=at,
                subject=at.to_bytes(32),
                subject_kind=ASSET,
                org=bytes(32),
                apart=False,
                sequence=at,
                tokens=["gearbox" if tells else "pump", reader_sign(bytes(32))],
            )
        )
    session.flush()


def walk(
    session: Session,
    wanted: AssetFilter,
    cursor: Cursor | None,
    limit: int,
    newest_first: bool,
) -> list[list[AssetRow]]:
    """All pages of a list from a cursor on."""
    pages = []
    while True:
        page = list_assets(session, wanted, cursor=cursor, limit=limit, newest_first=newest_first)
        pages.append(list(page.items))
        cursor = page.cursor
        if cursor is None:
            return pages


def test_what_all_texts_tell_is_found_without_looking_at_all(postgresql: Engine) -> None:
    """It took eight times as long of three hundred thousand assets as of ten thousand."""
    apart = 64
    with writing(postgresql) as session:
        write_assets(session, [(apart * number, True) for number in range(1, 2000)])
    wanted = AssetFilter(search=Search("gearbox", ASSET, bytes(32)))
    with reading(postgresql) as session, statements(postgresql) as sent:
        assert len(list_assets(session, wanted, limit=50).items) == 50
    [(statement, given)] = sent
    with postgresql.connect() as connection:
        connection.execute(text("set local enable_seqscan = off"))
        connection.execute(text("set local enable_indexscan = off"))
        rows = connection.exec_driver_sql(f"explain (analyze, format json) {statement}", given)
        told = nodes(rows.scalar_one()[0]["Plan"])
    [plan] = [node for node in told if "tokens" in str(node.get("Recheck Cond"))]
    assert 50 < plan["Actual Rows"] <= 2 * (1 << SIZES[0]) / apart


def test_what_is_rare_is_found_by_few_statements(postgresql: Engine) -> None:
    rare = [1, FAR]
    with writing(postgresql) as session:
        write_assets(session, [(at, True) for at in rare])
    wanted = AssetFilter(search=Search("gearbox"))
    for newest_first in (False, True):
        with reading(postgresql) as session, statements(postgresql) as sent:
            found = list_assets(session, wanted, limit=50, newest_first=newest_first).items
        assert sorted(row.first_sequence for row in found) == rare
        assert len(sent) <= 5
    with writing(postgresql) as session:
        write_assets(session, [(1, True)])
    with reading(postgresql) as session, statements(postgresql) as sent:
        assert len(list_assets(session, wanted, limit=50).items) == 1
    assert len(sent) == 2, "there is nothing behind the first stretches"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TEXTS, min_size=1, max_size=6), st.data())
def test_every_database_answers_what_the_words_say(
    databases: list[Engine], told: list[str], data: st.DataObject
) -> None:
    tokens = [tokenise([one]) for one in told]
    part = st.sampled_from(told).flatmap(
        lambda one: st.tuples(*[st.integers(0, len(one))] * 2).map(
            lambda at: one[min(at) : max(at)]
        )
    )
    query = data.draw(TEXTS | part)
    rows = [
        {
            "id": at,
            "subject": bytes([at]),
            "subject_kind": ASSET,
            "org": b"",
            "apart": False,
            "sequence": at,
            "tokens": each,
        }
        for at, each in enumerate(tokens)
    ]
    expected = {bytes([at]) for at, each in enumerate(tokens) if matches(each, query)}
    for engine in databases:
        with writing(engine) as session:
            session.exec(delete(SearchTextRow))
            session.connection().execute(insert(SearchTextRow), rows)
            found = list_best(session, Search(query), 100)
            assert set(found) == expected, engine.dialect.name


@pytest.mark.parametrize("at", [None, Moment(7, bytes(32), 7, 70, is_final=True)])
def test_a_search_walks_the_index_in_the_order_of_its_answers(
    engine: Engine, at: Moment | None
) -> None:
    """PostgreSQL, which finds before it orders, in a stretch behind the cursor first."""
    wanted = AssetFilter(search=Search("变速箱 GBX-1", ASSET, bytes(32)))
    with reading(engine) as session, statements(engine) as sent:
        list_assets(session, wanted, at=at, cursor=(14,), newest_first=True)
    [(statement, given)] = sent
    plan = _explain(engine, statement, given)
    if engine.dialect.name == "sqlite":
        assert re.search(r"SCAN search_index VIRTUAL TABLE INDEX \d+:M\d*<", plan)
        assert "SEARCH search_text USING INTEGER PRIMARY KEY" in plan
        assert "SEARCH asset USING INDEX sqlite_autoindex_asset_1" in plan
        assert "TEMP B-TREE" not in plan
    else:
        assert "Bitmap Index Scan on search_text_tokens" in plan
        assert re.search(r"Index Cond: .*tokens @@ .* && '{0,-5}'", plan)


_FORGET = (
    "delete from pg_statistic where starelid in"
    " (select oid from pg_class where relnamespace = 'public'::regnamespace)",
    "update pg_class set reltuples = -1, relpages = 0"
    " where relnamespace = 'public'::regnamespace and relkind = 'r'",
)


def _explain(engine: Engine, statement: str, given: Any) -> str:
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            for turned in ("seqscan", "indexscan"):
                connection.execute(text(f"set local enable_{turned} = off"))
            # As if nothing had been counted: of so few rows, any index would do.
            for forget in _FORGET:
                connection.execute(text(forget))
        verb = "explain query plan" if engine.dialect.name == "sqlite" else "explain"
        rows = connection.exec_driver_sql(f"{verb} {statement}", given)
        return "\n".join(" ".join(map(str, row)) for row in rows)


def test_a_search_is_filtered_and_paged_as_any_list(desk: Desk, maker: Hash32) -> None:
    other = desk.enrol("Other")
    assets = [desk.register(maker, f"S-{number}", PUMP) for number in range(5)]
    desk.register(maker, "S-5", GEARBOX)
    desk.mirror()
    desk.chain.freeze(assets[1])
    desk.chain.transfer(maker, assets[2], other)
    desk.follow()
    pumps = Search("冷却泵")

    def ids(**asked: Any) -> list[Hash32]:
        found = list_assets(session, AssetFilter(search=pumps, **asked), at=at)
        return [row.id for row in found.items]

    with reading(desk.engine) as session:
        begun = find_moment(session, block=desk.chain.rpc.fetch_block_number() - 1)
        at = None
        assert ids() == assets
        assert ids(owner=other) == [assets[2]]
        assert ids(frozen=True) == [assets[1]]
        assert ids(owner=maker, frozen=False) == [assets[0], *assets[3:]]
        at = begun
        assert ids(owner=maker, frozen=False) == ids() == assets
        seen, cursor = [], None
        while cursor is not None or not seen:
            page = list_assets(
                session, AssetFilter(search=pumps), cursor=cursor, limit=2, newest_first=True
            )
            seen += [row.id for row in page.items]
            cursor = page.cursor
        assert seen == assets[::-1]
