"""Entries that are accepted together have each an outcome of its own, as if they came in turn."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, func, select

from ledger.database.engine import writing
from ledger.domain.kinds import Kind
from ledger.domain.payloads import Mounted, Observed
from ledger.hashing import keccak
from ledger.outbox.appending import AcceptedEntry, Appending, Outcome, accept_entries
from ledger.outbox.conflicts import IdempotencyConflict, WrittenByTheLedger, WrongPosition
from ledger.outbox.once import Asked
from ledger.outbox.operations import SentDocument
from ledger.outbox.tables import Document, Operation, Request
from ledger.types import Hash32
from tests.outbox.asking import NOWHERE, organisation_of

ORG = organisation_of(b"\x01" * 32, "did:web:together.example")


@pytest.fixture
def engine(shared_engine: Engine) -> Engine:
    return shared_engine


def subject_of(test: str, name: str = "") -> Hash32:
    return keccak(f"{test} {name}".encode())


def observing(subject: Hash32, key: str | None = None, **more: Any) -> Appending:
    """Something that is said of a subject, with a document of its own."""
    content_hash = secrets.token_bytes(32)
    return Appending(
        asked=Asked(ORG, key, more.pop("digest", content_hash)),
        subject=subject,
        kind=Kind.OBSERVED,
        payload=Observed(content_hash).encode(),
        document=SentDocument(content_hash, 10, NOWHERE),
        **more,
    )


def mounting(part: Hash32, parent: Hash32) -> Appending:
    asked = Asked(ORG, None, secrets.token_bytes(32))
    return Appending(asked, part, Kind.MOUNTED, Mounted(parent).encode(), following=1)


def accept(engine: Engine, wanted: Sequence[Appending]) -> list[Outcome]:
    with writing(engine) as session:
        return accept_entries(session, wanted)


def positions(outcomes: Sequence[Outcome]) -> list[int]:
    assert all(isinstance(one, AcceptedEntry) for one in outcomes), outcomes
    return [one.position for one in outcomes if isinstance(one, AcceptedEntry)]


def test_what_cannot_be_accepted_hinders_none_beside_it(engine: Engine) -> None:
    one, other = subject_of("hinders", "one"), subject_of("hinders", "other")
    echo = Asked(ORG, None, bytes(32))
    outcomes = accept(
        engine,
        [
            observing(one, following=4),
            observing(one, position=4, following=4),
            Appending(echo, other, Kind.PART_ADDED, bytes(32)),
            observing(other, position=1, following=1),
            observing(one, position=5, following=4),
        ],
    )
    assert [type(outcome) for outcome in outcomes] == [
        *(AcceptedEntry, WrongPosition, WrittenByTheLedger, AcceptedEntry, AcceptedEntry)
    ]
    assert positions([outcomes[place] for place in (0, 3, 4)]) == [4, 1, 5]
    with Session(engine) as session:
        mine = col(Operation.subject).in_([one, other])
        written = session.exec(select(Operation).where(mine).order_by(col(Operation.sequence)))
        assert [(row.subject, row.position) for row in written] == [(one, 4), (other, 1), (one, 5)]
        kept = select(func.count()).where(col(Document.subject).in_([one, other]))
        assert session.exec(kept).one() == 3


def test_a_key_that_comes_twice_together_has_one_effect(engine: Engine) -> None:
    subject, key = subject_of("twice"), secrets.token_hex(8)
    same = observing(subject, key, following=1)
    first, again, other = accept(engine, [same, same, observing(subject, key, following=1)])
    assert isinstance(first, AcceptedEntry)
    assert isinstance(again, AcceptedEntry)
    assert (first.existing, again.existing) == (False, True)
    assert first.operation == again.operation
    assert isinstance(other, IdempotencyConflict)
    [later] = accept(engine, [same])
    assert later == again
    with Session(engine) as session:
        count = select(func.count()).where(col(Operation.subject) == subject)
        assert session.exec(count).one() == 1


def test_a_key_of_what_became_no_operation_stands_for_nothing_else(engine: Engine) -> None:
    key = secrets.token_hex(8)
    with writing(engine) as session:
        row = Request(org=ORG, key=key, digest=b"\x07" * 32, operation="", created_at=0)
        session.add(row)
    for digest in (b"\x07" * 32, b"\x08" * 32):
        [outcome] = accept(engine, [observing(subject_of("bulk"), key, digest=digest)])
        assert isinstance(outcome, IdempotencyConflict)


def test_what_is_mounted_together_with_more_takes_positions_of_the_parent(engine: Engine) -> None:
    part, parent = subject_of("mounted", "part"), subject_of("mounted", "parent")
    together = [
        observing(parent, following=1),
        mounting(part, parent),
        observing(parent, following=1),
        mounting(subject_of("mounted", "another"), parent),
        observing(part, following=1),
    ]
    assert positions(accept(engine, together)) == [1, 1, 3, 1, 2]
    assert positions(accept(engine, [observing(parent, following=1)])) == [5]


def test_groups_of_the_same_subjects_and_keys_take_turns_whatever_their_order(
    engine: Engine,
) -> None:
    subjects = [subject_of("turns", str(number)) for number in range(6)]
    shared = [secrets.token_hex(8) for _ in range(6)]

    def write(number: int) -> list[Outcome]:
        step = -1 if number % 2 else 1
        fresh = [observing(one, following=1) for one in subjects[::step]]
        keyed = [
            observing(one, key, following=1, digest=one)
            for one, key in zip(subjects[::step], shared[::step], strict=True)
        ]
        return accept(engine, fresh + keyed)

    with ThreadPoolExecutor(6) as pool:
        outcomes = [one for some in pool.map(write, range(18)) for one in some]
    assert len(positions(outcomes)) == 18 * 12
    with Session(engine) as session:
        for subject in subjects:
            asked = select(Operation.position).where(col(Operation.subject) == subject)
            assert sorted(session.exec(asked)) == list(range(1, 20))
