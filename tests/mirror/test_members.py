"""A batch's assets are seen as assets before anything is written of them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
from sqlmodel import Session

from ledger.database.engine import reading
from ledger.domain.kinds import Kind
from ledger.domain.payloads import BatchRegistered
from ledger.mirror import queries
from ledger.mirror.queries import (
    AssetFilter,
    EntryFilter,
    find_batch,
    list_batch_assets,
    list_batches,
)
from ledger.mirror.store import Store
from ledger.types import ZERO_HASH, AssetKind, Hash32
from tests.mirror.chain import Chain
from tests.mirror.lives import index_in
from tests.mirror.mirroring import catch_up

SIZE = 9


@pytest.fixture
def batches(chain: Chain, store: Store) -> list[Hash32]:
    """Two batches of two makers; of the first one's third asset two entries are written."""
    made = []
    for _ in range(2):
        org = chain.enrol()
        chain.mine()
        root, manifest = secrets.token_bytes(32), secrets.token_bytes(32)
        made.append(chain.begin(org, BatchRegistered(org, ZERO_HASH, root, SIZE, manifest)))
        chain.mine()
    chain.observe(chain.orgs[0], index_in(made[0], 3), 1)
    chain.mine()
    chain.transfer(chain.orgs[0], index_in(made[0], 3), chain.orgs[1], 2)
    chain.mine()
    catch_up(chain, store)
    return made


@pytest.fixture
def session(batches: list[Hash32], store: Store) -> Iterator[Session]:  # noqa: ARG001
    with reading(store.engine) as opened:
        yield opened


def test_an_asset_of_which_nothing_is_written_is_as_its_batch_left_it(
    chain: Chain, session: Session, batches: list[Hash32]
) -> None:
    found = queries.find_asset(session, index_in(batches[0], 1))
    assert found is not None
    assert found.org == found.owner == chain.orgs[0]
    assert found.head == found.id
    assert (found.count, found.asset_kind) == (1, AssetKind.INSTANCE)
    batch = find_batch(session, batches[0])
    assert batch is not None
    assert found.first_sequence == batch.first_sequence
    for nothing in (0, SIZE + 1):
        assert queries.find_asset(session, index_in(batches[0], nothing)) is None


def test_one_that_has_a_row_is_shown_by_that_alone(
    chain: Chain, session: Session, batches: list[Hash32]
) -> None:
    written = index_in(batches[0], 3)
    found = queries.find_asset(session, written)
    assert found is not None
    assert (found.count, found.owner) == (3, chain.orgs[1])


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
@pytest.mark.parametrize("newest_first", [False, True])
def test_a_history_begins_with_the_batchs_entry_on_whatever_page(
    session: Session, batches: list[Hash32], limit: int, newest_first: bool
) -> None:
    wanted = [Kind.BATCH_REGISTERED, Kind.OBSERVED, Kind.TRANSFERRED]
    for index, kinds in ((3, wanted), (4, wanted[:1])):
        cursor, seen, pages = None, [], 0
        while pages == 0 or cursor is not None:
            page = queries.list_entries(
                session,
                EntryFilter(subject=index_in(batches[0], index)),
                cursor=cursor,
                limit=limit,
                newest_first=newest_first,
            )
            seen += [Kind(row.kind) for row in page.items]
            cursor, pages = page.cursor, pages + 1
            assert len(page.items) <= limit
        assert seen == (kinds[::-1] if newest_first else kinds)
        assert pages == -(-len(kinds) // limit)


def test_a_history_is_filtered_before_its_beginning_is_added(
    chain: Chain, session: Session, batches: list[Hash32]
) -> None:
    def count(**more: object) -> int:
        wanted = EntryFilter(subject=index_in(batches[0], 3), **more)  # type: ignore[arg-type]
        return len(queries.list_entries(session, wanted).items)

    assert count(kind=Kind.OBSERVED) == 1
    assert count(kind=Kind.BATCH_REGISTERED) == 1
    assert count(organisation=chain.orgs[0]) == 3
    assert count(organisation=chain.orgs[1]) == 0


def test_the_first_entry_is_found_by_its_place(session: Session, batches: list[Hash32]) -> None:
    asset = index_in(batches[0], 3)
    positions = [queries.find_entry(session, asset, position) for position in range(4)]
    assert [row and row.subject for row in positions] == [batches[0], asset, asset, None]
    assert queries.find_entry(session, index_in(batches[0], SIZE + 1), 0) is None


def test_named_by_id_they_are_listed_with_the_others(
    chain: Chain, session: Session, batches: list[Hash32]
) -> None:
    ids = {index_in(batches[0], 1), index_in(batches[0], 3), index_in(batches[1], 1)}

    def found(**more: object) -> list[Hash32]:
        page = queries.list_assets(session, AssetFilter(ids=ids, **more))  # type: ignore[arg-type]
        return [row.id for row in page.items]

    assert set(found()) == ids
    assert found(owner=chain.orgs[0]) == [index_in(batches[0], 1)]
    assert set(found(owner=chain.orgs[1])) == ids - {index_in(batches[0], 1)}
    assert set(found(organisation=chain.orgs[0])) == ids - {index_in(batches[1], 1)}
    assert found(asset_kind=AssetKind.TYPE) == found(frozen=True) == []
    first = queries.list_assets(session, AssetFilter(ids=ids), limit=2)
    rest = queries.list_assets(session, AssetFilter(ids=ids), limit=2, cursor=first.cursor)
    assert {row.id for row in (*first.items, *rest.items)} == ids
    assert rest.cursor is None


def test_those_that_no_list_shows_are_counted(chain: Chain, session: Session) -> None:
    def unlisted(**wanted: object) -> int:
        return queries.count_unlisted(session, AssetFilter(**wanted))  # type: ignore[arg-type]

    maker, other = chain.orgs
    assert unlisted(owner=maker) == unlisted(organisation=maker) == SIZE - 1
    assert unlisted(owner=other) == unlisted(organisation=other, owner=other) == SIZE
    assert unlisted(owner=maker, organisation=other) == 0
    assert unlisted(owner=maker, schema=ZERO_HASH, asset_kind=AssetKind.INSTANCE) == SIZE - 1
    for never in ({"frozen": True}, {"asset_kind": AssetKind.TYPE}, {"custodian": other}):
        assert unlisted(owner=maker, **never) == 0
    assert unlisted(owner=maker, schema=bytes([1] * 32)) == 0
    for org in chain.orgs:
        listed = queries.list_assets(session, AssetFilter(owner=org)).items
        held = queries.count_assets_by_owner(session, [org])[org]
        assert len(listed) + unlisted(owner=org) == held


@pytest.mark.parametrize("limit", [1, 4, SIZE, 50])
def test_a_batchs_assets_are_paged_in_order(
    session: Session, batches: list[Hash32], limit: int
) -> None:
    batch = find_batch(session, batches[0])
    assert batch is not None
    cursor, counts, pages = None, [], 0
    while pages == 0 or cursor is not None:
        page = list_batch_assets(session, batch, cursor=cursor, limit=limit)
        counts += [(row.id, row.count) for row in page.items]
        cursor, pages = page.cursor, pages + 1
    wanted = [index_in(batches[0], index) for index in range(1, SIZE + 1)]
    assert counts == [(one, 3 if one == wanted[2] else 1) for one in wanted]
    assert pages == -(-SIZE // limit)


def test_batches_are_listed_of_all_and_of_an_organisation(
    chain: Chain, session: Session, batches: list[Hash32]
) -> None:
    assert [row.id for row in list_batches(session).items] == batches
    of_one = list_batches(session, organisation=chain.orgs[1])
    assert [row.id for row in of_one.items] == batches[1:]
    first = list_batches(session, limit=1)
    rest = list_batches(session, limit=1, cursor=first.cursor)
    assert [row.id for row in (*first.items, *rest.items)] == batches
