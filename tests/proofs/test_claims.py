"""What the contract keeps of every class of subject is what the entries make of it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest

from ledger.domain.asset import Asset
from ledger.domain.batch import Batch, member
from ledger.domain.catalogue import Schema, World
from ledger.domain.entries import Appended
from ledger.domain.ledger import Ledger
from ledger.domain.log import APPENDED_TOPIC, decode_appended
from ledger.domain.payloads import (
    Accepted,
    AttestationRevoked,
    Attested,
    BatchRegistered,
    CredentialIssued,
    CredentialRevoked,
    Delisted,
    Dismounted,
    Erased,
    Listed,
    Mounted,
    Observed,
    Offered,
    Payload,
    Released,
    SchemaPublished,
    Staged,
    Transferred,
    Withdrawn,
    WorldClosed,
    WorldOpened,
)
from ledger.errors import UnknownThing
from ledger.hashing import domain_separator, keccak, organisation_address, subject_id
from ledger.proofs.build import build_bundle
from ledger.proofs.claims import word_of
from ledger.proofs.layout import encode_word
from ledger.types import ZERO_HASH, Party, Stage, to_hex
from tests.proofs.conftest import OnChain, deployed

DOC = keccak(b"a document")


class Writer:
    """Writes entries of both organisations, each alone in its transaction, at the next position."""

    def __init__(self, chain: OnChain) -> None:
        self.chain = chain
        self.one, self.two = chain.orgs

    def begin(self, payload: Payload, org: bytes) -> bytes:
        domain = domain_separator(31337, self.chain.contract)
        subject = subject_id(domain, payload.KIND, org, payload.encode())
        self.write(subject, payload, org)
        return subject

    def write(self, subject: bytes, payload: Payload, org: bytes) -> None:
        position = int.from_bytes(ask(self.chain, "count(bytes32)", subject))
        sender = self.chain.orgs.index(org)
        self.chain.append((subject, org, payload, position), sender=sender)


def ask(chain: OnChain, signature: str, *words: bytes) -> bytes:
    """What a view answers."""
    data = keccak(signature.encode())[:4] + b"".join(word.rjust(32, b"\0") for word in words)
    asked = {"to": to_hex(chain.contract), "data": to_hex(data)}
    return bytes.fromhex(chain.rpc.call("eth_call", asked, "latest")[2:])


def read(chain: OnChain) -> Ledger:
    """The ledger as its logs fold."""
    ledger = Ledger(domain_separator(31337, chain.contract))
    for log in chain.rpc.fetch_logs(chain.contract, (APPENDED_TOPIC,), 0, "latest"):
        one = decode_appended(log.topics, log.data)
        time = chain.rpc.fetch_block(log.block_number).timestamp
        ledger.append(
            Appended(one.subject, one.org, one.kind, one.position, one.payload, one.actor, time)
        )
    return ledger


def a_life(writer: Writer) -> None:
    """Every kind that an organisation can write, and some of governance's."""
    one, two, write, chain = writer.one, writer.two, writer.write, writer.chain
    schema = writer.begin(SchemaPublished(DOC, ZERO_HASH), two)
    world = writer.begin(WorldOpened(DOC, schema, two), two)
    write(one, CredentialIssued(schema, DOC, 0), two)
    write(two, CredentialIssued(schema, DOC, 0), one)
    write(two, CredentialRevoked(2, schema), one)
    car, axle, wheel, spare = (
        chain.register(name) for name in (b"car", b"axle", b"wheel", b"spare")
    )
    write(wheel, Mounted(axle), one)
    write(axle, Mounted(car), one)
    write(spare, Mounted(car), one)
    write(spare, Dismounted(car), one)
    for party in (Party.CUSTODIAN, Party.OPERATOR, Party.LIEN_HOLDER):
        write(car, Offered(party, two, 0), one)
        write(car, Accepted(party), two)
    write(car, Released(Party.OPERATOR), two)
    write(car, Offered(Party.CUSTODIAN, one, 2**40), two)
    write(car, Staged(Stage.COMMISSIONED), one)
    write(car, Staged(Stage.IN_SERVICE), one)
    write(car, Attested(schema, DOC, 0), two)
    write(car, Listed(world, DOC, DOC, 2**40, two, 2), one)
    write(axle, Attested(schema, DOC, 2**40), two)
    write(axle, AttestationRevoked(3, schema), two)
    write(axle, Offered(Party.OWNER, two, 0), one)
    write(axle, Withdrawn(Party.OWNER), one)
    write(spare, Listed(world, DOC, DOC, 0, two, 2), one)
    write(spare, Delisted(world), one)
    write(spare, Erased((DOC, schema)), one)
    write(spare, Offered(Party.OPERATOR, two, 0), one)
    write(spare, Offered(Party.OWNER, two, 0), one)
    write(spare, Accepted(Party.OWNER), two)
    chain.call("freeze(bytes32,bytes32)", wheel, DOC)
    closed = writer.begin(WorldOpened(schema, ZERO_HASH, ZERO_HASH), one)
    write(closed, WorldClosed(DOC), one)
    batch = writer.begin(BatchRegistered(one, schema, DOC, 300, DOC), one)
    first, last = batch[:31] + b"\1", batch[:30] + b"\1\x2c"
    write(first, Observed(DOC), one)
    write(last, Transferred(two), one)
    write(last, Mounted(spare), two)
    chain.call("nameSuccessor(address,bytes32)", to_hex(two[:20]), DOC)
    chain.call("pause(bytes32)", DOC)
    chain.call("forceTitle(bytes32,bytes32,bytes32)", car, two, DOC)


@pytest.fixture(scope="module")
def lived() -> Iterator[OnChain]:
    with deployed() as chain:
        a_life(Writer(chain))
        yield chain


@pytest.fixture(scope="module")
def ledger(lived: OnChain) -> Ledger:
    return read(lived)


def test_the_ledger_folds_to_the_contract_s_heads_and_words(lived: OnChain, ledger: Ledger) -> None:
    assert ledger.ledger_head == ask(lived, "ledgerHead()")
    assert ledger.paused
    assert ledger.founding is not None
    assert ledger.founding.id == ask(lived, "founding()")
    for subject, state in ledger.subjects.items():
        assert state.head == ask(lived, "head(bytes32)", subject)
        height = int.from_bytes(ask(lived, "heightOf(bytes32)", subject))
        assert height == ledger.height_of(subject)
        assert encode_word(word_of(state)) == int.from_bytes(
            ask(lived, "word(bytes32)", subject)
        ), state


def number(value: int) -> bytes:
    return value.to_bytes(32, "big")


def address(org: bytes | None) -> bytes:
    return organisation_address(org).rjust(32, b"\0") if org else ZERO_HASH


def test_its_answers_of_parties_and_parts_are_the_contract_s(
    lived: OnChain, ledger: Ledger
) -> None:
    now = lived.rpc.fetch_block("latest").timestamp
    for org in lived.orgs:
        assert number(ledger.balance_of(org)) == ask(lived, "balanceOf(address)", org[12:])
    for asset in [one.id for one in ledger.subjects.values() if isinstance(one, Asset)]:
        assert address(ledger.owner_of(asset)) == ask(lived, "ownerOf(uint256)", asset)
        parent = ask(lived, "parentOf(bytes32)", asset)
        assert (ledger.parent_of(asset) or ZERO_HASH) == parent
        for party in Party:
            holder = ask(lived, "partyOf(bytes32,uint8)", asset, bytes([party]))
            assert address(ledger.party_of(asset, party)) == holder
            offer = ledger.offer_of(asset, party, now)
            told = address(offer.to) + number(offer.expires) if offer else bytes(64)
            assert told == ask(lived, "offerOf(bytes32,uint8)", asset, bytes([party]))


def test_its_answers_of_claims_and_listings_are_the_contract_s(
    lived: OnChain, ledger: Ledger
) -> None:
    now = lived.rpc.fetch_block("latest").timestamp
    schemas = [one.id for one in ledger.subjects.values() if isinstance(one, Schema)]
    worlds = [one.id for one in ledger.subjects.values() if isinstance(one, World)]
    for world in worlds:
        assert number(ledger.is_open(world)) == ask(lived, "isOpen(bytes32)", world)
        admission = ask(lived, "admissionOf(bytes32)", world)
        assert b"".join(ledger.admission_of(world)) == admission
    for subject, world in product(ledger.subjects, worlds):
        listed = ask(lived, "isListed(bytes32,bytes32)", subject, world)
        assert number(ledger.is_listed(subject, world, now)) == listed
    for subject, issuer, schema in product(ledger.subjects, lived.orgs, schemas):
        for position in range(ledger.count(subject)):
            found = ledger.is_in_force(subject, position, issuer, schema, now)
            words = (subject, number(position), issuer, schema)
            asked = ask(lived, "isInForce(bytes32,uint64,bytes32,bytes32)", *words)
            assert number(found) == asked


def test_each_subject_is_proven(lived: OnChain, ledger: Ledger) -> None:
    for subject, state in ledger.subjects.items():
        found = build_bundle(lived.rpc, lived.contract, subject).verified
        assert found.state == state
        assert found.subject == subject
    [batch] = [one for one in ledger.subjects.values() if isinstance(one, Batch)]
    untouched = batch.id[:31] + b"\2"
    found = build_bundle(lived.rpc, lived.contract, untouched).verified
    assert (found.state, found.entries) == (member(batch, untouched), ())
    assert [one.id for one in found.subjects] == [batch.id, untouched]
    for nobody in (batch.id[:30] + b"\1\x2d", batch.id[:29] + b"\xff" * 3):
        with pytest.raises(UnknownThing):
            build_bundle(lived.rpc, lived.contract, nobody)
