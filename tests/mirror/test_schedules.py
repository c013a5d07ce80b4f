"""Whatever order blocks, reorgs and looks at the chain come in, the mirror ends equal to it."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from ledger.chain.rpc import RpcClient
from ledger.database.engine import open_engine, upgrade
from ledger.domain.entries import Entry
from ledger.domain.payloads import (
    Accepted,
    AttestationRevoked,
    Attested,
    BatchRegistered,
    Dismounted,
    Mounted,
    Observed,
    Offered,
    Released,
    SchemaPublished,
)
from ledger.hashing import organisation_address
from ledger.mirror.store import Store
from ledger.proofs.layout import decode_word
from ledger.types import Party
from tests.mirror.chain import Chain
from tests.mirror.lives import index_in
from tests.mirror.mirroring import FinalUpTo, assert_equals_chain, catch_up

BLOCKS = st.tuples(st.just("blocks"), st.lists(st.integers(0, 9), max_size=4))
LOOKS = st.tuples(st.just("look"), st.integers(0, 6))
REORGS = st.tuples(st.just("reorg"), st.integers(1, 9))
INSIDE = st.tuples(st.just("reorg inside a look"), st.tuples(st.integers(3, 14), st.integers(1, 6)))
SHORTENINGS = st.tuples(st.just("shorten"), st.integers(1, 6))
SCHEDULES = st.lists(st.one_of(BLOCKS, BLOCKS, LOOKS, REORGS, INSIDE, SHORTENINGS), max_size=18)


class Shaken(RpcClient):
    """Has the chain reorganised just before its n-th request."""

    def __init__(self, chain: Chain, after: int, depth: int) -> None:
        super().__init__(chain.rpc.url)
        self.chain, self.after, self.depth = chain, after, depth

    def _post(self, method: str, request: object) -> bytes:
        self.after -= 1
        if self.after == 0:
            reorganise(self.chain, self.depth)
        return super()._post(method, request)


def possible(chain: Chain, depth: int) -> int:
    """How many blocks can go without the contract going with them."""
    return min(depth, chain.rpc.fetch_block_number() - chain.deployed.block)


def reorganise(chain: Chain, depth: int) -> None:
    if depth := possible(chain, depth):
        chain.reorg(depth)


def shorten(chain: Chain, depth: int) -> None:
    if depth := possible(chain, depth):
        chain.shorten(depth)


class Play:
    """One schedule, played on one chain and one mirror."""

    def __init__(self, chain: Chain, store: Store) -> None:
        self.chain, self.store = chain, store
        self.assets: list[bytes] = []
        chain.mine(2)

    def act(self, step: str, value: Any) -> None:
        match step:
            case "blocks":
                for choice in value:
                    self.write(choice)
                    self.chain.mine()
            case "look":
                head = self.chain.rpc.fetch_block_number()
                catch_up(self.chain, self.store, FinalUpTo(max(0, head - value), sole=True))
            case "reorg":
                reorganise(self.chain, value)
            case "reorg inside a look":
                with Shaken(self.chain, *value) as rpc:
                    catch_up(self.chain, self.store, FinalUpTo(sole=True), rpc=rpc)
            case "shorten":
                shorten(self.chain, value)

    def write(self, choice: int) -> None:
        """Entries that the contract takes, as its state is now."""
        chain, contract = self.chain, self.chain.contract
        living = [org for org in chain.orgs if contract.fetch_is_active(org)]
        assets = [asset for asset in self.assets[-8:] if contract.fetch_count(asset)]
        if not living or choice == 0:
            chain.enrol()
        elif choice == 6:
            self.write_batch(living[-1])
        elif not assets or choice == 1:
            self.assets += chain.register(living[-1], 1 + len(assets) % 3)
        elif choice == 2:
            chain.add_account(living[0], secrets.token_bytes(20))
        else:
            self.write_about(assets[-1], choice, living)

    def write_about(self, asset: bytes, choice: int, living: list[bytes]) -> None:
        chain = self.chain
        word = decode_word(chain.contract.fetch_word(asset))
        owner = next((org for org in living if organisation_address(org) == word.owner), None)
        if word.frozen:
            chain.unfreeze(asset)
        elif choice == 7 and owner is not None:
            self.hand_over(asset, owner, living[0])
        elif choice == 8 and owner is not None:
            self.assemble(asset, owner)
        elif choice == 9:
            self.attest(asset, living[0])
        elif choice == 3 or owner is None:
            chain.freeze(asset)
        elif choice == 4 and living[0] != owner:
            chain.transfer(owner, asset, living[0])
        else:
            chain.observe(owner, asset, word.count)
            chain.revise(owner, asset, word.count + 1)

    def write_batch(self, org: bytes) -> None:
        """Two assets of a batch have entries of their own: in its transaction, and later."""
        born = BatchRegistered(org, bytes(32), secrets.token_bytes(32), 9, secrets.token_bytes(32))
        entry = self.chain.birth(org, born)
        own = Observed(secrets.token_bytes(32))
        members = [index_in(entry.subject, index) for index in (1, 9)]
        self.chain.append(entry, Entry(members[0], org, own.KIND, 1, own.encode()))
        self.assets += members

    def hand_over(self, asset: bytes, owner: bytes, to: bytes) -> None:
        chain = self.chain
        offer = chain.contract.fetch_offer(asset, Party.CUSTODIAN)[0]
        holder = chain.contract.fetch_party(asset, Party.CUSTODIAN)
        if any(offer):
            [offeree] = [org for org in chain.orgs if organisation_address(org) == offer]
            chain.act(offeree, asset, Accepted(Party.CUSTODIAN))
        elif any(holder):
            [custodian] = [org for org in chain.orgs if organisation_address(org) == holder]
            chain.act(custodian, asset, Released(Party.CUSTODIAN))
        else:
            chain.act(owner, asset, Offered(Party.CUSTODIAN, to, 0))

    def assemble(self, part: bytes, owner: bytes) -> None:
        """Mount it on a new asset, or dismount it; the contract writes to the parent as well."""
        parent = self.chain.contract.fetch_parent(part)
        if any(parent):
            self.chain.act(owner, part, Dismounted(parent))
            return
        position = self.chain.contract.fetch_count(part)
        whole = self.chain.registration(owner)
        mounted = Mounted(whole.subject)
        self.chain.append(whole, Entry(part, owner, mounted.KIND, position, mounted.encode()))

    def attest(self, asset: bytes, org: bytes) -> None:
        published = SchemaPublished(secrets.token_bytes(32), bytes(32))
        schema = self.chain.begin(org, published)
        position = self.chain.contract.fetch_count(asset)
        self.chain.act(org, asset, Attested(schema, secrets.token_bytes(32), 0), position)
        self.chain.act(org, asset, AttestationRevoked(position, schema), position + 1)


@contextmanager
def stage() -> Iterator[Play]:
    chain = Chain.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            engine = open_engine(f"sqlite:///{Path(folder) / 'ledger.db'}")
            upgrade(engine)
            try:
                yield Play(chain, Store(engine))
            finally:
                engine.dispose()
    finally:
        chain.stop()


# Shrinking takes minutes of real chains; the failing schedule is printed as it is.
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(SCHEDULES)
def test_any_schedule_leaves_the_mirror_equal_to_a_fresh_one(schedule: list[Any]) -> None:
    with stage() as play:
        for step, value in schedule:
            note(f"{step} {value}")
            play.act(step, value)
        play.act("look", 0)
        assert_equals_chain(play.chain, play.store)
