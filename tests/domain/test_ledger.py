"""The ledger in memory answers as the contract does, and refuses what cannot be its next entry."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.domain.kinds import Kind
from ledger.domain.ledger import Ledger
from ledger.domain.payloads import (
    Accepted,
    AttestationRevoked,
    Attested,
    BatchRegistered,
    CredentialIssued,
    CredentialRevoked,
    Delisted,
    Dismounted,
    Enrolled,
    Founded,
    Listed,
    Mounted,
    Observed,
    Offered,
    PartAdded,
    Paused,
    Released,
    Resumed,
    SchemaPublished,
    TitleForced,
    Transferred,
    WorldClosed,
    WorldOpened,
)
from ledger.domain.relations import AccountOf, Holding, Offer
from ledger.errors import VerificationError
from ledger.hashing import keccak
from ledger.types import ZERO_HASH, Party
from tests.domain.book import DOMAIN, ONE, TWO, Book
from tests.domain.examples import ACTOR, OPENED, told

DOC = keccak(b"a document")


@pytest.fixture
def book() -> Book:
    return Book()


def test_founding_pause_and_heads(book: Book) -> None:
    ledger = book.ledger
    assert ledger.founding is not None
    assert ledger.founding.id == book.founding
    book.write(book.founding, Paused(DOC))
    asset = book.register("paused")
    assert ledger.paused
    assert (ledger.head(asset), ledger.count(asset)) == (asset, 1)
    book.write(book.founding, Resumed(DOC))
    assert not ledger.paused
    assert ledger.count(book.founding) == 3
    assert (ledger.head(DOC), ledger.count(DOC)) == (ZERO_HASH, 0)


def test_title_and_offers(book: Book) -> None:
    ledger, asset = book.ledger, book.register("title")
    assert (ledger.owner_of(asset), ledger.balance_of(ONE)) == (ONE, 1)
    book.write(asset, Offered(Party.OWNER, TWO, book.now + 5), ONE)
    until = book.now + 4
    assert ledger.offer_of(asset, Party.OWNER, until) == Offer(asset, Party.OWNER, TWO, until)
    assert ledger.offer_of(asset, Party.OWNER, until + 1) is None
    book.write(asset, Offered(Party.CUSTODIAN, TWO, 0), ONE)
    book.write(asset, Accepted(Party.OWNER), TWO)
    assert (ledger.owner_of(asset), ledger.balance_of(ONE), ledger.balance_of(TWO)) == (TWO, 0, 1)
    assert ledger.offer_of(asset, Party.CUSTODIAN, book.now) is None


def test_parties(book: Book) -> None:
    ledger, asset = book.ledger, book.register("parties")
    assert ledger.party_of(asset, Party.OWNER) == ONE
    assert ledger.party_of(asset, Party.LIEN_HOLDER) is None
    book.write(asset, Offered(Party.LIEN_HOLDER, TWO, 0), ONE)
    book.write(asset, Accepted(Party.LIEN_HOLDER), TWO)
    book.write(asset, TitleForced(TWO, DOC))
    assert ledger.party_of(asset, Party.LIEN_HOLDER) == TWO
    book.write(asset, Released(Party.LIEN_HOLDER), TWO)
    assert ledger.party_of(asset, Party.LIEN_HOLDER) is None
    assert ledger.party_of(DOC, Party.OWNER) is None


def test_assemblies_and_how_high_they_are(book: Book) -> None:
    ledger = book.ledger
    car, axle, wheel, bolt = (book.register(name) for name in ("car", "axle", "wheel", "bolt"))
    book.write(wheel, Mounted(axle), ONE)
    book.write(axle, Mounted(car), ONE)
    assert [ledger.height_of(one) for one in (car, axle, wheel)] == [2, 1, 0]
    book.write(bolt, Mounted(wheel), ONE)
    assert [ledger.height_of(one) for one in (car, axle, wheel)] == [3, 2, 1]
    book.write(axle, Dismounted(car), ONE)
    assert ledger.parent_of(axle) is None
    assert ledger.parent_of(wheel) == axle
    assert [ledger.height_of(one) for one in (car, axle)] == [0, 2]
    book.write(bolt, Dismounted(wheel), ONE)
    book.write(bolt, Mounted(car), ONE)
    assert ledger.height_of(car) == 1
    assert ledger.count(car) == 4


def test_a_batch_s_assets(book: Book) -> None:
    ledger = book.ledger
    batch = book.begin(BatchRegistered(ONE, ZERO_HASH, DOC, 1000, DOC), ONE)
    first, last, beyond = (batch[:29] + n.to_bytes(3, "big") for n in (1, 1000, 1001))
    assert (ledger.owner_of(last), ledger.balance_of(ONE)) == (ONE, 1000)
    assert (ledger.head(last), ledger.count(last)) == (last, 1)
    assert (ledger.owner_of(beyond), ledger.count(beyond), ledger.owner_of(batch)) == (
        None,
        0,
        None,
    )
    assert not [one for one in ledger.relations if isinstance(one, Holding)]
    book.write(first, Observed(DOC), ONE)
    book.write(last, Transferred(TWO), ONE)
    held = {one for one in ledger.relations if isinstance(one, Holding)}
    assert held == {Holding(first, Party.OWNER, ONE), Holding(last, Party.OWNER, TWO)}
    assert (ledger.balance_of(ONE), ledger.balance_of(TWO)) == (999, 1)
    assert ledger.count(last) == 2
    with pytest.raises(VerificationError):
        book.append(told(beyond, 1, Observed(DOC), ONE, book.now))


def test_claims_are_in_force_until_they_lapse_or_are_revoked(book: Book) -> None:
    ledger, asset = book.ledger, book.register("attested")
    schema = book.begin(SchemaPublished(DOC, ZERO_HASH), TWO)
    book.write(asset, Attested(schema, DOC, book.now + 10), TWO)
    now, until = book.now, book.now + 9
    assert ledger.is_in_force(asset, 1, TWO, schema, until)
    assert not ledger.is_in_force(asset, 1, TWO, schema, until + 1)
    assert not ledger.is_in_force(asset, 1, ONE, schema, now)
    assert not ledger.is_in_force(asset, 1, TWO, DOC, now)
    assert not ledger.is_in_force(asset, 0, TWO, schema, now)
    book.write(asset, AttestationRevoked(1, schema), TWO)
    assert not ledger.is_in_force(asset, 1, TWO, schema, now)


def test_listings_count_for_their_owner_in_an_open_world(book: Book) -> None:
    ledger, asset = book.ledger, book.register("listed")
    schema = book.begin(SchemaPublished(DOC, ZERO_HASH), TWO)
    world = book.begin(WorldOpened(DOC, schema, TWO), TWO)
    assert (ledger.is_open(world), ledger.admission_of(world)) == (True, (schema, TWO))
    for org in (ONE, TWO):
        book.write(org, CredentialIssued(schema, DOC, 0), TWO)
    book.write(asset, Listed(world, DOC, DOC, book.now + 50, TWO, 1), ONE)
    listed = book.now + 49
    assert ledger.is_listed(asset, world, listed)
    assert not ledger.is_listed(asset, world, listed + 1)
    book.write(asset, Transferred(TWO), ONE)
    assert not ledger.is_listed(asset, world, listed)
    book.write(asset, Listed(world, DOC, DOC, 0, TWO, 1), TWO)
    assert ledger.is_listed(asset, world, listed + 1)
    book.write(asset, Delisted(world), TWO)
    assert not ledger.is_listed(asset, world, listed)
    book.write(asset, Listed(world, DOC, DOC, 0, TWO, 1), TWO)
    book.write(world, WorldClosed(DOC), TWO)
    assert (ledger.is_listed(asset, world, listed), ledger.is_open(world)) == (False, False)
    assert ledger.admission_of(DOC) == (ZERO_HASH, ZERO_HASH)


def test_a_listing_counts_while_the_credential_that_admits_is_in_force(book: Book) -> None:
    ledger, asset = book.ledger, book.register("listed")
    schema = book.begin(SchemaPublished(DOC, ZERO_HASH), TWO)
    world = book.begin(WorldOpened(DOC, schema, ZERO_HASH), TWO)
    book.write(ONE, CredentialIssued(schema, DOC, book.now + 10), TWO)
    until = book.now + 9
    book.write(asset, Listed(world, DOC, DOC, 0, TWO, 1), ONE)
    assert ledger.is_listed(asset, world, until)
    assert not ledger.is_listed(asset, world, until + 1)
    book.write(ONE, CredentialRevoked(1, schema), TWO)
    assert not ledger.is_listed(asset, world, until)


# -- what cannot be the next entry -------------------------------------------------------------


def test_a_ledger_begins_with_its_founding_and_once(book: Book) -> None:
    birth = Enrolled("did:web:three.example")
    with pytest.raises(VerificationError, match="founds it"):
        Ledger(DOMAIN).append(told(DOC, 0, birth))
    with pytest.raises(VerificationError, match="founds it"):
        book.begin(Founded(ACTOR), ONE)


def test_births_are_the_hash_of_themselves_and_stand_first(book: Book) -> None:
    with pytest.raises(VerificationError, match="does not hash"):
        book.append(told(DOC, 0, SchemaPublished(DOC, ZERO_HASH), ONE, book.now))
    with pytest.raises(VerificationError, match="cannot stand"):
        book.append(told(ONE, 1, SchemaPublished(DOC, ZERO_HASH), ONE, book.now))
    with pytest.raises(VerificationError, match="cannot stand"):
        book.append(told(DOC, 0, Observed(DOC), ONE, book.now))
    book.register("once")
    with pytest.raises(VerificationError):
        book.append(replace(book.entries[-1], timestamp=book.now))


def test_entries_come_in_order_of_position_and_time(book: Book) -> None:
    asset = book.register("ordered")
    entry = told(asset, 1, Observed(DOC), ONE, book.now)
    with pytest.raises(VerificationError, match="earlier"):
        book.append(replace(entry, timestamp=OPENED - 1))
    with pytest.raises(VerificationError, match="not the next"):
        book.append(replace(entry, position=2))
    before = (book.ledger.ledger_head, dict(book.ledger.subjects))
    with pytest.raises(VerificationError, match="cannot stand"):
        book.append(replace(entry, kind=Kind.SUSPENDED))
    assert (book.ledger.ledger_head, book.ledger.subjects) == before
    book.append(entry)


def test_a_parent_is_told_of_its_parts_at_once_and_never_otherwise(book: Book) -> None:
    whole, part = book.register("whole"), book.register("part")
    added = told(whole, 1, PartAdded(part), ONE, book.now)
    with pytest.raises(VerificationError, match="right after the part"):
        book.append(added)
    book.append(told(part, 1, Mounted(whole), ONE, book.now))
    due = replace(added, timestamp=book.entries[-1].timestamp)
    for wrong in (
        told(whole, 1, Observed(DOC), ONE, due.timestamp),
        replace(due, org=TWO),
        replace(due, actor=bytes(20)),
        replace(due, timestamp=due.timestamp + 1),
        replace(due, payload=whole),
        replace(due, kind=Kind.PART_REMOVED),
    ):
        with pytest.raises(VerificationError, match="right after the part"):
            book.append(wrong)
    book.append(due)
    assert not [one for one in book.ledger.relations if isinstance(one, AccountOf)]
