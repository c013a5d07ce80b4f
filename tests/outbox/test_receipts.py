"""Receipts are signed in the transaction that accepts, and tell what was promised then."""

from __future__ import annotations

import secrets

import pytest
from sqlalchemy import Engine, func, update
from sqlmodel import Session, col, select

from ledger.chain.signers.keystore import KeystoreSigner
from ledger.chain.signers.signature import Signature
from ledger.database.engine import reading, writing
from ledger.domain.kinds import Kind
from ledger.domain.payloads import Observed
from ledger.hashing import sha256
from ledger.outbox.appending import accept_entry
from ledger.outbox.receipts import Notary, find_receipts
from ledger.outbox.registering import accept_registrations
from ledger.outbox.tables import Operation, ReceiptSigning
from ledger.proofs.receipt import verify_receipt
from ledger.proofs.receipt_tree import Given
from ledger.types import Hash32
from tests.outbox.asking import has_room, keep_nowhere, prepare

DOMAIN, ORG = sha256(b"domain"), sha256(b"org")
SERVICE = KeystoreSigner(sha256(b"service"))
NOTARY = Notary(DOMAIN, SERVICE)


@pytest.fixture
def engine(either_engine: Engine) -> Engine:
    return either_engine


def register_many(session: Session, count: int, notary: Notary | None = NOTARY) -> list[str]:
    wanted = [prepare(DOMAIN, ORG, secrets.token_hex(6)) for _ in range(count)]
    outcomes = accept_registrations(session, wanted, has_room, keep_nowhere, None, notary)
    return [one.operation for one in outcomes if not isinstance(one, Exception)]


def observe(session: Session, subject: Hash32) -> str:
    accepted = accept_entry(
        session,
        org=ORG,
        subject=subject,
        kind=Kind.OBSERVED,
        payload=Observed(sha256(b"seen")).encode(),
        position=None,
        next_position=4,
        document=None,
        idempotency_key=None,
        request_digest=secrets.token_bytes(32),
        notary=NOTARY,
    )
    return accepted.operation.id


def find(engine: Engine, operations: list[str]) -> dict[str, Given]:
    with reading(engine) as session:
        return find_receipts(session, operations)


@pytest.mark.parametrize("count", [1, 2, 700])
def test_all_that_is_accepted_together_has_one_signature(engine: Engine, count: int) -> None:
    with writing(engine) as session:
        operations = register_many(session, count)
    found = find(engine, operations)
    assert list(found) == operations
    for one in found.values():
        verify_receipt(one.receipt(), SERVICE.address)
    with reading(engine) as session:
        assert session.exec(select(func.count(col(ReceiptSigning.id)))).one() == 1


def test_a_predicted_position_that_changes_leaves_the_receipt_as_it_was(engine: Engine) -> None:
    with writing(engine) as session:
        operation = observe(session, sha256(b"asset"))
    before = find(engine, [operation])[operation].receipt()
    with writing(engine) as session:
        session.connection().execute(update(Operation).values(position=9, state="sent"))
    assert find(engine, [operation])[operation].receipt() == before
    promise = before.promise
    assert (promise.position, promise.position_fixed) == (4, False)
    verify_receipt(before, SERVICE.address)


def test_without_a_notary_nothing_is_promised(engine: Engine) -> None:
    with writing(engine) as session:
        operations = register_many(session, 2, None)
    assert find(engine, operations) == {}


def test_what_cannot_be_signed_is_not_accepted(engine: Engine) -> None:
    """A promise that nobody signed must not be kept: the client would have nothing in hand."""

    class Broken(KeystoreSigner):
        def sign_message(self, message: bytes) -> Signature:
            raise RuntimeError(f"no signature of {len(message)} bytes")

    notary = Notary(DOMAIN, Broken(sha256(b"broken")))
    with pytest.raises(RuntimeError), writing(engine) as session:
        register_many(session, 2, notary)
    with reading(engine) as session:
        assert session.exec(select(Operation)).all() == []
