"""Every kind's payload has one encoding, Solidity's, and only that one is read."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.kinds import BIRTHS, GOVERNANCE, Kind
from ledger.domain.payloads import (
    PAYLOADS,
    BadPayload,
    Corrected,
    Enrolled,
    Payload,
    Registered,
    decode_payload,
)
from ledger.errors import MalformedValue
from ledger.types import AssetKind

ARTIFACT = Path(__file__).parents[2] / "contracts/artifacts/IPayloads.json"

hashes = st.binary(min_size=32, max_size=32)
addresses = st.binary(min_size=20, max_size=20)
_BY_TYPE: dict[str, st.SearchStrategy[Any]] = {
    "bytes32": hashes,
    "address": addresses,
    "uint64": st.integers(0, 2**64 - 1),
    "uint8": st.sampled_from(AssetKind),
    "string": st.text(st.characters(codec="utf-8"), max_size=80),
}


def structs() -> dict[str, list[tuple[str, str]]]:
    """Each kind's struct as the compiler has it: (field, type) by the kind's name."""
    abi = json.loads(ARTIFACT.read_text())["abi"]
    return {
        one["name"]: [(part["name"], part["type"]) for part in one["inputs"][0]["components"]]
        for one in abi
        if one["type"] == "function"
    }


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


STRUCTS = structs()


def solidity(payload: Payload) -> bytes:
    """The payload as `abi.encode` of its struct writes it."""
    parts = STRUCTS[camel(payload.KIND.label)]
    values = [getattr(payload, field.name) for field in fields(payload)]
    return encode([f"({','.join(kind for _, kind in parts)})"], [tuple(values)])


payloads: st.SearchStrategy[Payload] = st.one_of(
    *(
        st.builds(PAYLOADS[kind], *(_BY_TYPE[type_] for _, type_ in STRUCTS[camel(kind.label)]))
        for kind in Kind
    )
)


def test_kinds_and_their_structs_are_the_contract_s() -> None:
    assert set(STRUCTS) == {camel(kind.label) for kind in Kind}
    for kind, payload in PAYLOADS.items():
        ours = [camel(field.name) for field in fields(payload)]
        assert ours == [name for name, _ in STRUCTS[camel(kind.label)]]


def test_numbers_of_kinds_are_fixed_for_ever() -> None:
    assert {kind.label: int(kind) for kind in Kind} == {
        "enrolled": 1,
        "suspended": 2,
        "reinstated": 3,
        "account_added": 4,
        "account_removed": 5,
        "registered": 32,
        "revised": 33,
        "observed": 34,
        "corrected": 35,
        "transferred": 36,
        "frozen": 48,
        "unfrozen": 49,
    }
    assert {Kind.ENROLLED, Kind.REGISTERED} == BIRTHS
    assert Kind.ACCOUNT_ADDED not in GOVERNANCE


@given(payloads)
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


@given(payloads, st.data())
def test_a_changed_payload_is_another_or_none(payload: Payload, data: st.DataObject) -> None:
    raw = bytearray(payload.encode())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        found = decode_payload(payload.KIND, bytes(raw))
    except BadPayload:
        return
    assert found != payload
    assert found.encode() == bytes(raw)


@given(payloads, st.binary(min_size=1, max_size=40))
def test_bytes_too_many_or_too_few_are_refused(payload: Payload, more: bytes) -> None:
    raw = payload.encode()
    for wrong in (raw + more, raw + bytes(32), raw[:-1], raw[:-32], b""):
        with pytest.raises(BadPayload):
            decode_payload(payload.KIND, wrong)


WORD = 32 * b"\x11"


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        (Kind.ACCOUNT_ADDED, b"\1" + bytes(31)),
        (Kind.REGISTERED, WORD * 3 + (4).to_bytes(32, "big")),
        (Kind.REGISTERED, WORD * 3 + (256).to_bytes(32, "big")),
        (Kind.CORRECTED, (2**64).to_bytes(32, "big") + WORD),
        (Kind.ENROLLED, Enrolled("did:web:a").encode()[:64] + b"\xff" * 32 + bytes(32)),
        (Kind.ENROLLED, bytes(32) + Enrolled("did:web:a").encode()[32:]),
        (Kind.ENROLLED, Enrolled("did:web:a").encode()[:-1] + b"\1"),
        (Kind.ENROLLED, Enrolled("abc").encode().replace(b"abc", b"a\xffc")),
    ],
)
def test_dirty_bits_wrong_offsets_and_bad_text_are_refused(kind: Kind, raw: bytes) -> None:
    with pytest.raises(BadPayload, match=kind.label):
        decode_payload(kind, raw)


@pytest.mark.parametrize("kind", [0, 6, 31, 37, 50, 65535])
def test_an_unknown_kind_is_named(kind: int) -> None:
    with pytest.raises(MalformedValue, match=f"^kind: {kind}"):
        decode_payload(kind, b"")


def test_payloads_match_by_position() -> None:
    match Corrected(3, WORD):
        case Corrected(corrects, content_hash):
            assert (corrects, content_hash) == (3, WORD)
    match Registered(WORD, WORD, WORD, AssetKind.ROLE):
        case Registered(asset_kind=asset_kind):
            assert asset_kind is AssetKind.ROLE
