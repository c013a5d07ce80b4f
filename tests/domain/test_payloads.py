"""Every kind's payload has one encoding, Solidity's, and only that one is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.kinds import BIRTHS, CONSEQUENCES, GOVERNANCE, Kind
from ledger.domain.payloads import (
    PAYLOADS,
    BadPayload,
    Corrected,
    Enrolled,
    Erased,
    Payload,
    Registered,
    Transferred,
    decode_payload,
)
from ledger.errors import MalformedValue
from ledger.types import AssetKind
from tests.domain.examples import payloads_of, solidity


def test_every_kind_has_a_payload_and_a_place() -> None:
    assert set(PAYLOADS) == set(Kind)
    assert not BIRTHS & CONSEQUENCES
    assert not GOVERNANCE & CONSEQUENCES
    assert {Kind.ENROLLED} == GOVERNANCE & BIRTHS


@given(payloads_of())
def test_a_payload_is_encoded_as_solidity_does_and_comes_back(payload: Payload) -> None:
    assert payload.encode() == solidity(payload)
    assert decode_payload(payload.KIND, payload.encode()) == payload


@given(st.sampled_from(Kind), st.binary(max_size=200))
def test_what_is_read_has_no_other_spelling(kind: Kind, raw: bytes) -> None:
    try:
        payload = decode_payload(kind, raw)
    except BadPayload:
        return
    assert payload.encode() == raw


@given(payloads_of(), st.data())
def test_a_changed_payload_is_another_or_none(payload: Payload, data: st.DataObject) -> None:
    raw = bytearray(payload.encode())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        found = decode_payload(payload.KIND, bytes(raw))
    except BadPayload:
        return
    assert found != payload
    assert found.encode() == bytes(raw)


@given(payloads_of(), st.binary(min_size=1, max_size=40))
def test_bytes_too_many_or_too_few_are_refused(payload: Payload, more: bytes) -> None:
    raw = payload.encode()
    for wrong in (raw + more, raw + bytes(32), raw[:-1], raw[:-32], b""):
        with pytest.raises(BadPayload):
            decode_payload(payload.KIND, wrong)


WORD = 32 * b"\x11"


def word(number: int) -> bytes:
    return number.to_bytes(32, "big")


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        (Kind.ACCOUNT_ADDED, b"\1" + bytes(31)),
        (Kind.REGISTERED, WORD * 3 + word(4)),
        (Kind.REGISTERED, WORD * 3 + word(256)),
        (Kind.BATCH_REGISTERED, WORD * 3 + word(0) + WORD),
        (Kind.BATCH_REGISTERED, WORD * 3 + word(2**24) + WORD),
        (Kind.CORRECTED, word(2**64) + WORD),
        (Kind.STAGED, word(6)),
        (Kind.OFFERED, word(4) + WORD + word(0)),
        (Kind.ACCEPTED, word(256)),
        (Kind.LISTED, WORD * 3 + word(2**64) + WORD + word(0)),
        (Kind.ENROLLED, Enrolled("did:web:a").encode()[:64] + b"\xff" * 32 + bytes(32)),
        (Kind.ENROLLED, bytes(32) + Enrolled("did:web:a").encode()[32:]),
        (Kind.ENROLLED, Enrolled("did:web:a").encode()[:-1] + b"\1"),
        (Kind.ENROLLED, Enrolled("abc").encode().replace(b"abc", b"a\xffc")),
        (Kind.ERASED, word(32) * 2 + word(0)),
        (Kind.ERASED, word(32) * 2 + word(2) + WORD),
        (Kind.ERASED, word(32) * 2 + word(2) + WORD + b"\1"),
        (Kind.ERASED, word(32) + word(64) + word(1) + WORD),
    ],
)
def test_dirty_bits_wrong_offsets_and_bad_text_are_refused(kind: Kind, raw: bytes) -> None:
    with pytest.raises(BadPayload, match=kind.label):
        decode_payload(kind, raw)


@pytest.mark.parametrize(
    "payload",
    [
        Transferred(bytes(31)),
        Transferred(bytes(33)),
        Erased(()),
        Erased((WORD, bytes(31))),
        Corrected(-1, WORD),
        Corrected(2**64, WORD),
        Registered(WORD, WORD, WORD, 4),  # type: ignore[arg-type]
    ],
)
def test_what_its_struct_cannot_hold_is_not_written(payload: Payload) -> None:
    with pytest.raises(MalformedValue):
        payload.encode()


@pytest.mark.parametrize("kind", [0, 8, 31, 52, 67, 84, 65535])
def test_an_unknown_kind_is_named(kind: int) -> None:
    with pytest.raises(MalformedValue, match=f"^kind: {kind}"):
        decode_payload(kind, b"")


def test_payloads_match_by_position() -> None:
    match Corrected(3, WORD):
        case Corrected(corrects, content_hash):
            assert (corrects, content_hash) == (3, WORD)
    match decode_payload(Kind.ERASED, Erased((WORD, bytes(32))).encode()):
        case Erased((first, *_)):
            assert first == WORD
    match Registered(WORD, WORD, WORD, AssetKind.ROLE):
        case Registered(asset_kind=asset_kind):
            assert asset_kind is AssetKind.ROLE
