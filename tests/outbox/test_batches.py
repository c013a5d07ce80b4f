"""A batch becomes one operation, however often it is sent; rejected, it is asked for anew."""

from __future__ import annotations

from threading import Event, Thread

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from ledger.database.engine import reading, writing
from ledger.documents.batch_files import About
from ledger.domain.kinds import Kind
from ledger.domain.payloads import BatchRegistered
from ledger.hashing import sha256, subject_id
from ledger.outbox.batches import (
    SentBatch,
    accept_batch,
    count_serials,
    find_serials,
    is_standing,
    list_standing,
    lock_serials,
    newest_sequence,
    serials_since,
    walk_serials,
)
from ledger.outbox.interventions import Superseded, retry
from ledger.outbox.once import Accepted, Asked
from ledger.outbox.operations import SentDocument, find_operation
from ledger.outbox.tables import BatchRegistration, Document, State
from ledger.types import ZERO_HASH, Hash32
from tests.outbox.asking import NOWHERE, organisation_of, register

DOMAIN = b"\x01" * 32
ORG = organisation_of(DOMAIN, "did:web:gears.example")
OTHER = organisation_of(DOMAIN, "did:web:wheels.example")
DIGEST = sha256(b"lines")


@pytest.fixture
def engine(either_engine: Engine) -> Engine:
    return either_engine


def send(session: Session, root: str, *, digest: Hash32 = DIGEST, org: Hash32 = ORG) -> Accepted:
    """Ask for a batch; its root is random, as salted commitments are."""
    manifest = sha256(root.encode())
    payload = BatchRegistered(org, ZERO_HASH, sha256(manifest), 7, manifest).encode()
    sent = SentBatch(
        subject=subject_id(DOMAIN, Kind.BATCH_REGISTERED, org, payload),
        payload=payload,
        size=7,
        digest=digest,
        name=None,
        manifest=SentDocument(manifest, 99, NOWHERE),
    )
    return accept_batch(session, sent, Asked(org, None, digest))


def reject(session: Session, operation: str) -> None:
    found = find_operation(session, operation)
    assert found is not None
    found.state = State.REJECTED
    session.add(found)


def test_the_same_lines_give_the_first_operation(engine: Engine) -> None:
    with writing(engine) as session:
        first = send(session, "one").operation.id
    with writing(engine) as session:
        again = send(session, "two")
        assert again.existing
        assert again.operation.id == first
        assert len(session.exec(select(BatchRegistration)).all()) == 1
        assert len(session.exec(select(Document)).all()) == 1
        assert is_standing(session, ORG, DIGEST)
        assert not is_standing(session, OTHER, DIGEST)


def test_other_lines_and_other_organisations_have_batches_of_their_own(engine: Engine) -> None:
    with writing(engine) as session:
        sent = [
            send(session, "one"),
            send(session, "two", digest=sha256(b"other lines")),
            send(session, "three", org=OTHER),
        ]
        assert not any(each.existing for each in sent)
        assert len(list_standing(session)) == 3
        assert len(list_standing(session, ORG)) == 2


def test_a_rejected_batch_is_asked_for_anew_with_its_first_lines(engine: Engine) -> None:
    with writing(engine) as session:
        first = send(session, "one").operation
        id, subject, payload = first.id, first.subject, first.payload
        reject(session, id)
    with writing(engine) as session:
        assert list_standing(session, ORG) == []
        again = send(session, "two")
        assert not again.existing
        assert again.operation.id != id
        assert (again.operation.subject, again.operation.payload) == (subject, payload)
        [standing] = list_standing(session, ORG)
        assert standing.operation == again.operation.id
    with writing(engine) as session:
        old = find_operation(session, id)
        assert old is not None
        with pytest.raises(Superseded):
            retry(session, old, None)


def test_serials_given_one_by_one_are_found_from_both_sides(engine: Engine) -> None:
    with writing(engine) as session:
        assets = {
            serial: register(session, DOMAIN, ORG, serial).operation.subject
            for serial in ("a", "b", "c")
        }
        register(session, DOMAIN, OTHER, "d")
        gone = register(session, DOMAIN, ORG, "rejected").operation.id
        reject(session, gone)
    with reading(engine) as session:
        assert dict(walk_serials(session, ORG)) == assets
        asked = find_serials(session, ORG, iter(["c", "d", "rejected", "x"]))
        assert dict(asked) == {"c": assets["c"]}
        assert dict(serials_since(session, ORG, newest_sequence(session))) == assets
        assert count_serials(session, ORG, 2) == 2


def test_a_batch_waits_for_the_registrations_under_way_and_sees_them(engine: Engine) -> None:
    """And not the other way round: neither gives a serial that the other is about to give."""
    found: list[tuple[str, Hash32]] = []
    locked = Event()

    def send_batch() -> None:
        locked.wait(20)
        with writing(engine) as session:
            lock_serials(session, ORG, whole=True)
            found.extend(serials_since(session, ORG, 0))

    batch = Thread(target=send_batch)
    batch.start()
    with writing(engine) as session:
        lock_serials(session, ORG, whole=False)
        locked.set()
        batch.join(0.3)  # time enough to go past the lock, were there none
        register(session, DOMAIN, ORG, "late")
    batch.join(20)
    assert [serial for serial, _ in found] == ["late"]


def test_what_is_known_of_lines_is_read_as_it_was_written() -> None:
    about = About(7, b"\x01" * 32, b"\x02" * 32, 1234, b"\x03" * 32)
    assert About.decode(about.encode()) == about
