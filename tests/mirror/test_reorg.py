"""A chain that changes its mind: the mirror does too, and says so where it should not have to."""

from __future__ import annotations

import secrets

import pytest

from ledger.database.engine import reading
from ledger.mirror import queries
from ledger.mirror.steps import Applied, RolledBack
from ledger.mirror.store import Store
from tests.mirror.chain import Chain
from tests.mirror.mirroring import FinalUpTo, assert_equals_chain, catch_up, contents


def alarm(store: Store) -> str | None:
    with reading(store.engine) as session:
        mirror = queries.find_mirror(session)
        assert mirror is not None
        return mirror.alarm


def live_through(chain: Chain, store: Store, rounds: int) -> None:
    """Blocks that touch old subjects and bring new ones, mirrored one by one."""
    for _ in range(rounds):
        maker, user = chain.orgs[:2]
        [asset] = chain.register(maker)
        chain.mine()
        chain.revise(maker, asset, 1)
        chain.transfer(maker, asset, user, 2)
        chain.add_account(maker, secrets.token_bytes(20))
        chain.mine()
        catch_up(chain, store)


@pytest.fixture
def lived(chain: Chain, store: Store) -> Store:
    chain.enrol(), chain.enrol()
    chain.mine()
    live_through(chain, store, 5)
    return store


@pytest.mark.parametrize("depth", [1, 2, 3, 5, 9])
def test_a_reorg_of_any_depth_leaves_what_the_chain_holds(
    chain: Chain, lived: Store, depth: int
) -> None:
    chain.reorg(depth)
    steps = catch_up(chain, lived)
    assert [type(step) for step in steps] == [RolledBack, Applied]
    assert isinstance(steps[0], RolledBack)
    assert steps[0].to.number == steps[0].before.number - depth
    assert_equals_chain(chain, lived)
    assert alarm(lived) is None


def test_life_goes_on_after_a_reorg(chain: Chain, lived: Store) -> None:
    chain.reorg(4)
    live_through(chain, lived, 2)
    assert_equals_chain(chain, lived)


def test_reorgs_one_after_another(chain: Chain, lived: Store) -> None:
    for depth in (1, 3, 2, 6):
        chain.reorg(depth)
        catch_up(chain, lived)
        assert_equals_chain(chain, lived)
        live_through(chain, lived, 1)
    assert_equals_chain(chain, lived)


def test_a_reorg_that_the_mirror_slept_through(chain: Chain, lived: Store) -> None:
    chain.reorg(3)
    chain.mine(4)
    chain.reorg(2)
    catch_up(chain, lived)
    assert_equals_chain(chain, lived)


def test_a_reorg_of_everything_begins_anew(chain: Chain, lived: Store) -> None:
    """Nothing is left but the contract's own block, which founds the ledger."""
    depth = lived.cursor().number - chain.deployed.block
    chain.reorg(depth)
    catch_up(chain, lived)
    assert lived.cursor().sequence == 1
    assert_equals_chain(chain, lived)


def test_a_reorg_above_the_final_block_is_ordinary(chain: Chain, lived: Store) -> None:
    head = lived.cursor().number
    catch_up(chain, lived, FinalUpTo(head - 2))
    chain.reorg(2)
    catch_up(chain, lived, FinalUpTo(head - 2))
    assert alarm(lived) is None
    assert_equals_chain(chain, lived)


def test_a_back_fill_remembers_the_final_block_so_that_no_false_alarm_is_raised(
    chain: Chain, store: Store
) -> None:
    head = chain.mine(20)
    catch_up(chain, store, FinalUpTo(head - 3))
    chain.reorg(3)
    catch_up(chain, store, FinalUpTo(head - 3))
    assert alarm(store) is None
    assert store.final_block() == head - 3


def test_a_reorg_below_the_final_block_raises_an_alarm_until_what_it_took_is_final_again(
    chain: Chain, lived: Store
) -> None:
    head = lived.cursor().number
    catch_up(chain, lived, FinalUpTo(head - 2))
    chain.reorg(5)
    catch_up(chain, lived, FinalUpTo(head - 5))
    told = alarm(lived)
    assert told is not None
    assert f"final up to {head - 2}" in told
    assert lived.final_block() == head - 5
    assert_equals_chain(chain, lived)
    live_through(chain, lived, 1)
    assert alarm(lived) == told
    catch_up(chain, lived, FinalUpTo(head))
    assert alarm(lived) is None
    assert_equals_chain(chain, lived)


def test_a_node_behind_us_is_late_where_others_may_know_better(chain: Chain, lived: Store) -> None:
    before = contents(lived)
    chain.shorten(3)
    assert catch_up(chain, lived, FinalUpTo(sole=False)) == []
    assert contents(lived) == before


def test_a_shorter_chain_is_the_truth_where_the_node_is_the_only_one(
    chain: Chain, lived: Store
) -> None:
    chain.shorten(3)
    [step] = catch_up(chain, lived, FinalUpTo(sole=True))
    assert isinstance(step, RolledBack)
    assert_equals_chain(chain, lived)
    live_through(chain, lived, 2)
    assert_equals_chain(chain, lived)


def test_accounts_and_titles_that_ended_are_open_again(chain: Chain, lived: Store) -> None:
    maker, user = chain.orgs[:2]
    spare = secrets.token_bytes(20)
    chain.add_account(maker, spare)
    [asset] = chain.register(maker)
    chain.mine()
    catch_up(chain, lived)
    before = contents(lived)
    chain.remove_account(maker, spare)
    chain.transfer(maker, asset, user)
    chain.mine()
    catch_up(chain, lived)
    assert contents(lived) != before
    chain.shorten(1)
    catch_up(chain, lived, FinalUpTo(sole=True))
    assert contents(lived) == before
