"""The mirror equals the chain, however it came there: at once, block by block, or in pieces."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from ledger.chain.finality import TagFinality
from ledger.chain.identity import Deployed
from ledger.chain.rpc import RpcClient
from ledger.chain.transport import Call
from ledger.chain.wire import Block, BlockId
from ledger.database.engine import reading
from ledger.errors import NodeUnavailable, WrongChain
from ledger.hashing import organisation_address
from ledger.mirror import queries
from ledger.mirror.fetch import fetch_base
from ledger.mirror.follow import follow
from ledger.mirror.reading import Distrusted
from ledger.mirror.steps import Applied, Finalised, PassedBlock
from ledger.mirror.store import MirrorMoved, Store
from ledger.types import ZERO_HASH
from tests.mirror.chain import Chain
from tests.mirror.mirroring import (
    FinalUpTo,
    assert_equals_chain,
    catch_up,
    contents,
    fresh_mirror,
    never_waits,
)


def write_history(chain: Chain) -> None:
    """Two organisations, and a gearbox and a pump with a life."""
    maker, user = chain.enrol(), chain.enrol()
    chain.mine()
    gearbox, pump = chain.register(maker, 2)
    chain.mine()
    chain.revise(maker, gearbox, 1)
    chain.observe(maker, gearbox, 2)
    chain.transfer(maker, gearbox, user, 3)
    chain.transfer(user, gearbox, maker, 4)
    chain.mine(3)
    chain.freeze(pump)
    chain.mine()
    chain.unfreeze(pump)
    chain.transfer(maker, pump, user, 3)
    spare = secrets.token_bytes(20)
    chain.add_account(user, spare)
    chain.mine()
    chain.remove_account(user, spare)
    chain.suspend(maker)
    chain.mine()


def test_a_back_filled_mirror_equals_the_chain(chain: Chain, store: Store) -> None:
    write_history(chain)
    steps = catch_up(chain, store)
    assert [type(step) for step in steps] == [Applied]
    assert_equals_chain(chain, store)


def test_following_live_gives_what_back_filling_gives(chain: Chain, store: Store) -> None:
    catch_up(chain, store)
    chain.enrol()
    org = chain.orgs[0]
    for _ in range(6):
        subjects = chain.register(org, 3)
        chain.mine()
        assert len(catch_up(chain, store)) == 1
        chain.observe(org, subjects[0], 1)
        chain.mine()
        assert len(catch_up(chain, store)) == 1
    assert_equals_chain(chain, store)


def test_it_goes_on_exactly_where_it_was_stopped(chain: Chain, store: Store) -> None:
    org = chain.enrol()
    chain.mine()
    for _ in range(12):
        chain.register(org, 2)
        chain.mine()
    store.begin(chain.deployed, fetch_base(chain.rpc, chain.deployed))
    # Steps that end at a final block are as good a place to stop as any.
    for final in (3, 4, 9):
        steps = follow(
            chain.rpc, chain.deployed, store, FinalUpTo(final), wait=never_waits, to_head=True
        )
        step = next(steps)
        steps.close()
        assert isinstance(step, Applied)
        assert step.last.number == final
        store.apply(step)
    catch_up(chain, store)
    assert_equals_chain(chain, store)


def test_a_step_is_never_applied_twice(chain: Chain, store: Store) -> None:
    write_history(chain)
    [step] = catch_up(chain, store)
    before = contents(store)
    with pytest.raises(MirrorMoved):
        store.apply(step)
    assert contents(store) == before


def test_a_step_whose_entries_were_taken_before_is_not_applied(chain: Chain, store: Store) -> None:
    write_history(chain)
    store.begin(chain.deployed, fetch_base(chain.rpc, chain.deployed))
    steps = follow(chain.rpc, chain.deployed, store, TagFinality(), wait=never_waits, to_head=True)
    step = next(steps)
    steps.close()
    assert isinstance(step, Applied)
    before = contents(store)
    with pytest.raises(MirrorMoved, match="taken before"):
        store.apply(replace(step, portions=iter(())))
    assert contents(store) == before


def test_an_idle_chain_gives_no_step(chain: Chain, store: Store) -> None:
    catch_up(chain, store)
    assert catch_up(chain, store) == []


def test_empty_blocks_move_the_mirror_too(chain: Chain, store: Store) -> None:
    head = chain.mine(7)
    catch_up(chain, store)
    assert store.cursor().number == head
    assert store.cursor().ledger_head == chain.contract.fetch_ledger_head()
    assert store.cursor().sequence == 1


def test_titles_are_kept_as_periods(chain: Chain, store: Store) -> None:
    maker, user = chain.enrol(), chain.enrol()
    chain.mine()
    [gearbox] = chain.register(maker)
    born = chain.mine()
    chain.transfer(maker, gearbox, user)
    handed_over = chain.mine(2) - 1
    catch_up(chain, store)
    with reading(store.engine) as session:
        periods = queries.list_holders(session, gearbox).items
        told = [(row.org, row.party, row.from_block, row.to_block) for row in periods]
    assert told == [(maker, "owner", born, handed_over), (user, "owner", handed_over, None)]


def test_finality_moves_up_to_blocks_that_are_remembered(chain: Chain, store: Store) -> None:
    chain.mine(5)
    head = chain.rpc.fetch_block_number()
    steps = catch_up(chain, store, FinalUpTo(head - 2))
    assert Finalised(head - 2) in steps
    assert store.final_block() == head - 2
    # Empty blocks below the final one are forgotten; the base stays, and what holds entries.
    catch_up(chain, store, FinalUpTo(head))
    kept = [head, chain.deployed.block, store.base().number]
    assert [block.number for block in store.blocks(head, 9)] == kept


def test_another_chain_is_refused_by_name(chain: Chain, store: Store) -> None:
    deployed = chain.deployed
    finality = FinalUpTo()

    def refused(other: Deployed) -> str:
        with pytest.raises(WrongChain) as told:
            next(follow(chain.rpc, other, store, finality, wait=never_waits))
        return str(told.value)

    other_id = Deployed(1, deployed.genesis_hash, deployed.contract, deployed.block)
    assert "chain id is 31337, not 1" in refused(other_id)
    other_genesis = Deployed(31337, ZERO_HASH, deployed.contract, deployed.block)
    assert "first block" in refused(other_genesis)
    elsewhere = Deployed(31337, deployed.genesis_hash, bytes(20), deployed.block)
    assert "no contract at 0x00" in refused(elsewhere)


def test_a_mirror_never_begins_on_another_chains_block(chain: Chain) -> None:
    """It went on with that chain, once the node had become one of it for good."""

    class Elsewhere(RpcClient):
        """Has another chain's block before the contract's, or all blocks of another one."""

        below = True

        def fetch_batch(self, calls: Sequence[Call]) -> list[Any]:
            told = super().fetch_batch(calls)
            others = told[:1] if self.below else told
            for header, salt in zip(others, ("11", "22"), strict=False):
                header["hash"] = f"0x{salt * 32}"
            if not self.below:
                told[1]["parentHash"] = told[0]["hash"]
            return told

    with Elsewhere(chain.rpc.url) as rpc:
        with pytest.raises(Distrusted, match="does not follow"):
            fetch_base(rpc, chain.deployed)
        rpc.below = False
        with pytest.raises(Distrusted, match="not the one that the contract came in"):
            fetch_base(rpc, chain.deployed)
    assert fetch_base(chain.rpc, chain.deployed).number == chain.deployed.block - 1


def test_a_database_of_another_ledger_is_refused(chain: Chain, store: Store) -> None:
    catch_up(chain, store)
    other = Deployed(31337, chain.deployed.genesis_hash, b"\x11" * 20, 1)
    base = PassedBlock(0, ZERO_HASH, 0, ZERO_HASH, 0)
    with pytest.raises(WrongChain, match="the database mirrors"):
        store.begin(other, base)


def test_a_node_that_has_not_come_to_the_contract_yet_is_late_not_wrong(chain: Chain) -> None:
    later = Deployed(31337, chain.deployed.genesis_hash, b"\x11" * 20, 1_000)
    with pytest.raises(NodeUnavailable, match="the contract came in block 1000"):
        next(follow(chain.rpc, later, None, FinalUpTo(), wait=never_waits))  # type: ignore[arg-type]


def test_organisations_are_found_by_each_of_their_names(chain: Chain, store: Store) -> None:
    write_history(chain)
    catch_up(chain, store)
    maker = chain.orgs[0]
    with reading(store.engine) as session:
        seen = queries.find_organisation(session, id=maker)
        assert seen is not None
        assert seen.accounts == [chain.accounts[0]]
        assert not seen.row.active
        by_did = queries.find_organisation(session, did=seen.row.did)
        by_address = queries.find_organisation(session, address=organisation_address(maker))
        assert by_did == by_address == seen
        assert queries.find_organisation(session, did="did:web:nobody.example") is None


def test_two_mirrors_of_one_chain_are_equal(chain: Chain, store: Store) -> None:
    write_history(chain)
    catch_up(chain, store)
    with fresh_mirror(chain) as other:
        assert contents(other) == contents(store)


def test_mirroring_to_the_head_ends_though_new_blocks_never_do(chain: Chain, store: Store) -> None:
    """A chain with a block for each look at it was followed for ever."""
    write_history(chain)
    began = chain.rpc.fetch_block_number()
    store.begin(chain.deployed, fetch_base(chain.rpc, chain.deployed))

    class Busy(RpcClient):
        def find_block(self, block: BlockId) -> Block | None:
            if block == "latest":
                chain.mine()
            return super().find_block(block)

    with Busy(chain.rpc.url) as rpc:
        steps = follow(rpc, chain.deployed, store, FinalUpTo(), wait=never_waits, to_head=True)
        for _, step in zip(range(10), steps, strict=False):
            store.apply(step)
        assert next(steps, None) is None
    assert began < store.cursor().number < chain.rpc.fetch_block_number()
