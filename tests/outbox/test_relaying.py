"""What wallets signed travels beside all else, spoils none of it, and comes in time or not."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from dataclasses import dataclass

import pytest

from ledger.chain.contract import Authorisation
from ledger.chain.signers.keystore import KeystoreSigner
from ledger.database.engine import writing
from ledger.domain.entries import Entry
from ledger.domain.kinds import Kind
from ledger.domain.payloads import AccountAdded, Observed, Registered
from ledger.hashing import entry_message, keccak, subject_id
from ledger.outbox.clock import now
from ledger.outbox.conflicts import WrongPosition
from ledger.outbox.interventions import retry
from ledger.outbox.once import Accepted, Asked, find_operation
from ledger.outbox.relaying import accept_signed
from ledger.outbox.tables import State
from ledger.types import ZERO_HASH, AssetKind, Hash32
from tests.outbox.asking import ask, observe
from tests.outbox.world import World


@dataclass(frozen=True, slots=True)
class Signing:
    """A wallet of an organisation, and entries that it signs."""

    world: World
    org: Hash32
    wallet: KeystoreSigner

    def birth(self, content: str, *, seconds: int = 600) -> Accepted:
        raw = Registered(self.org, ZERO_HASH, keccak(content.encode()), AssetKind.INSTANCE).encode()
        subject = subject_id(self.world.domain, Kind.REGISTERED, self.org, raw)
        return self.accept(Entry(subject, self.org, Kind.REGISTERED, 0, raw), seconds)

    def observe(self, subject: Hash32, position: int, *, seconds: int = 600) -> Accepted:
        raw = Observed(os.urandom(32)).encode()
        return self.accept(Entry(subject, self.org, Kind.OBSERVED, position, raw), seconds)

    def accept(self, entry: Entry, seconds: int) -> Accepted:
        deadline = now() // 1000 + seconds
        message = entry_message(
            self.world.domain,
            entry.subject,
            entry.org,
            entry.kind,
            entry.position,
            entry.payload,
            deadline,
        )
        signature = self.wallet.sign_message(message).encode()
        leave = Authorisation(self.wallet.address, deadline, signature)
        asked = Asked(self.org, None, keccak(message))
        with writing(self.world.engine) as session:
            accepted = accept_signed(session, entry, leave, next_position=None, asked=asked)
            session.flush()
            session.expunge_all()
            return accepted


@pytest.fixture
def signing(world: World) -> list[Signing]:
    """Two organisations with a wallet each."""
    orgs = world.enrol("one", "two")
    wallets = [KeystoreSigner(os.urandom(32)) for _ in orgs]
    with writing(world.engine) as session:
        for org, wallet in zip(orgs, wallets, strict=True):
            ask(session, org, org, AccountAdded(wallet.address), next_position=1)
    world.settle()
    return [Signing(world, org, wallet) for org, wallet in zip(orgs, wallets, strict=True)]


def assert_exactly_once(world: World) -> None:
    """As `World.assert_exactly_once`, the wallets' accounts aside, which were asked for here."""
    asked = [
        (one.subject, one.position, one.payload)
        for one in world.operations()
        if one.state != State.REJECTED and one.kind != Kind.ACCOUNT_ADDED
    ]
    held = [
        (one.subject, one.position, one.payload)
        for one in world.entries()
        if one.kind is not Kind.ACCOUNT_ADDED
    ]
    assert Counter(held) == Counter(asked)


def test_it_travels_with_its_own_organisations_alone(world: World, signing: list[Signing]) -> None:
    before = len(world.transactions())
    for number in range(6):
        for one in signing:
            one.birth(f"signed {number}")
            world.register(one.org, f"S-{number}")
    world.settle()
    assert world.states() == {State.DONE: len(world.operations())}
    assert_exactly_once(world)
    carried = defaultdict(set)
    for operation in world.operations():
        carried[operation.nonce, operation.lane].add((operation.org, operation.actor))
    for parties in carried.values():
        if any(actor for _, actor in parties):
            assert len(parties) == 1
    assert len(world.transactions()) - before < 12
    actors = {entry.actor for entry in world.entries() if entry.org == signing[0].org}
    assert actors == {signing[0].wallet.address, world.custodian.address}


def test_signed_and_other_entries_of_an_asset_keep_their_order(
    world: World, signing: list[Signing]
) -> None:
    one = signing[0]
    born = one.birth("mixed").operation.subject
    with writing(world.engine) as session:
        observe(session, one.org, born)
    one.observe(born, 2)
    with writing(world.engine) as session:
        observe(session, one.org, born)
    world.settle()
    positions = [entry.position for entry in world.entries() if entry.subject == born]
    assert positions == [0, 1, 2, 3]
    actors = [entry.actor for entry in world.entries() if entry.subject == born]
    assert actors == [one.wallet.address, world.custodian.address] * 2


def test_what_comes_too_late_is_rejected_and_spoils_nothing(
    world: World, signing: list[Signing]
) -> None:
    late, standing = signing[0].birth("late", seconds=5), signing[0].birth("standing")
    [plain] = world.register(signing[0].org, "PLAIN")
    world.settle()
    assert world.state(late.operation.id) == State.REJECTED
    assert world.state(standing.operation.id) == State.DONE
    [rejected] = [one for one in world.operations() if one.state == State.REJECTED]
    assert rejected.reason is not None
    assert rejected.reason["code"] == "Expired"
    assert {plain, standing.operation.subject} <= {one.subject for one in world.entries()}
    assert late.operation.subject not in {one.subject for one in world.entries()}


def test_one_that_nobody_signed_goes_alone_to_its_end(world: World, signing: list[Signing]) -> None:
    one, stranger = signing
    good = [one.birth(f"good {number}") for number in range(3)]
    forged = Signing(world, one.org, stranger.wallet).birth("forged")
    more = [one.birth(f"more {number}") for number in range(3)]
    world.settle()
    assert world.state(forged.operation.id) == State.REJECTED
    assert {world.state(each.operation.id) for each in (*good, *more)} == {State.DONE}
    assert_exactly_once(world)


def test_the_same_entry_is_the_same_operation(signing: list[Signing]) -> None:
    one = signing[0]
    first, again = one.birth("twice"), one.birth("twice", seconds=700)
    assert again.existing
    assert again.operation.id == first.operation.id
    with pytest.raises(WrongPosition):
        one.observe(first.operation.subject, 2)


def test_what_was_rejected_can_be_tried_again(world: World, signing: list[Signing]) -> None:
    """A relayed birth has no serial, which a retry would look for."""
    late = signing[0].birth("again", seconds=5)
    world.settle()
    with writing(world.engine) as session:
        found = find_operation(session, late.operation.id)
        assert found is not None
        assert retry(session, found, None).state == State.QUEUED
    world.settle()
    assert world.state(late.operation.id) == State.REJECTED


def test_it_is_sent_again_after_a_reorganisation(world: World, signing: list[Signing]) -> None:
    born = signing[0].birth("lost").operation
    submitter = world.submitter()
    world.settle(submitter)
    world.rpc.call("anvil_reorg", 1, [])
    assert born.subject not in {one.subject for one in world.entries()}
    world.settle(submitter, lambda: born.subject in {one.subject for one in world.entries()})
    world.settle(submitter)
    assert_exactly_once(world)
