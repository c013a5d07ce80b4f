"""The audit: silent where the mirror equals the chain, exact about the first cell where not.

Whatever row and column of whatever table is falsified, added or gone, is named with both values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text

from ledger.chain.rpc import RpcClient
from ledger.chain.wire import AccountProof
from ledger.domain.payloads import Offered
from ledger.errors import MalformedValue, MirrorError, NodeError, NodeUnavailable, RpcError
from ledger.mirror.auditing.audit import AUDITED, ORDER, Audit, Progress, audit
from ledger.mirror.auditing.findings import Fault
from ledger.mirror.auditing.folding import PERIODS, SUBJECTS
from ledger.mirror.auditing.stream import ChainMoved, Unproven
from ledger.mirror.store import Store
from ledger.mirror.tables import TABLES
from ledger.types import Party
from tests.databases import opened
from tests.mirror.chain import Chain
from tests.mirror.lives import Life
from tests.mirror.mirroring import FinalUpTo, catch_up
from tests.mirror.tampering import Row, added, is_key, key_of, missing, read, tampered
from tests.mirror.test_distrust import LIES, Lie, Lying, some
from tests.postgres import postgres
from tests.proofs.narrow import narrow

COLUMNS = [(table.name, column.name) for table in AUDITED.values() for column in table.columns]
NULLABLE = [place for place in COLUMNS if AUDITED[place[0]].columns[place[1]].nullable]
FINAL = FinalUpTo(9)
OWN_WORDS = {("mirror", "alarm"), ("checkpoint", "made_at")}
"""What the mirror says of itself: no chain can contradict it."""

BOUNDED = {("mirror", "final_block"), ("mirror", "proven_block"), ("mirror", "alarm_block")}
"""What depends on when the mirror last heard of it: the chain says how far it can be."""


@pytest.fixture(scope="module")
def lived() -> Iterator[Chain]:
    """A chain on which every kind of entry has happened; two blocks without any at its end."""
    chain = Chain.start()
    life = Life(chain)
    for _ in life.live():
        chain.mine()
    maker, user, _ = life.orgs
    for asset in chain.register(maker, 3):
        chain.act(maker, asset, Offered(Party.OWNER, user, 0), 1)
    chain.mine(3)
    yield chain
    chain.stop()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def mirrored(
    request: pytest.FixtureRequest, lived: Chain, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """A mirror of it that every test leaves as it was."""
    if request.param == "sqlite":
        folder = tmp_path_factory.mktemp("mirrored")
        with opened(f"sqlite:///{folder}/ledger.db") as engine:
            catch_up(lived, Store(engine), FINAL)
            yield engine
        return
    with postgres() as make, opened(make()) as engine:
        catch_up(lived, Store(engine), FINAL)
        yield engine


def audited(chain: Chain, engine: Engine, **options: Any) -> Audit:
    return audit(engine, options.pop("rpc", chain.rpc), chain.deployed, **options)


# -- a mirror that equals the chain --------------------------------------------------------------


def test_every_table_of_the_mirror_is_audited() -> None:
    assert sorted(ORDER) == sorted(AUDITED)


def test_a_mirror_that_equals_the_chain_passes_row_by_row(lived: Chain, mirrored: Engine) -> None:
    found = audited(lived, mirrored)
    assert found.equal, str(found.first)
    assert (found.bad, found.left_out) == ({}, ())
    with mirrored.connect() as connection:
        counts = {
            name: connection.execute(select(func.count()).select_from(table)).scalar()
            for name, table in AUDITED.items()
        }
    assert found.compared == counts
    assert min(counts.values()) > 0, "the ledger leaves a table empty"
    assert found.ledger_head == lived.contract.fetch_ledger_head()
    assert found.entries == counts["entry"]
    assert found.heads_checked >= 1


@pytest.mark.parametrize(
    "limits", [{"blocks": 1}, {"blocks": 3}, {"logs": 30}, {"cuts": 30_000}, {"drops": 7}], ids=str
)
def test_a_node_that_gives_little_at_once_is_audited_all_the_same(
    lived: Chain, mirrored: Engine, limits: dict[str, int]
) -> None:
    whole = audited(lived, mirrored)
    with narrow(lived.rpc.url, **limits) as (rpc, _):
        found = audited(lived, mirrored, rpc=rpc)
    assert found.equal, str(found.first)
    assert (found.entries, found.compared) == (whole.entries, whole.compared)


def test_one_that_followed_block_by_block_passes_too(chain: Chain, store: Store) -> None:
    for _ in Life(chain).live():
        chain.mine()
        catch_up(chain, store)
    assert audited(chain, store.engine).equal


def test_a_mirror_of_nothing_but_the_founding_passes(chain: Chain, store: Store) -> None:
    catch_up(chain, store)
    found = audited(chain, store.engine)
    assert (found.equal, found.entries) == (True, 1)


def test_a_mirror_that_has_not_begun_cannot_be_audited(chain: Chain, engine: Engine) -> None:
    with pytest.raises(MirrorError, match="not begun"):
        audited(chain, engine)


# -- one that does not ---------------------------------------------------------------------------


@pytest.mark.parametrize(("table", "column"), COLUMNS, ids=map(".".join, COLUMNS))
def test_every_cell_that_is_falsified_is_named(
    lived: Chain, mirrored: Engine, table: str, column: str
) -> None:
    if not any_row(mirrored, table, column, empty=False):
        assert any_row(mirrored, table, column, empty=True)  # and is filled below
        return
    with tampered(mirrored, table, column) as was:
        if (table, column) in OWN_WORDS:
            assert audited(lived, mirrored).equal
        else:
            assert_named(lived, mirrored, table, column, was.row, was.value)
    assert audited(lived, mirrored).equal


@pytest.mark.parametrize(("table", "column"), NULLABLE, ids=map(".".join, NULLABLE))
def test_every_empty_cell_that_is_filled_is_named(
    lived: Chain, mirrored: Engine, table: str, column: str
) -> None:
    if not any_row(mirrored, table, column, empty=True):
        assert any_row(mirrored, table, column, empty=False)  # and is falsified above
        return
    with tampered(mirrored, table, column, empty=True) as was:
        if (table, column) in OWN_WORDS:
            assert audited(lived, mirrored).equal
        else:
            assert_named(lived, mirrored, table, column, was.row, was.value)


def any_row(engine: Engine, table: str, column: str, *, empty: bool) -> bool:
    """Whether some row has nothing in a column, or something."""
    return any((row[column] is None) == empty for row in read(engine, AUDITED[table]))


def assert_named(
    chain: Chain, engine: Engine, table: str, column: str, row: dict[str, Any], value: Any
) -> None:
    if (table, column) == ("mirror", "node_block"):
        with pytest.raises(NodeUnavailable, match=f"knows of block {value}"):
            audited(chain, engine)
        return
    found = audited(chain, engine)
    first = found.first
    assert first is not None, "it was not seen"
    assert first.table == table
    if is_key(table, column):
        # The row is gone, and there is another where none should be.
        assert first.fault in {Fault.MISSING, Fault.EXTRA}
        assert found.bad == {table: 2} or first.fault is Fault.EXTRA
        return
    assert found.bad == {table: 1}
    assert (first.fault, first.key, first.column) == (Fault.DIFFERS, key_of(table, row), column)
    assert first.mirror == value
    assert first.chain == row[column] or (table, column) in BOUNDED
    for told in (table, column, "the mirror has", "the chain"):
        assert told in str(first)


@pytest.mark.parametrize("table", [name for name in TABLES if name != "mirror"])
def test_every_row_that_is_gone_is_named(lived: Chain, mirrored: Engine, table: str) -> None:
    with missing(mirrored, table) as row:
        first = audited(lived, mirrored).first
    assert first is not None
    assert (first.table, first.fault, first.key) == (table, Fault.MISSING, key_of(table, row))
    assert "the mirror has no such row" in str(first)


@pytest.mark.parametrize("table", AUDITED)
def test_every_row_that_is_too_many_is_named(lived: Chain, mirrored: Engine, table: str) -> None:
    with added(mirrored, table) as row:
        found = audited(lived, mirrored)
    assert found.first is not None
    assert found.bad == {table: 1}
    assert (found.first.fault, found.first.key) == (Fault.EXTRA, key_of(table, row))
    assert "the chain has not" in str(found.first)


def test_the_first_bad_row_is_the_one_that_the_earliest_entry_made_so(
    lived: Chain, mirrored: Engine
) -> None:
    """Entries that are wrong are put right before subjects are folded, so that all is told."""
    with (
        tampered(mirrored, "mirror", "ledger_head"),
        tampered(mirrored, "entry", "payload") as late,
        tampered(mirrored, "organisation", "did") as did,
        tampered(mirrored, "founding", "authority") as founding,
    ):
        found = audited(lived, mirrored)
    assert found.bad == {"entry": 1, "organisation": 1, "founding": 1, "mirror": 1}
    places = {
        "entry": late.row["sequence"],
        "organisation": did.row["last_sequence"],
        "founding": founding.row["last_sequence"],
    }
    assert found.first is not None
    assert found.first.table == min(places, key=lambda table: places[table])


@pytest.mark.parametrize("value", ["text", 7, None], ids=repr)
def test_sqlite_may_hold_what_a_column_cannot_have(
    chain: Chain, store: Store, value: object
) -> None:
    org = chain.enrol()
    chain.mine()
    chain.register(org, 3)
    chain.mine()
    catch_up(chain, store)
    with store.engine.begin() as connection:
        connection.execute(
            text("update asset set frozen = coalesce(:value, 2), content_hash = :value"),
            {"value": value},
        )
    found = audited(chain, store.engine)
    assert found.bad == {"asset": 3}
    assert found.first is not None
    assert (found.first.column, found.first.mirror) == ("content_hash", value)


# -- as of an older block ------------------------------------------------------------------------


def test_as_of_any_block_of_its_past_the_mirror_equals_the_chain(
    lived: Chain, mirrored: Engine
) -> None:
    newest = audited(lived, mirrored)
    seen = []
    for number in range(lived.deployed.block - 1, newest.block.number):
        found = audited(lived, mirrored, block=number)
        assert found.equal, f"block {number}: {found.first}"
        assert found.left_out == (*SUBJECTS.values(), "mirror")
        seen.append(found.entries)
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0, newest.entries)


def told_in(engine: Engine, table: str, row: Row) -> int:
    """The block whose entries first tell of a period.

    The first owner of a batch's asset is told by its own first entry, though it began before.
    """
    subject = row[next(iter(TABLES[table].primary_key)).name]
    return min(
        entry["block_number"]
        for entry in read(engine, TABLES["entry"])
        if entry["subject"] == subject and entry["position"] >= row["position"]
    )


@pytest.mark.parametrize("table", PERIODS.values())
def test_what_came_later_is_not_looked_at(lived: Chain, mirrored: Engine, table: str) -> None:
    with missing(mirrored, table) as row:
        told = told_in(mirrored, table, row)
        before, since = (audited(lived, mirrored, block=told - more) for more in (1, 0))
    assert before.equal
    assert since.first is not None
    assert since.first.key == key_of(table, row)


@pytest.mark.parametrize("block", [-1, 10**9])
def test_a_block_that_the_mirror_has_not_is_refused(
    lived: Chain, mirrored: Engine, block: int
) -> None:
    with pytest.raises(MalformedValue, match=f"block: {block}"):
        audited(lived, mirrored, block=block)


# -- a chain that moves, a node that lies --------------------------------------------------------


def test_a_mirror_that_moves_meanwhile_is_seen_as_it_was(
    chain: Chain, database: Callable[[], Engine]
) -> None:
    store = Store(database())
    org = chain.enrol()
    chain.mine()
    asset, *_ = chain.register(org, 3)
    stood = chain.mine()
    catch_up(chain, store)

    def move(_: Progress) -> None:
        chain.observe(org, asset)
        chain.mine()
        catch_up(chain, store)

    found = audited(chain, store.engine, progress=move)
    assert (found.equal, found.block.number) == (True, stood)
    assert store.cursor().number > stood
    assert audited(chain, store.engine).equal


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Engine]]:
    """A database of the test's own."""
    if request.param == "sqlite":
        with opened(f"sqlite:///{tmp_path}/ledger.db") as engine:
            yield lambda: engine
        return
    with postgres() as make, opened(make()) as engine:
        yield lambda: engine


def test_a_reorg_before_or_meanwhile_accuses_nobody(chain: Chain, store: Store) -> None:
    org = chain.enrol()
    chain.mine()
    chain.register(org, 3)
    chain.mine(3)
    catch_up(chain, store)

    def reorganise(_: Progress) -> None:
        chain.reorg(2)

    with pytest.raises(ChainMoved, match="reorganised during the audit"):
        audited(chain, store.engine, progress=reorganise)
    with pytest.raises(ChainMoved, match="any more"):
        audited(chain, store.engine)
    catch_up(chain, store)
    assert audited(chain, store.engine).equal


def test_a_node_behind_the_mirror_accuses_nobody(chain: Chain, store: Store) -> None:
    chain.mine(3)
    catch_up(chain, store)
    chain.shorten(2)
    with pytest.raises(NodeUnavailable, match="the node stands at block"):
        audited(chain, store.engine)


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_a_node_that_lies_about_logs_accuses_nobody(chain: Chain, store: Store, lie: Lie) -> None:
    maker, user = chain.enrol(), chain.enrol()
    chain.mine()
    assets = chain.register(maker, 4)
    chain.mine()
    chain.transfer(maker, assets[0], user, 1)
    chain.observe(maker, assets[1], 1)
    chain.mine(2)
    catch_up(chain, store)
    with (
        Lying(chain.rpc.url, float("inf"), {"logs": some(lie)}) as rpc,
        pytest.raises((Unproven, ChainMoved)),
    ):
        audited(chain, store.engine, rpc=rpc)


def test_a_node_that_refuses_wide_ranges_is_asked_for_narrow_ones(
    lived: Chain, mirrored: Engine
) -> None:
    def refuse(args: tuple[Any, ...]) -> None:
        if args[3] - args[2] >= 5:
            raise RpcError("eth_getLogs", -32000, "query exceeds whatever we call our limit")

    with Lying(lived.rpc.url, float("inf"), {"refusal": refuse}) as rpc:
        found = audited(lived, mirrored, rpc=rpc)
    assert found.equal
    assert found.heads_checked > 5


class Forgetful(RpcClient):
    """A node that has dropped the state of blocks below a number."""

    def __init__(self, url: str, below: int) -> None:
        super().__init__(url)
        self.below = below

    def fetch_storage(self, address: bytes, slot: bytes, block: Any = "latest") -> bytes:
        if self.fetch_block(block).number < self.below:
            raise RpcError("eth_getStorageAt", -32000, "missing trie node")
        return super().fetch_storage(address, slot, block)

    def fetch_proof(self, address: bytes, slots: Any = (), block: Any = "latest") -> AccountProof:
        if self.fetch_block(block).number < self.below:
            raise RpcError("eth_getProof", -32000, "missing trie node")
        return super().fetch_proof(address, slots, block)


def test_a_node_without_old_state_proves_all_by_the_newest(lived: Chain, mirrored: Engine) -> None:
    newest = lived.rpc.fetch_block_number()
    with Forgetful(lived.rpc.url, newest) as rpc:
        found = audited(lived, mirrored, rpc=rpc)
    assert (found.equal, found.heads_checked) == (True, 1)
    with Forgetful(lived.rpc.url, newest + 1) as rpc, pytest.raises(Unproven, match="missing trie"):
        audited(lived, mirrored, rpc=rpc)


def test_a_node_that_is_away_is_no_fault_of_the_mirror(lived: Chain, mirrored: Engine) -> None:
    with RpcClient("http://127.0.0.1:9", patience=0.1) as rpc, pytest.raises(NodeError):
        audited(lived, mirrored, rpc=rpc)
