"""An organisation is what its entries make of it: its name, its accounts, whether it may act."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.entries import Appended
from ledger.domain.kinds import Kind
from ledger.domain.organisation import Organisation, fold_organisation
from ledger.domain.payloads import (
    AccountAdded,
    AccountRemoved,
    Enrolled,
    Payload,
    Reinstated,
    Revised,
    Suspended,
)
from ledger.errors import VerificationError
from ledger.hashing import next_head
from tests.domain.examples import hashes, payloads_of

accounts = st.integers(1, 4).map(lambda n: bytes([n]) * 20)
acts: st.SearchStrategy[Payload] = st.one_of(
    st.builds(AccountAdded, accounts),
    st.builds(AccountRemoved, accounts),
    st.builds(Suspended, hashes),
    st.builds(Reinstated, hashes),
    payloads_of(Kind.CREDENTIAL_ISSUED, Kind.CREDENTIAL_REVOKED),
)
SUBJECT = bytes(range(32))


@st.composite
def histories(draw: st.DrawFn) -> list[Appended]:
    payloads = [Enrolled("did:web:a.example"), *draw(st.lists(acts, max_size=8))]
    return [
        Appended(SUBJECT, draw(hashes), one.KIND, position, one.encode(), b"\7" * 20, 10 * position)
        for position, one in enumerate(payloads)
    ]


def fold(history: list[Appended]) -> Organisation:
    organisation = None
    for entry in history:
        organisation = fold_organisation(organisation, entry)
    assert organisation is not None
    return organisation


@given(histories())
def test_is_what_its_entries_say(history: list[Appended]) -> None:
    organisation = fold(history)
    held: set[bytes] = set()
    active = True
    for entry in history[1:]:
        match entry.kind:
            case Kind.ACCOUNT_ADDED:
                held.add(entry.payload[12:])
            case Kind.ACCOUNT_REMOVED:
                held.discard(entry.payload[12:])
            case Kind.SUSPENDED | Kind.REINSTATED:
                active = entry.kind is Kind.REINSTATED
            case _:
                continue
    assert organisation.accounts == held
    assert organisation.active == active
    assert organisation.did == "did:web:a.example"
    assert (organisation.count, organisation.opened_at) == (len(history), 0)
    assert organisation.address == SUBJECT[12:]


@given(histories())
def test_its_head_is_folded_from_its_id(history: list[Appended]) -> None:
    head = SUBJECT
    for e in history[1:]:
        head = next_head(head, e.position, e.kind, e.org, e.actor, e.timestamp, e.payload)
    assert fold(history).head == head


@given(histories(), st.integers(-3, 3).filter(bool))
def test_only_the_next_entry_is_taken(history: list[Appended], off: int) -> None:
    organisation = fold(history)
    entry = replace(
        history[-1],
        kind=Kind.SUSPENDED,
        payload=bytes(32),
        position=organisation.count + off,
    )
    with pytest.raises(VerificationError):
        fold_organisation(organisation, entry)
    with pytest.raises(VerificationError):
        fold_organisation(organisation, replace(entry, position=organisation.count, subject=b""))


def test_it_is_born_once_and_by_enrolment() -> None:
    birth = Appended(SUBJECT, bytes(32), Kind.ENROLLED, 0, Enrolled("a").encode(), bytes(20), 0)
    organisation = fold([birth])
    with pytest.raises(VerificationError, match="cannot stand"):
        fold_organisation(organisation, replace(birth, position=1))
    with pytest.raises(VerificationError, match="cannot stand"):
        fold_organisation(None, replace(birth, position=1))
    with pytest.raises(VerificationError, match="cannot stand"):
        fold_organisation(None, replace(birth, kind=Kind.SUSPENDED, payload=bytes(32)))
    revised = replace(birth, position=1, kind=Kind.REVISED, payload=Revised(bytes(32)).encode())
    with pytest.raises(VerificationError, match="cannot stand"):
        fold_organisation(organisation, revised)
