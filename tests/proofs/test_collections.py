"""What an organisation owns, and what an assembly is made of, are proven with nothing left out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.domain.payloads import (
    Dismounted,
    Enrolled,
    Mounted,
    PartAdded,
    PartRemoved,
    Registered,
    Transferred,
)
from ledger.hashing import keccak, organisation_address
from ledger.proofs.bundle import Bundle, ClaimedHoldings
from ledger.proofs.encoding import encode_bundle
from ledger.proofs.layout import (
    balance_slot,
    encode_word,
    parent_slot,
    word_slot,
)
from ledger.proofs.steps import (
    StepFailed,
    WrongForm,
    WrongHoldings,
    WrongParties,
    WrongRest,
    WrongTree,
)
from ledger.proofs.verified import Assembled, Verified
from ledger.proofs.verify import verify_bundle
from ledger.types import ZERO_HASH, AssetKind, to_hex
from tests.proofs.paper import CONTRACT, ORG, OTHER, Paper, block_hash
from tests.proofs.test_batches import a_batch, asset_of


def verified(bundle: Bundle) -> Verified:
    return verify_bundle(encode_bundle(bundle), block_hash=block_hash(bundle), contract=CONTRACT)


def failing(step: type[StepFailed], bundle: Bundle) -> StepFailed:
    with pytest.raises(StepFailed) as caught:
        verified(bundle)
    assert type(caught.value) is step, caught.value
    return caught.value


def register(paper: Paper, owner: bytes, serial: bytes) -> bytes:
    birth = Registered(owner, ZERO_HASH, keccak(serial), AssetKind.INSTANCE)
    return paper.begin(birth, owner)


# -- holdings ----------------------------------------------------------------------------------


class Owner:
    """An organisation that got two assets, gave one of them away, and was given another."""

    def __init__(self) -> None:
        self.paper = Paper()
        self.org = self.paper.begin(Enrolled("did:web:owner.example"))
        self.kept, self.gone = (register(self.paper, self.org, name) for name in (b"1", b"2"))
        self.given = register(self.paper, OTHER, b"3")
        self.paper.append(self.gone, Transferred(OTHER), self.org)
        self.paper.append(self.given, Transferred(self.org), OTHER)
        self.held = sorted([self.kept, self.given])

    def bundle(self, *held: bytes, **slots: int) -> Bundle:
        storage = self.paper.storage()
        if "balance" in slots:
            storage[balance_slot(organisation_address(self.org))] = slots["balance"]
        return self.paper.bundle(self.org, storage, held=held)


def test_as_many_assets_as_the_balance_counts_are_all() -> None:
    owner = Owner()
    found = verified(owner.bundle(*owner.held)).holdings
    assert found is not None
    assert (found.balance, list(found.assets), found.are_all) == (2, owner.held, True)


def test_a_balance_is_proven_without_its_assets_and_says_so() -> None:
    owner = Owner()
    for held, others in (((), "other 2 assets are"), ((owner.kept,), "other asset is")):
        found = verified(owner.bundle(*held))
        assert found.holdings is not None
        assert (found.holdings.balance, found.holdings.are_all) == (2, False)
        assert any(others in one for one in found.not_proven)


def test_an_organisation_without_assets_has_a_balance_of_nothing() -> None:
    paper = Paper()
    org = paper.begin(Enrolled("did:web:poor.example"))
    register(paper, OTHER, b"not its")
    found = verified(paper.bundle(org, held=())).holdings
    assert found is not None
    assert (found.balance, found.are_all) == (0, True)


def test_assets_of_batches_count_be_they_written_or_not() -> None:
    owner = Owner()
    paper = owner.paper
    batch = a_batch(paper)
    for number in (1, 4):
        paper.append(asset_of(batch, number), Transferred(owner.org), ORG)
    held = [*owner.held, asset_of(batch, 1), asset_of(batch, 4)]
    found = verified(owner.bundle(*held)).holdings
    assert found is not None
    assert (found.balance, found.are_all) == (4, True)
    failing(WrongHoldings, owner.bundle(*held, asset_of(batch, 2)))
    failing(WrongHoldings, owner.bundle(*held, asset_of(batch, 6)))


def test_an_asset_of_others_or_none_is_no_holding() -> None:
    owner = Owner()
    failure = failing(WrongHoldings, owner.bundle(owner.kept, owner.gone))
    assert failure.expected == to_hex(organisation_address(OTHER))
    failing(WrongHoldings, owner.bundle(owner.org))
    failing(WrongHoldings, owner.bundle(keccak(b"nothing")))


def test_more_assets_than_the_balance_counts_are_refused() -> None:
    owner = Owner()
    failure = failing(WrongHoldings, owner.bundle(*owner.held, balance=1))
    assert (failure.expected, failure.found) == (1, 2)


def test_the_organisation_is_among_the_subjects() -> None:
    owner = Owner()
    bundle = owner.bundle(*owner.held)
    for other in (OTHER, owner.kept):
        claimed = ClaimedHoldings(other, bundle.holdings.assets if bundle.holdings else ())
        failing(WrongHoldings, replace(bundle, holdings=claimed))


def test_holdings_left_out_leave_nodes_that_prove_nothing() -> None:
    owner = Owner()
    bundle = owner.bundle(*owner.held)
    failing(WrongRest, replace(bundle, holdings=None))
    twice = ClaimedHoldings(owner.org, (owner.held[0], *owner.held))
    failing(WrongForm, replace(bundle, holdings=twice))


# -- trees -------------------------------------------------------------------------------------


class Car:
    """A car of two axles, one with a wheel; a spare was mounted and taken off again."""

    def __init__(self) -> None:
        self.paper = Paper()
        names = (b"car", b"front", b"rear", b"wheel", b"spare")
        self.all = [register(self.paper, ORG, name) for name in names]
        self.car, self.front, self.rear, self.wheel, self.spare = self.all
        self.mount(self.wheel, self.front)
        for part in (self.front, self.spare, self.rear):
            self.mount(part, self.car)
        self.paper.append(self.spare, Dismounted(self.car), ORG)
        self.paper.append(self.car, PartRemoved(self.spare), ORG)

    def mount(self, part: bytes, parent: bytes) -> None:
        self.paper.append(part, Mounted(parent), ORG)
        self.paper.append(parent, PartAdded(part), ORG)

    def bundle(self, *parts: bytes, storage: dict[bytes, int] | None = None) -> Bundle:
        return self.paper.bundle(self.car, storage, related=parts, tree=True)


def test_a_tree_is_proven_to_its_last_part() -> None:
    car = Car()
    found = verified(car.bundle(car.front, car.rear, car.wheel))
    front = Assembled(car.front, (Assembled(car.wheel, ()),))
    assert found.tree == Assembled(car.car, (front, Assembled(car.rear, ())))
    assert len(found.subjects) == 4


@pytest.mark.parametrize("missing", ["front", "rear", "wheel"])
def test_a_part_left_out_is_missed(missing: str) -> None:
    car = Car()
    parts = [getattr(car, name) for name in ("front", "rear", "wheel") if name != missing]
    failure = failing(WrongTree, car.bundle(*parts))
    assert failure.expected == to_hex(getattr(car, missing))


def test_other_subjects_may_stand_beside_a_tree() -> None:
    car = Car()
    found = verified(car.bundle(car.spare, car.wheel, car.rear, car.front))
    assert found.tree is not None
    assert car.spare not in [part.asset for part in found.tree.parts]


def test_a_part_that_says_it_is_another_s_is_named() -> None:
    car = Car()
    car.paper.append(car.wheel, Dismounted(car.front), ORG)
    failure = failing(WrongTree, car.bundle(car.front, car.rear, car.wheel))
    assert (failure.expected, failure.found) == (to_hex(car.front), "none")
    car.paper.append(car.wheel, Mounted(car.rear), ORG)
    failure = failing(WrongTree, car.bundle(car.front, car.rear, car.wheel))
    assert failure.found == to_hex(car.rear)


def test_a_tree_of_what_is_no_asset_is_refused() -> None:
    paper = Paper()
    org = paper.begin(Enrolled("did:web:no.example"))
    failing(WrongTree, paper.bundle(org, tree=True))


def test_assets_mounted_in_a_ring_are_no_tree() -> None:
    car = Car()
    car.mount(car.car, car.wheel)
    failure = failing(WrongTree, car.bundle(car.front, car.rear, car.wheel))
    assert "levels" in failure.reason


def test_a_parent_that_storage_does_not_name_is_refused() -> None:
    car = Car()
    storage = car.paper.storage() | {parent_slot(car.wheel): int.from_bytes(car.rear, "big")}
    failing(WrongParties, car.bundle(car.front, car.rear, car.wheel, storage=storage))


def test_nodes_that_subjects_share_stand_once() -> None:
    car = Car()
    alone = sum(len(car.paper.bundle(one).nodes) for one in car.all)
    together = car.paper.bundle(car.car, related=car.all[1:])
    assert len(set(together.nodes)) == len(together.nodes) < alone
    word = encode_word(replace(car.paper.word(car.wheel), frozen=True))
    storage = car.paper.storage() | {word_slot(car.wheel): word}
    with pytest.raises(StepFailed) as caught:
        verified(car.bundle(car.front, car.rear, car.wheel, storage=storage))
    assert caught.value.subject == car.wheel
