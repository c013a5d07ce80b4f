"""Rebuilding the mirror: the same in every cell, healed where falsified, whole whatever ends it.

From the entries that are stored, and from the chain alone; on SQLite and PostgreSQL.
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, inspect, select, text
from sqlmodel import Session

from ledger.database.engine import open_engine, reading, upgrade, writing
from ledger.errors import MirrorError, WrongChain
from ledger.mirror.auditing.audit import AUDITED, audit
from ledger.mirror.reindexing import reindex as module
from ledger.mirror.reindexing import swapping
from ledger.mirror.reindexing.reindex import Reindexed, reindex_from_chain, reindex_from_entries
from ledger.mirror.reindexing.shadow import Reindexing, Shadow, alone
from ledger.mirror.reindexing.stored import StoredWrong
from ledger.mirror.reindexing.swapping import SwapRefused
from ledger.mirror.run import Progress, index
from ledger.mirror.store import Store
from ledger.mirror.tables import TABLES
from ledger.settings import Settings
from tests.mirror.chain import Chain
from tests.mirror.lives import Life
from tests.mirror.mirroring import FinalUpTo, catch_up
from tests.mirror.tampering import COLUMNS, is_key, other, read, tampered
from tests.postgres import postgres

ROOT = Path(__file__).parents[2]
SOURCES = ["entries", "chain"]
FINAL = FinalUpTo(9)


@pytest.fixture(scope="module")
def server() -> Iterator[Callable[[], str]]:
    with postgres() as make:
        yield make


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    made: str = request.getfixturevalue("server")()
    return made


@pytest.fixture
def live(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def lived() -> Iterator[Chain]:
    """A chain on which every kind of entry has happened, and some blocks without any."""
    chain = Chain.start()
    for _ in Life(chain).live():
        chain.mine()
    chain.mine(3)
    yield chain
    chain.stop()


@pytest.fixture
def mirrored(lived: Chain, live: Engine) -> Engine:
    catch_up(lived, Store(live), FINAL)
    return live


def reindex(chain: Chain, engine: Engine, source: str, **options: Any) -> Reindexed:
    url = engine.url.render_as_string(hide_password=False)
    if source == "entries":
        return reindex_from_entries(url, **options)
    settings = Settings(rpc_url=chain.rpc.url, database_url=url)
    return reindex_from_chain(settings, chain.deployed, FINAL, **options)


def everything(engine: Engine) -> dict[str, Any]:
    """Every cell of every table, and every index as it is defined."""
    return {name: list(read(engine, table)) for name, table in TABLES.items()} | {
        f"indexes of {name}": sorted(map(_words_of, inspect(engine).get_indexes(name)))
        for name in TABLES
    }


def _words_of(index: Any) -> str:
    options = {name: str(one) for name, one in index["dialect_options"].items()}
    return str(index | {"dialect_options": options})


def leftovers(engine: Engine) -> set[str]:
    """What of shadows is still there."""
    if engine.dialect.name == "sqlite":
        database = Path(str(engine.url.database))
        return {one.name for one in database.parent.iterdir() if ".reindex-" in one.name}
    return {name for name in inspect(engine).get_schema_names() if name.startswith("reindex_")}


# -- the same, cell by cell ------------------------------------------------------------------------


@pytest.mark.parametrize("source", SOURCES)
def test_it_is_the_same_cell_by_cell_and_index_by_index(
    lived: Chain, mirrored: Engine, source: str
) -> None:
    before = everything(mirrored)
    done = reindex(lived, mirrored, source)
    assert everything(mirrored) == before
    assert leftovers(mirrored) == set()
    assert done.entries == len(before["entry"])
    assert done.block == lived.rpc.fetch_block_number()
    assert audit(mirrored, lived.rpc, lived.deployed).equal


@pytest.mark.parametrize("source", SOURCES)
def test_what_does_not_belong_to_the_mirror_is_left_alone(
    lived: Chain, mirrored: Engine, source: str
) -> None:
    with mirrored.begin() as connection:
        connection.execute(
            text("insert into alarm (code, message, raised_at) values ('code', 'kept', 1)")
        )
    versions = "select version_num from alembic_version"
    with mirrored.connect() as connection:
        before = connection.execute(text(versions)).all()
    reindex(lived, mirrored, source)
    with mirrored.connect() as connection:
        assert connection.execute(text("select message from alarm")).scalars().all() == ["kept"]
        assert connection.execute(text(versions)).all() == before


def test_the_mirror_goes_on_from_where_it_was_rebuilt(chain: Chain, live: Engine) -> None:
    store = Store(live)
    org = chain.enrol()
    chain.mine()
    asset, *_ = chain.register(org, 3)
    chain.mine()
    catch_up(chain, store)
    for source in SOURCES:
        reindex(chain, live, source)
        chain.observe(org, asset)
        chain.mine()
        catch_up(chain, store)
        assert audit(live, chain.rpc, chain.deployed).equal
        chain.reorg(2)
        catch_up(chain, store)
        assert audit(live, chain.rpc, chain.deployed).equal


def test_a_database_without_a_mirror_is_filled_from_the_chain_alone(
    lived: Chain, live: Engine
) -> None:
    with pytest.raises(MirrorError, match="not begun"):
        reindex(lived, live, "entries")
    reindex(lived, live, "chain")
    assert audit(live, lived.rpc, lived.deployed).equal


# -- healed ---------------------------------------------------------------------------------------

STORED = {"entry", "block", "mirror"}
FOLDED = [place for place in COLUMNS if place[0] not in STORED]
OWN_WORDS = {("mirror", "alarm"), ("mirror", "final_block"), ("mirror", "node_block")}


@pytest.mark.parametrize("source", SOURCES)
def test_every_table_that_was_falsified_is_healed(
    lived: Chain, mirrored: Engine, source: str
) -> None:
    before = everything(mirrored)
    with mirrored.begin() as connection:
        for name in TABLES.keys() - STORED:
            connection.execute(TABLES[name].delete())
        connection.execute(text("update block set ledger_head = :none"), {"none": bytes(32)})
        connection.execute(text("update entry set head = :none"), {"none": bytes(32)})
    assert not audit(mirrored, lived.rpc, lived.deployed).equal
    reindex(lived, mirrored, source)
    assert everything(mirrored) == before


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    "column", ["block_number", "block_hash", "ledger_head", "sequence", "timestamp"]
)
def test_checkpoints_are_kept_unless_they_are_false(
    lived: Chain, mirrored: Engine, source: str, column: str
) -> None:
    table = AUDITED["checkpoint"]
    before = list(read(mirrored, table))
    assert len(before) == 1
    reindex(lived, mirrored, source)
    assert list(read(mirrored, table)) == before
    row = before[0]
    with mirrored.begin() as connection:
        falsified = {column: other(table.columns[column], row[column])}
        connection.execute(table.update().values(falsified))
    assert audit(mirrored, lived.rpc, lived.deployed).bad == {"checkpoint": 1}
    reindex(lived, mirrored, source)
    assert list(read(mirrored, table)) == []
    assert audit(mirrored, lived.rpc, lived.deployed).equal


@pytest.mark.parametrize(
    ("table", "column"),
    [place for place in COLUMNS if place not in OWN_WORDS and not is_key(*place)],
    ids=".".join,
)
def test_every_cell_that_was_falsified_is_healed_from_the_chain(
    lived: Chain, sqlite: Engine, table: str, column: str
) -> None:
    before = everything(sqlite)
    empty = all(row[column] is None for row in read(sqlite, TABLES[table]))
    falsify = tampered(sqlite, table, column, empty=empty)
    falsify.__enter__()
    assert everything(sqlite) != before
    reindex(lived, sqlite, "chain")
    assert everything(sqlite) == before


@pytest.fixture(scope="module")
def sqlite(lived: Chain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One mirror that every test heals again."""
    engine = open_engine(f"sqlite:///{tmp_path_factory.mktemp('healed')}/ledger.db")
    upgrade(engine)
    catch_up(lived, Store(engine), FINAL)
    yield engine
    engine.dispose()


@pytest.mark.parametrize(
    "column", ["subject", "org", "kind", "position", "actor", "timestamp", "payload"]
)
def test_entries_that_were_falsified_do_not_replace_anything(
    lived: Chain, mirrored: Engine, column: str
) -> None:
    with tampered(mirrored, "entry", column):
        before = everything(mirrored)
        with pytest.raises(StoredWrong) as raised:
            reindex(lived, mirrored, "entries")
        assert "--from chain" in str(raised.value.advice)
        assert everything(mirrored) == before


# -- while others read and write ------------------------------------------------------------------


@contextmanager
def in_a_thread(act: Callable[[], object]) -> Iterator[threading.Thread]:
    """Something that happens meanwhile; whatever ended it is raised at the end."""
    ended: list[BaseException] = []

    def run() -> None:
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - raised in the test's own thread
            ended.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield thread
    finally:
        thread.join(60)
    assert not thread.is_alive()
    if ended:
        raise ended[0]


def stages(engine: Engine) -> list[int]:
    with reading(engine) as session:
        return stages_of(session)


def stages_of(session: Session) -> list[int]:
    return list(session.connection().execute(text("select stage from asset order by id")).scalars())


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("touched", ["alarm", "organisation", "mirror"])
def test_who_was_reading_sees_the_old_mirror_to_the_end(
    lived: Chain, mirrored: Engine, source: str, touched: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Be it that the snapshot had touched the mirror before, or not at all."""
    truth = stages(mirrored)
    with mirrored.begin() as connection:
        connection.execute(text("update asset set stage = 7"))
    swapping_now = threading.Event()
    swap = module.swap

    def watched(*arguments: Any) -> None:
        swapping_now.set()
        swap(*arguments)

    monkeypatch.setattr(module, "swap", watched)
    with reading(mirrored) as session:
        session.connection().execute(text(f"select * from {touched}")).all()  # noqa: S608
        with in_a_thread(lambda: reindex(lived, mirrored, source)) as thread:
            assert swapping_now.wait(60)
            if mirrored.dialect.name == "sqlite":
                thread.join(60)  # it waits for nobody
            assert stages_of(session) == [7] * len(truth)
            assert thread.is_alive() == (mirrored.dialect.name == "postgresql")
            session.rollback()
    assert stages(mirrored) == truth


def test_who_reads_for_too_long_is_no_reason_to_show_others_nothing(
    lived: Chain, server: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_engine(server())
    upgrade(engine)
    catch_up(lived, Store(engine), FINAL)
    before = everything(engine)
    monkeypatch.setattr(swapping, "PATIENCE", 0.1)
    monkeypatch.setattr(module, "WAITING", 0.1)
    for source in SOURCES:
        with reading(engine) as session:
            session.connection().execute(text("select * from alarm")).all()
            with pytest.raises(SwapRefused, match="reading"):
                reindex(lived, engine, source)
        assert everything(engine) == before
        reindex(lived, engine, source)
    assert everything(engine) == before
    engine.dispose()


@pytest.mark.parametrize("source", SOURCES)
def test_a_long_reader_is_waited_for_and_holds_up_nobody(
    lived: Chain, server: Callable[[], str], monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    """It was refused after half a minute, in which nobody could write."""
    engine = open_engine(server())
    upgrade(engine)
    catch_up(lived, Store(engine), FINAL)
    before = everything(engine)
    monkeypatch.setattr(swapping, "PATIENCE", 0.1)
    told: list[str] = []
    waiting = threading.Event()

    def say(words: str) -> None:
        told.append(words)
        waiting.set()

    with reading(engine) as session:
        session.connection().execute(text("select * from alarm")).all()
        with in_a_thread(lambda: reindex(lived, engine, source, say=say)) as thread:
            assert waiting.wait(60)
            with writing(engine) as other:
                other.connection().execute(text("set local lock_timeout = '5s'"))
                other.connection().execute(text("update mirror set node_block = node_block"))
            assert thread.is_alive()
            session.rollback()
    assert re.match(r"process \d+ of the database has been reading since \d\d:\d\d:\d\d", told[0])
    assert everything(engine) == before
    engine.dispose()


@pytest.mark.parametrize("source", SOURCES)
def test_sqlite_exchanges_only_the_rows_that_differ(
    lived: Chain, sqlite: Engine, source: str
) -> None:
    """All were written anew, which held writers for ten seconds for each million of entries."""
    before, places = everything(sqlite), rowids(sqlite)
    with sqlite.begin() as connection:
        for falsify in (
            "update asset set stage = 7 where id = (select min(id) from asset)",
            "delete from holder where rowid = (select min(rowid) from holder)",
            "drop index asset_owner",
        ):
            assert connection.execute(text(falsify)).rowcount in (1, -1)
    reindex(lived, sqlite, source)
    assert everything(sqlite) == before
    stayed = {name: each & places[name] for name, each in rowids(sqlite).items()}
    for name, each in places.items():
        assert len(stayed[name]) >= len(each) - (name in ("asset", "holder", "mirror")), name


def rowids(engine: Engine) -> dict[str, set[tuple[Any, ...]]]:
    """Where each row lies, and its key."""
    with engine.connect() as connection:
        return {
            name: {*map(tuple, connection.execute(select(text("rowid"), *table.primary_key)))}
            for name, table in TABLES.items()
        }


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("reorganised", [False, True])
def test_what_happens_meanwhile_is_in_it(
    chain: Chain, live: Engine, source: str, reorganised: bool
) -> None:
    store = Store(live)
    org = chain.enrol()
    chain.mine()
    asset, *_ = chain.register(org, 3)
    chain.mine(3)
    catch_up(chain, store)
    moved: list[int] = []

    def move(_: Progress) -> None:
        if moved:
            return
        if reorganised:
            chain.reorg(2)
        chain.observe(org, asset)
        moved.append(chain.mine())
        catch_up(chain, store)

    done = reindex(chain, live, source, progress=move)
    assert done.block == moved[0]
    assert audit(live, chain.rpc, chain.deployed).equal


@pytest.mark.parametrize("source", SOURCES)
def test_it_takes_turns_with_a_mirror_that_follows(chain: Chain, live: Engine, source: str) -> None:
    org = chain.enrol()
    chain.mine()
    asset, *_ = chain.register(org, 3)
    chain.mine()
    catch_up(chain, Store(live))
    stop = threading.Event()
    settings = Settings(
        rpc_url=chain.rpc.url,
        database_url=live.url.render_as_string(hide_password=False),
        poll_seconds=0.01,
    )

    def write() -> None:
        while not stop.is_set():
            chain.observe(org, asset)
            chain.mine()

    with (
        in_a_thread(lambda: index(settings, chain.deployed, FINAL, stop=stop)),
        in_a_thread(write),
    ):
        try:
            for _ in range(3):
                reindex(chain, live, source)
        finally:
            stop.set()
    catch_up(chain, Store(live))
    assert audit(live, chain.rpc, chain.deployed).equal


def test_only_one_rebuilds_at_a_time(lived: Chain, mirrored: Engine) -> None:
    with alone(mirrored):
        for source in SOURCES:
            with pytest.raises(Reindexing):
                reindex(lived, mirrored, source)
    reindex(lived, mirrored, "entries")


def test_rights_that_others_have_are_kept(lived: Chain, server: Callable[[], str]) -> None:
    engine = open_engine(server())
    upgrade(engine)
    catch_up(lived, Store(engine), FINAL)
    with engine.begin() as connection:
        connection.execute(text("create role auditor"))
        connection.execute(text("grant select on asset, entry to auditor"))
        connection.execute(text("grant select on world to public"))
    reindex(lived, engine, "chain")
    with engine.connect() as connection:
        asked = "select has_table_privilege('auditor', :table, 'select')"
        for table, may in {"asset": True, "entry": True, "world": True, "batch": False}.items():
            assert connection.execute(text(asked), {"table": table}).scalar() is may
    engine.dispose()


# -- what ends it ----------------------------------------------------------------------------------

DYING = """
import os, signal, sys
from sqlalchemy import Engine, event
from ledger.chain.identity import Deployed
from ledger.mirror.reindexing.reindex import reindex_from_chain, reindex_from_entries
from ledger.settings import Settings
from tests.mirror.mirroring import FinalUpTo

source, database, rpc, chain_id, genesis, contract, block, last = sys.argv[1:]
left = int(last)

@event.listens_for(Engine, "before_cursor_execute")
@event.listens_for(Engine, "commit")
def count(*_):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

deployed = Deployed(int(chain_id), bytes.fromhex(genesis), bytes.fromhex(contract), int(block))
if source == "entries":
    reindex_from_entries(database)
else:
    settings = Settings(rpc_url=rpc, database_url=database)
    reindex_from_chain(settings, deployed, FinalUpTo(9))
print(int(last) - left)
"""


def reindex_until(chain: Chain, engine: Engine, source: str, last: int) -> int | None:
    """Rebuild in a process that is killed at its `last`-th statement; how many it had if not."""
    deployed = chain.deployed
    done = subprocess.run(
        [
            *(sys.executable, "-c", DYING, source),
            engine.url.render_as_string(hide_password=False),
            chain.rpc.url,
            *(str(deployed.chain_id), deployed.genesis_hash.hex(), deployed.contract.hex()),
            *(str(deployed.block), str(last)),
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    if done.returncode == -signal.SIGKILL:
        return None
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.parametrize("source", SOURCES)
def test_killed_at_any_moment_it_leaves_the_old_mirror_or_the_new_one(
    lived: Chain, mirrored: Engine, source: str
) -> None:
    new = everything(mirrored)
    with mirrored.begin() as connection:
        connection.execute(text("update asset set stage = 7"))
    old = everything(mirrored)
    count = reindex_until(lived, mirrored, source, 10**9)
    assert count is not None
    for part in (0.05, 0.6, 0.85, 0.95, 0.999):
        with mirrored.begin() as connection:
            connection.execute(text("update asset set stage = 7"))
        reindex_until(lived, mirrored, source, int(part * count))
        assert everything(mirrored) in (old, new)
    reindex(lived, mirrored, source)
    assert everything(mirrored) == new
    assert leftovers(mirrored) == set()


def test_from_the_chain_it_goes_on_where_it_was_ended(chain: Chain, live: Engine) -> None:
    org = chain.enrol()
    chain.mine()
    chain.register(org, 5)
    chain.mine()
    with Shadow(live, "chain").opened() as engine:
        catch_up(chain, Store(engine))
    chain.register(org, 2)
    chain.mine()
    told: list[int] = []
    reindex(chain, live, "chain", progress=lambda progress: told.append(progress.entries))
    assert max(told) == 2
    assert audit(live, chain.rpc, chain.deployed).equal


def test_what_another_ledger_left_beside_is_not_used(
    lived: Chain, chain: Chain, mirrored: Engine
) -> None:
    chain.enrol()
    chain.mine()
    for source in SOURCES:
        with Shadow(mirrored, source).opened() as engine:
            catch_up(chain, Store(engine))
        reindex(lived, mirrored, source)
        assert audit(mirrored, lived.rpc, lived.deployed).equal


@pytest.mark.usefixtures("lived")
def test_another_ledgers_mirror_is_not_replaced(chain: Chain, mirrored: Engine) -> None:
    before = everything(mirrored)
    with pytest.raises(WrongChain):
        reindex(chain, mirrored, "chain")
    assert everything(mirrored) == before


def test_a_node_that_is_behind_or_away_replaces_nothing(chain: Chain, live: Engine) -> None:
    chain.mine(3)
    catch_up(chain, Store(live))
    before = everything(live)
    chain.shorten(2)
    with pytest.raises(SwapRefused, match="has come to block"):
        reindex(chain, live, "chain")
    assert everything(live) == before
