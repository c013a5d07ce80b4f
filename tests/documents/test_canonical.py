"""Documents are strict I-JSON, and equal values are written alike (RFC 7493, RFC 8785)."""

from __future__ import annotations

import json
import re
import struct
import sys
import time
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from ledger.documents.canonical import (
    MAX_DEPTH,
    canonical,
    canonical_members,
    join_members,
    load_document,
)
from ledger.errors import DocumentError

characters = st.characters(codec="utf-8").filter(
    lambda c: not (0xFDD0 <= ord(c) <= 0xFDEF or ord(c) & 0xFFFE == 0xFFFE)
)
texts = st.text(characters, max_size=12)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.floats(allow_nan=False, allow_infinity=False).filter(
        lambda number: not 2**53 <= abs(number) < 1e21
    ),
    texts,
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)
documents = st.dictionaries(texts, values, max_size=6)


def refused(raw: bytes) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        load_document(raw)
    assert str(caught.value).startswith("document")
    str(caught.value).encode()
    return caught.value


@given(documents)
def test_the_canonical_form_reads_back_and_is_its_own_canonical_form(value: dict[str, Any]) -> None:
    raw = canonical(value)
    assert load_document(raw) == value
    assert canonical(load_document(raw)) == raw


@given(documents)
def test_spelling_does_not_matter_to_the_canonical_form(value: dict[str, Any]) -> None:
    for spelt in (json.dumps(value), json.dumps(value, indent=3, ensure_ascii=False)):
        assert canonical(load_document(spelt.encode())) == canonical(value)


@pytest.mark.parametrize(
    ("bits", "written"),
    [
        ("0000000000000000", "0"),
        ("8000000000000000", "0"),
        ("0000000000000001", "5e-324"),
        ("8000000000000001", "-5e-324"),
        ("7fefffffffffffff", "1.7976931348623157e+308"),
        ("ffefffffffffffff", "-1.7976931348623157e+308"),
        ("4340000000000000", "9007199254740992"),
        ("c340000000000000", "-9007199254740992"),
        ("4430000000000000", "295147905179352830000"),
        ("44b52d02c7e14af5", "9.999999999999997e+22"),
        ("44b52d02c7e14af6", "1e+23"),
        ("44b52d02c7e14af7", "1.0000000000000001e+23"),
        ("444b1ae4d6e2ef4e", "999999999999999700000"),
        ("444b1ae4d6e2ef4f", "999999999999999900000"),
        ("444b1ae4d6e2ef50", "1e+21"),
        ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
        ("3eb0c6f7a0b5ed8d", "0.000001"),
        ("41b3de4355555553", "333333333.3333332"),
        ("41b3de4355555554", "333333333.33333325"),
        ("41b3de4355555555", "333333333.3333333"),
        ("41b3de4355555556", "333333333.3333334"),
        ("41b3de4355555557", "333333333.33333343"),
        ("becbf647612f3696", "-0.0000033333333333333333"),
        ("43143ff3c1cb0959", "1424953923781206.2"),
    ],
)
def test_numbers_are_written_as_rfc_8785_appendix_b_says(bits: str, written: str) -> None:
    assert canonical(struct.unpack(">d", bytes.fromhex(bits))[0]).decode() == written


@pytest.mark.parametrize("bits", ["7fffffffffffffff", "7ff0000000000000", "fff0000000000000"])
def test_what_is_no_number_cannot_be_written(bits: str) -> None:
    with pytest.raises(DocumentError):
        canonical(struct.unpack(">d", bytes.fromhex(bits))[0])


def test_the_example_of_rfc_8785_section_3_2_2() -> None:
    raw = rb"""{
        "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
        "literals": [null, true, false]
    }"""
    assert canonical(load_document(raw)) == (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'.encode()
    )


def test_names_are_sorted_by_utf_16_as_in_rfc_8785_section_3_2_3() -> None:
    names = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    written = json.loads(canonical(dict.fromkeys(names, "")))
    assert list(written) == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


@pytest.mark.parametrize(
    ("raw", "path", "reason"),
    [
        (b"", "", "line 1"),
        (b"{", "", "line 1"),
        (b'{"a":1}x', "", "Extra data"),
        (b"{'a':1}", "", "line 1"),
        (b'{"a":1,}', "", "line 1"),
        (b'{"a":"\n"}', "", "control character"),
        (b'{"a":01}', "", "line 1"),
        (b'{"a":\xff}', "", "byte 5 is not UTF-8"),
        (b'{"a":"\xed\xa0\x80"}', "", "not UTF-8"),
        (b'{"a":"\xc0\x80"}', "", "not UTF-8"),
        ('{"a":1}'.encode("utf-16"), "", "not UTF-8"),
        (b'\xef\xbb\xbf{"a":1}', "", "byte order mark"),
        (b"[]", "", "must be an object"),
        (b'"a"', "", "must be an object"),
        (b"null", "", "must be an object"),
        (b"NaN", "", "NaN"),
        (b'{"a":1,"b":2,"a":1}', "", "'a' stands twice"),
        (b'{"x":[{},{"a":1,"\\u0061":2}]}', "/x/1", "'a' stands twice"),
        (b'{"a":NaN}', "/a", "NaN"),
        (b'{"a":[0,-Infinity]}', "/a/1", "-Infinity"),
        (b'{"a":9007199254740992}', "/a", "beyond"),
        (b'{"a":-9007199254740992}', "/a", "beyond"),
        (b'{"a":1e16}', "/a", "beyond"),
        (b'{"a":' + b"9" * 100_000 + b"}", "/a", "beyond"),
        (b'{"a":1e400}', "/a", "too large"),
        (b'{"a":-1e400}', "/a", "too large"),
        (b'{"a":1e-400}', "/a", "too small"),
        (b'{"a":"\\ud800"}', "/a", "U\\+D800"),
        (b'{"a":"\\udc00\\ud800"}', "/a", "U\\+DC00"),
        (b'{"a":"\\uffff"}', "/a", "U\\+FFFF"),
        (b'{"a":{"\\ud800":1}}', "/a", "U\\+D800"),
        (b'{"a/b":{"c~d":NaN}}', "/a~1b/c~0d", "NaN"),
        (b'{"\\ud800":{"a":NaN}}', "", "U\\+D800|NaN"),
    ],
)
def test_names_what_is_refused_and_where(raw: bytes, path: str, reason: str) -> None:
    error = refused(raw)
    assert path in str(error)
    if path:
        assert error.fields["path"] == path
    assert re.search(reason, str(error), re.IGNORECASE)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":9007199254740991,"b":-9007199254740991}',
        b'{"a":0e999,"b":-0.0,"c":1E+2,"d":5e-324,"e":1e21}',
        b" \t\r\n{ } \n",
        b'{"a":"\\ud83d\\ude00","":""}',
    ],
)
def test_what_is_at_the_edge_is_accepted(raw: bytes) -> None:
    load_document(raw)


def test_nesting_is_bounded() -> None:
    def nested(levels: int) -> bytes:
        return b'{"a":' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"

    load_document(nested(MAX_DEPTH))
    for levels in (MAX_DEPTH + 1, 5_000, 200_000):
        assert "deeper than 64" in str(refused(nested(levels)))


@pytest.mark.parametrize("unit", [b"[", b'{"a":', b"[[]", b'["]",', b'[{"a":[{"b":'])
def test_nesting_never_reaches_the_parser_s_stack(unit: bytes) -> None:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000_000)
    try:
        assert "deeper than 64" in str(refused(b'{"a":' + unit * 200_000))
    finally:
        sys.setrecursionlimit(before)


@pytest.mark.parametrize("text", ["[" * 100, "]" * 100, '\\"' * 100 + "[" * 100, "\\\\", "{[" * 99])
def test_brackets_in_text_do_not_nest(text: str) -> None:
    load_document(f'{{"a":"{text}","{text}":1}}'.encode())


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":"' + b'\\"' * 500_000,
        b'{"a":"' + b'\\"' * 500_000 + b"\\",
        b'{"a":' + b'"' * 1_000_001,
        b'{"a":[' + b"[]," * 300_000,
        b'{"a":[' + b"]" * 300_000,
    ],
)
def test_text_is_scanned_once(raw: bytes) -> None:
    started = time.process_time()
    refused(raw)
    assert time.process_time() - started < 5


def test_a_hostile_document_costs_no_more_than_its_size() -> None:
    name = b"n" * 1_000_000
    raw = b'{"' + name + b'":[' + b'"x",' * 250_000 + b"NaN]}"
    started = time.process_time()
    assert len(str(refused(raw))) < 500
    assert time.process_time() - started < 2


def test_the_field_that_was_read_is_named() -> None:
    with pytest.raises(DocumentError, match=r"^body/a: NaN"):
        load_document(b'{"a":NaN}', field="body")


@given(st.binary(max_size=60))
def test_bytes_are_a_document_or_a_document_error(raw: bytes) -> None:
    try:
        value = load_document(raw)
    except DocumentError:
        return
    assert load_document(canonical(value)) == value


numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(
    -(2**53) + 1, 2**53 - 1
).map(lambda digits: digits / 10**6)


@given(st.recursive(scalars | numbers, lambda v: st.lists(v) | st.dictionaries(texts, v)))
def test_it_is_written_as_by_the_reference(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@pytest.mark.parametrize("exponent", range(-12, 25))
@pytest.mark.parametrize("digits", ["1", "-1", "1.5", "9.999999999999999", "1.2345678"])
def test_every_size_of_number_is_written_as_by_the_reference(digits: str, exponent: int) -> None:
    number = float(f"{digits}e{exponent}")
    for value in (number, [0, number], {"a": number, "b": 1}):
        assert canonical(value) == rfc8785.dumps(value)


@given(documents)
def test_members_are_the_canonical_form_in_parts(value: dict[str, Any]) -> None:
    assert join_members(canonical_members(value)) == canonical(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53, 10**30, "\ud800"])
@pytest.mark.parametrize("inside", [False, True])
def test_what_has_no_canonical_form_is_refused(value: Any, inside: bool) -> None:
    with pytest.raises(DocumentError):
        canonical({"a": [value]} if inside else value)


@given(documents | st.dictionaries(texts, numbers), st.integers(0, 2), st.booleans())
def test_what_is_read_quickly_is_read_as_all_else(
    value: dict[str, Any], indent: int, ascii_only: bool
) -> None:
    raw = json.dumps(value, indent=indent or None, ensure_ascii=ascii_only).encode()

    def read(text: bytes) -> Any:
        try:
            return load_document(text)
        except DocumentError as error:
            return error.fields["reason"]

    # An escape has the whole of it read thoroughly.
    thorough = read(b'{"\\u0041":%b}' % raw)
    assert read(raw) == (thorough["A"] if isinstance(thorough, dict) else thorough)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["1", '"x"', "{}"])), min_size=2))
def test_a_repeated_name_is_always_noticed(members: list[tuple[str, str]]) -> None:
    raw = "{" + ",".join(f'"{name}":{text}' for name, text in members) + "}"
    if len({name for name, _ in members}) == len(members):
        load_document(raw.encode())
    else:
        assert "stands twice" in str(refused(raw.encode()))
