"""Each question is one indexed query; pages join without gaps; rows come with what they need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from ledger.database.engine import reading
from ledger.domain.kinds import Kind
from ledger.errors import MalformedValue
from ledger.mirror import queries
from ledger.mirror.queries import AssetFilter, EntryFilter, Page
from ledger.mirror.store import Store
from ledger.mirror.tables import AssetRow
from ledger.types import AssetKind, Hash32
from tests.mirror.chain import Chain
from tests.mirror.mirroring import catch_up
from tests.mirror.questions import statements


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
    assert found(id_prefix=assets[4].hex()[:7]) == [assets[4]]
    assert found(owner=user, organisation=maker, frozen=False) == [assets[2]]
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
        of_account = queries.list_organisations_of(session, chain.accounts[1]).items
        assert [row.org for row in of_account] == sorted(chain.orgs)  # all in one block
        assert queries.find_organisations(session, chain.orgs[:3]).keys() == set(chain.orgs[:3])


def test_a_cursor_of_another_list_is_refused(session: Session, assets: list[Hash32]) -> None:
    with pytest.raises(MalformedValue, match="cursor"):
        queries.list_assets(session, cursor=(1, bytes(32)))
    with pytest.raises(MalformedValue, match="cursor"):
        queries.list_assets(session, AssetFilter(id_prefix="aa"), cursor=(1,))
    with pytest.raises(MalformedValue, match="cursor"):
        queries.list_assets(session, AssetFilter(ids=assets), cursor=(1,))


def test_frozen_assets_come_in_the_order_in_which_they_were_frozen(
    chain: Chain, store: Store, engine: Engine, assets: list[Hash32]
) -> None:
    for asset in (assets[5], assets[0], assets[5]):
        chain.freeze(asset)
        chain.mine()
        chain.unfreeze(asset)
        chain.mine()
    chain.freeze(assets[0])
    chain.mine()
    catch_up(chain, store)
    with reading(engine) as session:
        found = queries.list_assets(session, AssetFilter(frozen=True))
        assert ids(found) == [assets[1], assets[0]]
        of_maker = AssetFilter(frozen=True, owner=chain.orgs[0])
        assert ids(queries.list_assets(session, of_maker)) == [assets[0], assets[1]]
