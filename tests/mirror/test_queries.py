"""Each question is one indexed query; pages join without gaps; rows come with what they need."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event
from sqlmodel import Session, col, select

from ledger.database.engine import reading
from ledger.domain.kinds import Kind
from ledger.errors import MirrorError
from ledger.mirror import queries
from ledger.mirror.queries import AssetFilter, EntryFilter, Page
from ledger.mirror.store import Store
from ledger.mirror.tables import AssetRow
from ledger.types import AssetKind, Hash32
from tests.mirror.chain import Chain
from tests.mirror.mirroring import FinalUpTo, catch_up


@pytest.fixture
def assets(chain: Chain, store: Store) -> list[Hash32]:
    """Seven assets of two organisations in the order of registration; one frozen, one handed
    over."""
    maker, user = chain.enrol(), chain.enrol()
    chain.mine()
    registered = chain.register(maker, 4) + chain.register(user, 3)
    chain.mine()
    chain.freeze(registered[1])
    chain.transfer(maker, registered[2], user, 1)
    chain.revise(maker, registered[0], 1)
    chain.observe(maker, registered[0], 2)
    chain.mine()
    catch_up(chain, store)
    return registered


@pytest.fixture
def session(engine: Engine, assets: list[Hash32]) -> Iterator[Session]:  # noqa: ARG001 - filled
    with reading(engine) as session:
        yield session


@contextmanager
def statements(engine: Engine) -> Iterator[list[tuple[str, object]]]:
    """The statements that are sent meanwhile, with their parameters."""
    sent: list[tuple[str, object]] = []

    def note(_c: object, _u: object, statement: str, given: object, *_: object) -> None:
        if statement.startswith("SELECT"):
            sent.append((statement, given))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


def ids(page: Page[AssetRow]) -> list[Hash32]:
    return [row.id for row in page.items]


def test_assets_are_filtered(chain: Chain, session: Session, assets: list[Hash32]) -> None:
    maker, user = chain.orgs

    def found(**wanted: object) -> list[Hash32]:
        return ids(queries.list_assets(session, AssetFilter(**wanted)))  # type: ignore[arg-type]

    assert found() == assets
    assert found(owner=maker) == [assets[0], assets[1], assets[3]]
    assert found(owner=user) == [assets[2], *assets[4:]]
    assert found(organisation=maker) == assets[:4]
    assert found(frozen=True) == [assets[1]]
    assert found(frozen=False) == assets[:1] + assets[2:]
    assert found(asset_kind=AssetKind.INSTANCE) == assets
    assert found(asset_kind=AssetKind.TYPE) == []
    assert found(ids=[assets[5], assets[3], bytes(32)]) == [assets[3], assets[5]]
    assert found(ids=[]) == []
    assert found(ids=select(AssetRow.id).where(col(AssetRow.count) > 2)) == [assets[0]]
    assert found(id_prefix=assets[4].hex()[:7]) == [assets[4]]
    assert found(owner=user, organisation=maker, frozen=False) == [assets[2]]
    assert queries.count_assets(session, AssetFilter(owner=user)) == 4
    assert queries.count_assets_by_owner(session, [maker, user, bytes(32)]) == {
        maker: 3,
        user: 4,
        bytes(32): 0,
    }


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 8])
def test_pages_join_without_gap_or_overlap(
    session: Session, assets: list[Hash32], limit: int, newest_first: bool
) -> None:
    cursor, seen, pages = None, [], 0
    while True:
        page = queries.list_assets(session, cursor=cursor, limit=limit, newest_first=newest_first)
        seen += ids(page)
        pages += 1
        if page.cursor is None:
            break
        cursor = page.cursor
    assert seen == (assets[::-1] if newest_first else assets)
    assert pages == -(-7 // limit)


def test_entries_are_listed_of_all_of_a_subject_of_a_kind_and_of_an_organisation(
    chain: Chain, session: Session, assets: list[Hash32]
) -> None:
    def places(**wanted: object) -> list[tuple[int, int]]:
        page = queries.list_entries(session, EntryFilter(**wanted))  # type: ignore[arg-type]
        return [(row.sequence, row.position) for row in page.items]

    assert [sequence for sequence, _ in places()] == list(range(1, 17))
    assert [position for _, position in places(subject=assets[0])] == [0, 1, 2]
    assert len(places(kind=Kind.REGISTERED)) == 7
    assert len(places(organisation=chain.orgs[1])) == 3
    assert places(kind=Kind.OBSERVED, subject=assets[1]) == []


def test_a_subjects_entries_are_paged_by_position(session: Session, assets: list[Hash32]) -> None:
    wanted = EntryFilter(subject=assets[0])
    newest = queries.list_entries(session, wanted, limit=2, newest_first=True)
    assert [row.kind for row in newest.items] == [Kind.OBSERVED, Kind.REVISED]
    rest = queries.list_entries(session, wanted, limit=2, newest_first=True, cursor=newest.cursor)
    assert [row.kind for row in rest.items] == [Kind.REGISTERED]
    assert rest.cursor is None


def test_an_entry_is_found_by_its_place(session: Session, assets: list[Hash32]) -> None:
    found = queries.find_entry(session, assets[0], 1)
    assert found is not None
    assert found.kind == Kind.REVISED
    assert queries.find_entry(session, assets[0], 3) is None


def test_status_tells_where_the_mirror_stands(
    chain: Chain, store: Store, engine: Engine, assets: list[Hash32]
) -> None:
    head = chain.mine()
    catch_up(chain, store, FinalUpTo(head - 1))
    with reading(engine) as session:
        status = queries.get_status(session)
    assert (status.entries, status.assets, status.organisations) == (16, len(assets), 2)
    assert (status.mirror.block_number, status.mirror.final_block) == (head, head - 1)
    assert status.lag == 0
    assert status.is_final(head - 1)
    assert not status.is_final(head)


def test_before_the_mirror_began_there_is_no_status(engine: Engine) -> None:
    with reading(engine) as session:
        assert queries.find_mirror(session) is None
        with pytest.raises(MirrorError, match="not begun"):
            queries.get_status(session)


def test_organisations_come_with_their_accounts_in_two_statements(
    chain: Chain, store: Store, engine: Engine
) -> None:
    for _ in range(12):
        chain.enrol(*chain.accounts[:3])
    chain.mine()
    catch_up(chain, store)
    with reading(engine) as session, statements(engine) as sent:
        page = queries.list_organisations(session, limit=10)
    assert len(sent) == 2
    assert [list(seen.accounts) for seen in page.items] == [chain.accounts[:3]] * 10
    assert [seen.row.id for seen in page.items] == chain.orgs[:10]
    with reading(engine) as session:
        rest = queries.list_organisations(session, limit=10, cursor=page.cursor)
        assert [seen.row.id for seen in rest.items] == chain.orgs[10:]
        assert queries.list_organisations_of(session, chain.accounts[1]) == chain.orgs
        assert queries.find_organisations(session, chain.orgs[:3]).keys() == set(chain.orgs[:3])


ORG, ASSET, ACCOUNT = b"\x01" * 32, b"\x02" * 32, b"\x03" * 20
QUESTIONS: dict[str, Callable[[Session], object]] = {
    "asset": lambda s: queries.find_asset(s, ASSET),
    "assets": lambda s: queries.list_assets(s, cursor=5),
    "newest assets": lambda s: queries.list_assets(s, cursor=5, newest_first=True),
    "assets of an owner": lambda s: queries.list_assets(s, AssetFilter(owner=ORG), cursor=5),
    "assets of a registrar": lambda s: queries.list_assets(s, AssetFilter(organisation=ORG)),
    "assets of a kind": lambda s: queries.list_assets(s, AssetFilter(asset_kind=AssetKind.TYPE)),
    "frozen assets": lambda s: queries.list_assets(s, AssetFilter(frozen=True), cursor=5),
    "holders": lambda s: queries.list_holders(s, ASSET),
    "entries": lambda s: queries.list_entries(s, cursor=5),
    "newest entries": lambda s: queries.list_entries(s, newest_first=True),
    "entries of an asset": lambda s: queries.list_entries(s, EntryFilter(subject=ASSET), cursor=5),
    "entries of a kind": lambda s: queries.list_entries(s, EntryFilter(kind=Kind.FROZEN)),
    "entries of an organisation": lambda s: queries.list_entries(s, EntryFilter(organisation=ORG)),
    "an entry": lambda s: queries.find_entry(s, ASSET, 3),
    "organisation by id": lambda s: queries.find_organisation(s, id=ORG),
    "organisation by DID": lambda s: queries.find_organisation(s, did="did:web:x.example"),
    "organisation by address": lambda s: queries.find_organisation(s, address=ACCOUNT),
    "organisations": lambda s: queries.list_organisations(s, cursor=5),
    "organisations of an account": lambda s: queries.list_organisations_of(s, ACCOUNT),
    "counts by owner": lambda s: queries.count_assets_by_owner(s, [ORG]),
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS.keys())
def test_every_question_is_answered_from_an_index_without_sorting(
    engine: Engine, question: Callable[[Session], object]
) -> None:
    with reading(engine) as session, statements(engine) as sent:
        question(session)
    # One; where it finds nothing of an asset, a second asks whether that is of a batch.
    assert len(sent) in (1, 2)
    plan = []
    with engine.connect() as connection:
        for statement, given in sent:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
            plan += [row[-1] for row in rows]
    for line in plan:
        # A scan in the order of an index, cut off by the page's limit, is what a list is.
        ordered = line.startswith("SCAN") and ("USING INDEX" in line or line == "SCAN entry")
        assert line.startswith("SEARCH") or ordered, plan


@pytest.mark.parametrize(
    "wanted",
    [AssetFilter(ids=[ASSET, ORG]), AssetFilter(id_prefix="0102")],
    ids=["ids", "beginning of an id"],
)
def test_assets_named_by_id_are_searched_not_scanned(engine: Engine, wanted: AssetFilter) -> None:
    """Few are named, so sorting them is right; what must not be is a look at every asset."""
    with reading(engine) as session, statements(engine) as sent:
        queries.list_assets(session, wanted)
    statement, given = sent[0]
    with engine.connect() as connection:
        first, *_ = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
    assert first[-1].startswith("SEARCH asset USING INDEX")
