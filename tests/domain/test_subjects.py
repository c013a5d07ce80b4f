"""Each birth begins a subject of its class, and nothing else begins one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.asset import Asset
from ledger.domain.batch import Batch
from ledger.domain.catalogue import Schema, World
from ledger.domain.founding import Founding
from ledger.domain.kinds import BIRTHS, Kind
from ledger.domain.organisation import Organisation
from ledger.domain.payloads import Payload
from ledger.domain.subjects import fold_subject
from ledger.errors import VerificationError
from tests.domain.examples import payloads_of, told

ID = b"\1" * 29 + bytes(3)
BEGINS = {
    Kind.ENROLLED: Organisation,
    Kind.SCHEMA_PUBLISHED: Schema,
    Kind.WORLD_OPENED: World,
    Kind.REGISTERED: Asset,
    Kind.BATCH_REGISTERED: Batch,
    Kind.FOUNDED: Founding,
}
FOLLOWS = {
    Organisation: range(2, 8),
    Schema: (),
    World: (18,),
    Asset: range(34, 67),
    Batch: (),
    Founding: (81, 82, 83),
}


def test_every_birth_has_its_class() -> None:
    assert set(BEGINS) == BIRTHS


@given(payloads_of(*BIRTHS), payloads_of())
def test_only_what_is_about_its_class_follows(birth: Payload, payload: Payload) -> None:
    subject = fold_subject(None, told(ID, 0, birth))
    assert type(subject) is BEGINS[birth.KIND]
    entry = told(ID, 1, payload)
    if payload.KIND in FOLLOWS[type(subject)] and payload.KIND not in BIRTHS:
        try:
            after = fold_subject(subject, entry)
        except VerificationError:
            assert payload.encode() == bytes(32), "only title is never released"
        else:
            assert (type(after), after.count) == (type(subject), 2)
            assert after.head != subject.head
    else:
        with pytest.raises(VerificationError):
            fold_subject(subject, entry)


@given(payloads_of(*(set(Kind) - BIRTHS)), st.integers(0, 1))
def test_nothing_else_begins_a_subject(payload: Payload, position: int) -> None:
    with pytest.raises(VerificationError, match="has not begun"):
        fold_subject(None, told(ID, position, payload))
