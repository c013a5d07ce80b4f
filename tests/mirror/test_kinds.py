"""Every kind of entry, mirrored in one go and block by block, and taken back by reorgs."""

from __future__ import annotations

import pytest
from sqlmodel import select

from ledger.database.engine import reading
from ledger.domain.kinds import Kind
from ledger.hashing import is_paused
from ledger.mirror import queries
from ledger.mirror.keeping import Born
from ledger.mirror.store import Store
from ledger.mirror.tables import EntryRow
from ledger.types import Party, decode_parties, encode_parties
from tests.mirror.chain import Chain
from tests.mirror.lives import Life, index_in
from tests.mirror.mirroring import assert_equals_chain, catch_up, contents


def live(chain: Chain, store: Store | None = None) -> Life:
    """Live through every kind; with a mirror, it follows each block."""
    life = Life(chain)
    for _ in life.live():
        before = chain.contract.fetch_ledger_head()
        chain.mine()
        assert chain.contract.fetch_ledger_head() != before, "a step was refused"
        if store is not None:
            catch_up(chain, store)
    return life


def kinds(store: Store) -> set[Kind]:
    with reading(store.engine) as session:
        return {Kind(kind) for kind in session.exec(select(EntryRow.kind).distinct())}


def test_a_back_filled_mirror_holds_every_kind_as_the_chain_does(
    chain: Chain, store: Store
) -> None:
    live(chain)
    catch_up(chain, store)
    assert kinds(store) == set(Kind)
    assert_equals_chain(chain, store)


def test_following_live_gives_what_back_filling_gives(chain: Chain, store: Store) -> None:
    live(chain, store)
    assert kinds(store) == set(Kind)
    assert_equals_chain(chain, store)


def test_a_reorg_at_any_block_takes_back_every_kind(chain: Chain, store: Store) -> None:
    """Block by block, from the end to the beginning: each time the mirror equals the chain."""
    live(chain, store)
    for _ in range(chain.rpc.fetch_block_number() - chain.deployed.block):
        chain.shorten(1)
        catch_up(chain, store, sole=True)
        assert_equals_chain(chain, store)
    assert store.cursor().sequence == 1


@pytest.mark.parametrize("depth", [5, 17, 29])
def test_life_goes_on_after_a_reorg(chain: Chain, store: Store, depth: int) -> None:
    live(chain, store)
    chain.reorg(depth)
    catch_up(chain, store)
    assert_equals_chain(chain, store)
    live(chain, store)
    assert_equals_chain(chain, store)


def test_an_asset_of_a_batch_has_a_row_while_it_has_entries_of_its_own(
    chain: Chain, store: Store
) -> None:
    life = Life(chain)
    steps = life.live()
    batch = None
    while batch is None:
        next(steps)
        chain.mine()
        catch_up(chain, store)
        with reading(store.engine) as session:
            rows = queries.list_entries(session, queries.EntryFilter(kind=Kind.BATCH_REGISTERED))
            batch = rows.items[0] if rows.items else None
    member = index_in(batch.subject, 7)
    assert isinstance(store.subjects([batch.subject])[batch.subject], Born)
    assert store.subjects([member]) == store.subjects([batch.subject])
    before = contents(store)
    chain.mine(2)
    maker, user = life.orgs[:2]
    chain.transfer(maker, member, user, 1)
    moved = chain.mine()
    catch_up(chain, store)
    with reading(store.engine) as session:
        asset = queries.find_asset(session, member)
        assert asset is not None
        assert (asset.org, asset.owner, asset.content_hash) == (maker, user, None)
        assert (asset.count, asset.opened_at) == (2, batch.timestamp)
        assert asset.first_sequence == asset.last_sequence == store.cursor().sequence
        told = [
            (row.org, row.position, row.from_block, row.to_block)
            for row in queries.list_holders(session, member).items
        ]
    assert told == [(maker, 0, batch.block_number, moved), (user, 1, moved, None)]
    chain.shorten(1)
    catch_up(chain, store, sole=True)
    after = contents(store)
    assert {**after, "at": None} == {**before, "at": None}


def test_the_ledger_head_says_that_the_ledger_is_paused(chain: Chain, store: Store) -> None:
    said = []
    for _ in Life(chain).live():
        chain.mine()
        catch_up(chain, store)
        said.append(is_paused(store.cursor().ledger_head))
        assert said[-1] == chain.contract.fetch_paused()
    assert True in said
    assert said[0] is said[-1] is False


def test_parties_are_kept_as_bits() -> None:
    for bits in range(16):
        assert encode_parties(decode_parties(bits)) == bits
    assert decode_parties(0b1001) == {Party.OWNER, Party.LIEN_HOLDER}
