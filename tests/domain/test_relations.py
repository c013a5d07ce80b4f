"""What entries open and close, told of one entry at a time and of many in a row."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.kinds import Kind
from ledger.domain.open_relations import OpenRelations
from ledger.domain.payloads import (
    Accepted,
    AccountAdded,
    AccountRemoved,
    AttestationRevoked,
    Attested,
    BatchRegistered,
    CredentialIssued,
    CredentialRevoked,
    Delisted,
    Dismounted,
    Listed,
    Mounted,
    Offered,
    PartAdded,
    PartRemoved,
    Payload,
    Registered,
    Released,
    TitleForced,
    Transferred,
    Withdrawn,
    WorldClosed,
)
from ledger.domain.relations import (
    AccountOf,
    Change,
    Claim,
    Closed,
    Holding,
    Listing,
    Offer,
    Opened,
    PartOf,
    Relation,
    changes,
)
from ledger.types import ZERO_HASH, AssetKind, Party
from tests.domain.examples import payloads_of, told

A, ORG, TO, B, DOC, WORLD = (bytes([n]) * 32 for n in range(1, 7))
ACCOUNT = b"\x09" * 20
OWNER, KEEPER = Party.OWNER, Party.CUSTODIAN


def closed(relation: type[Relation], **key: bytes | Party | int) -> Closed:
    return Closed(relation, tuple(key.items()))


def title(to: bytes) -> tuple[Change, ...]:
    return (
        closed(Holding, asset=A, party=OWNER),
        closed(Offer, asset=A),
        Opened(Holding(A, OWNER, to)),
    )


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (Registered(TO, B, DOC, AssetKind.ROLE), (Opened(Holding(A, OWNER, TO)),)),
        (BatchRegistered(TO, B, DOC, 9, DOC), ()),
        (Transferred(TO), title(TO)),
        (TitleForced(TO, DOC), title(TO)),
        (Accepted(OWNER), title(ORG)),
        (
            Accepted(KEEPER),
            (
                closed(Holding, asset=A, party=KEEPER),
                closed(Offer, asset=A, party=KEEPER),
                Opened(Holding(A, KEEPER, ORG)),
            ),
        ),
        (
            Released(KEEPER),
            (closed(Holding, asset=A, party=KEEPER), closed(Offer, asset=A, party=KEEPER)),
        ),
        (
            Offered(KEEPER, TO, 7),
            (closed(Offer, asset=A, party=KEEPER), Opened(Offer(A, KEEPER, TO, 7))),
        ),
        (Withdrawn(KEEPER), (closed(Offer, asset=A, party=KEEPER),)),
        (AccountAdded(ACCOUNT), (Opened(AccountOf(A, ACCOUNT)),)),
        (AccountRemoved(ACCOUNT), (closed(AccountOf, org=A, account=ACCOUNT),)),
        (Mounted(B), (Opened(PartOf(A, B)),)),
        (Dismounted(B), (closed(PartOf, part=A),)),
        (PartAdded(B), ()),
        (PartRemoved(B), ()),
        (Attested(B, DOC, 7), (Opened(Claim(A, 3, ORG, B, DOC, 7)),)),
        (CredentialIssued(B, DOC, 0), (Opened(Claim(A, 3, ORG, B, DOC, 0)),)),
        (AttestationRevoked(2, B), (closed(Claim, subject=A, position=2),)),
        (CredentialRevoked(2, B), (closed(Claim, subject=A, position=2),)),
        (
            Listed(WORLD, B, DOC, 7, TO, 5),
            (
                closed(Listing, asset=A, world=WORLD),
                Opened(Listing(A, WORLD, ORG, B, DOC, 7, TO, 5)),
            ),
        ),
        (Delisted(WORLD), (closed(Listing, asset=A, world=WORLD),)),
        (WorldClosed(DOC), (closed(Listing, world=A),)),
    ],
    ids=lambda one: type(one).__name__ if hasattr(one, "KIND") else "",
)
def test_each_kind_opens_and_closes(payload: Payload, expected: tuple[Change, ...]) -> None:
    assert changes(told(A, 3, payload, ORG)) == expected


# -- many in a row -----------------------------------------------------------------------------

_FEW = st.sampled_from([A, B, ZERO_HASH])
_PARTIES = st.sampled_from(Party)
acts = st.one_of(
    st.builds(Transferred, _FEW),
    st.builds(Offered, _PARTIES, _FEW, st.integers(0, 3)),
    st.builds(Accepted, _PARTIES),
    st.builds(Released, _PARTIES),
    st.builds(Listed, _FEW, _FEW, _FEW, st.just(0), _FEW, st.just(0)),
    st.builds(WorldClosed, _FEW),
    payloads_of(Kind.ATTESTED, Kind.WITHDRAWN),
)


def plain(relations: list[Relation], change: Change) -> list[Relation]:
    """As it is said: what opens is added, what a key fits is gone."""
    match change:
        case Opened(relation):
            return [*relations, relation]
        case Closed(of, key):
            wanted = dict(key).items()
            return [
                one
                for one in relations
                if not (
                    type(one) is of and all(getattr(one, name) == value for name, value in wanted)
                )
            ]


def ordered(relations: Iterator[Relation] | list[Relation]) -> list[str]:
    return sorted(map(repr, relations))


@given(st.lists(st.tuples(_FEW, acts), max_size=20))
def test_what_is_open_is_what_was_opened_and_not_closed(
    told_of: list[tuple[bytes, Payload]],
) -> None:
    held, expected = OpenRelations(), list[Relation]()
    for position, (subject, payload) in enumerate(told_of):
        entry = told(subject, position, payload, ORG)
        held.apply(changes(entry))
        for change in changes(entry):
            expected = plain(expected, change)
    assert ordered(iter(held)) == ordered(expected)
    for one in expected:
        assert held.find(type(one), *[getattr(one, name) for name in one.KEY]) == one
    assert held.find(PartOf, A) is None
