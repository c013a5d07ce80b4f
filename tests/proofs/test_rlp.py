"""RLP is read strictly: every value has one encoding, and only that one is read."""

from __future__ import annotations

from contextlib import suppress

import pytest
import rlp
from hypothesis import given
from hypothesis import strategies as st

from ledger.proofs.rlp import (
    Item,
    RlpError,
    decode,
    decode_hash,
    decode_list,
    decode_number,
    encode,
    encode_number,
)

items = st.recursive(
    st.binary(max_size=80), lambda inner: st.lists(inner, max_size=20), max_leaves=40
)


@given(items)
def test_writes_what_another_implementation_writes_and_reads_it_back(item: Item) -> None:
    raw = encode(item)
    assert raw == rlp.encode(item)
    assert decode(raw) == item


@given(st.binary(max_size=70))
def test_what_it_reads_is_the_only_spelling(raw: bytes) -> None:
    try:
        item = decode(raw)
    except RlpError:
        return
    assert encode(item) == raw


@given(items, st.data())
def test_a_changed_encoding_is_another_value_or_none(item: Item, data: st.DataObject) -> None:
    raw = bytearray(encode(item))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    with suppress(RlpError):
        assert decode(bytes(raw)) != item


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", "missing"),
        ("8100", "not written as itself"),
        ("817f", "not written as itself"),
        ("83aabb", "beyond its end"),
        ("8080", "left over"),
        ("c3aa", "beyond its end"),
        ("c28280", "beyond its end"),
        ("b800", "minimally"),
        ("b837" + "aa" * 55, "minimally"),
        ("b90038" + "aa" * 56, "minimally"),
        ("b9", "minimally"),
        ("bf" + "ff" * 8, "beyond its end"),
        ("f800", "minimally"),
        ("ff" + "ff" * 8, "beyond its end"),
    ],
)
def test_names_what_is_wrong(raw: str, reason: str) -> None:
    with pytest.raises(RlpError, match=reason):
        decode(bytes.fromhex(raw))


def test_lists_nest_only_so_deep() -> None:
    deep: Item = b""
    for _ in range(40):
        deep = [deep]
    with pytest.raises(RlpError, match="nest deeper"):
        decode(encode(deep))
    with pytest.raises(RlpError):
        decode(b"\xc1" * 5000 + b"\xc0")


@given(st.integers(0, 2**64 - 1))
def test_numbers_are_minimal(number: int) -> None:
    assert decode_number(encode_number(number), 8) == number


@pytest.mark.parametrize("item", [b"\0", b"\0\1", b"\1" * 9, [], [b"\1"]])
def test_a_number_with_leading_zeros_or_too_long_is_none(item: Item) -> None:
    with pytest.raises(RlpError):
        decode_number(item, 8)


def test_a_list_is_no_string_and_a_hash_is_32_bytes() -> None:
    with pytest.raises(RlpError):
        decode_list(b"\x80")
    wrong: list[Item] = [b"", b"\1" * 31, b"\1" * 33, [b"\1" * 32]]
    for item in wrong:
        with pytest.raises(RlpError):
            decode_hash(item)
