"""Hex is read strictly and written one way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import MalformedValue
from ledger.types import AssetKind, Party, Stage, parse_address, parse_hash, parse_hex, to_hex


@given(st.binary(max_size=80))
def test_hex_comes_back(value: bytes) -> None:
    assert parse_hex(to_hex(value)) == value
    assert parse_hex("0x" + value.hex().upper()) == value


@given(st.text(max_size=12) | st.text("0123456789abcdefxX _\n٣", max_size=12))
def test_what_is_read_is_hex_and_nothing_else(text: str) -> None:
    try:
        value = parse_hex(text)
    except MalformedValue:
        return
    assert to_hex(value) == text.lower()


@pytest.mark.parametrize(
    "text",
    ["", "0", "0X00", "00", "0x0", "0x0g", "0x 0", "0x0 ", "0x00\n", "0x٣٣", b"0x00", None, 0],
)
def test_anything_else_is_named(text: object) -> None:
    with pytest.raises(MalformedValue, match=r"^subject: ") as caught:
        parse_hex(text, field="subject")
    assert caught.value.fields["field"] == "subject"


def test_sizes_are_exact() -> None:
    assert parse_hash("0x" + "00" * 32) == bytes(32)
    assert parse_address("0x" + "Ab" * 20) == b"\xab" * 20
    for size in (0, 31, 33):
        with pytest.raises(MalformedValue, match="64 hex digits"):
            parse_hash("0x" + "00" * size)
    for size in (0, 19, 21, 32):
        with pytest.raises(MalformedValue, match="40 hex digits"):
            parse_address("0x" + "00" * size)


def test_a_long_value_is_shortened_when_told() -> None:
    with pytest.raises(MalformedValue) as caught:
        parse_hash("0x" + "00" * 10_000)
    assert len(str(caught.value)) < 200


def test_kinds_of_assets_have_their_words() -> None:
    assert [kind.label for kind in AssetKind] == ["type", "instance", "batch", "role"]


def test_stages_and_parties_are_numbered_from_zero_in_the_contract_s_order() -> None:
    assert [stage.label for stage in Stage] == [
        "planned",
        "commissioned",
        "in_service",
        "maintenance",
        "decommissioned",
        "retired",
    ]
    assert [party.label for party in Party] == ["owner", "custodian", "operator", "lien_holder"]
    assert [*map(int, Stage)] == [*range(6)]
    assert [*map(int, Party)] == [*range(4)]
