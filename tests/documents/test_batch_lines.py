"""A line of a batch is read as strictly as a document sent alone, and committed to alike."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.documents.batch_lines import (
    LONGEST_LINE,
    BadLine,
    commit_line,
    member_seed,
    read_line,
)
from ledger.documents.sealing import seal
from ledger.errors import DocumentError
from ledger.hashing import hmac_sha256

SEED = bytes(range(32))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(st.text(min_size=1, max_size=9), st.dictionaries(texts, values, max_size=4), st.booleans())
def test_a_line_is_committed_to_as_the_document_alone_would_be(
    serial: str, document: dict[str, Any], ascii_only: bool
) -> None:
    """Whatever the document, and whether or not its text has escapes and spaces."""
    raw = json.dumps(document, ensure_ascii=ascii_only)
    try:
        line = f'{{"serial": {json.dumps(serial)}, "document": {raw}}}'.encode()
        wanted = seal(raw.encode(), serial, SEED).content_hash
    except (DocumentError, UnicodeEncodeError):
        return
    if any(ord(each) < 32 or ord(each) == 127 for each in serial):
        with pytest.raises(BadLine, match="control character"):
            commit_line(line, SEED)
        return
    assert commit_line(line, SEED) == (serial, wanted)
    assert read_line(line).document == raw.encode()


@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_else(line: bytes) -> None:
    for text in (line, b'{"serial":"a","document":{"x":' + line + b"}}", b'{"serial":' + line):
        with suppress(BadLine):
            commit_line(text, SEED)


def test_seeds_of_members_follow_from_the_batchs() -> None:
    assert member_seed(SEED, 417) == hmac_sha256(SEED, b'["member",417]')


GOOD = b'{"serial":"a","document":{}}'
BAD = {
    "blank": (b" \r", "", "is blank"),
    "empty": (b"", "", "is blank"),
    "truncated": (b'{"serial":"a","document":{"x":', "", "column 31"),
    "byte order mark": (b"\xef\xbb\xbf" + GOOD, "", "byte order mark"),
    "NUL in a text": (b'{"serial":"a","document":{"x":"\x00"}}', "", "control character"),
    "NUL alone": (b"\x00", "", "column 1"),
    "no UTF-8": (b'{"serial":"\xff","document":{}}', "", "byte 11 is not UTF-8"),
    "no UTF-8 in the document": (
        b'{"serial":"a","document":{"x":"\xff"}}',
        "/document",
        "byte 6 is not UTF-8",
    ),
    "two values": (GOOD + GOOD, "", "Extra data"),
    "a list": (b"[1]", "", "object"),
    "no document": (b'{"serial":"a"}', "", "document"),
    "no serial": (b'{"document":{}}', "", "serial"),
    "unknown member": (b'{"serial":"a","document":{},"owner":"b"}', "", "owner"),
    "serial twice": (b'{"serial":"a","serial":"b","document":{}}', "", "repeats a name"),
    "document twice": (b'{"serial":"a","document":{},"document":{"x":1}}', "", "repeats a name"),
    "escaped serial twice": (b'{"serial":"\\"","serial":"b","document":{}}', "", "repeats a name"),
    "name twice": (b'{"serial":"a","document":{"x":1,"x":1}}', "/document", "stands twice"),
    "number for a serial": (b'{"serial":1,"document":{}}', "", "str"),
    "empty serial": (b'{"serial":"","document":{}}', "/serial", "1 to 256"),
    "control in a serial": (b'{"serial":"a\\n","document":{}}', "/serial", "control character"),
    "document no object": (b'{"serial":"a","document":[]}', "/document", "must be an object"),
    "too large a number": (
        b'{"serial":"a","document":{"m":{"k":1e400}}}',
        "/document/m/k",
        "1e400",
    ),
    "noncharacter": (b'{"serial":"a","document":{"x":"\xef\xbf\xbf"}}', "/document/x", "U+FFFF"),
    "too deep": (
        b'{"serial":"a","document":{"x":' + b"[" * 64 + b"]" * 64 + b"}}",
        "/document",
        "64",
    ),
    "far too deep": (b'{"serial":"\\"","document":{"x":' + b"[" * 99999, "", ""),
    "huge": (b'{"serial":"a","document":{"x":"%b"}}' % (b"x" * LONGEST_LINE), "", "longer"),
}


@pytest.mark.parametrize(("line", "path", "reason"), BAD.values(), ids=BAD.keys())
def test_what_no_line_may_be(line: bytes, path: str, reason: str) -> None:
    with pytest.raises(BadLine) as caught:
        commit_line(line, SEED)
    assert caught.value.path == path
    assert reason in caught.value.reason


def test_white_space_around_a_line_is_no_part_of_its_document() -> None:
    line = b' { "serial" : "a" , "document" : {"x": 1.50} } \r'
    assert read_line(line).document == b'{"x": 1.50}'
    assert commit_line(line, SEED)[1] == seal(b'{"x":1.5}', "a", SEED).content_hash
