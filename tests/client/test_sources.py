"""Files become requests without a byte of a document changed."""

from __future__ import annotations

import io
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.client.bodies import registration
from ledger.client.sources import check_sources, count_items, read_document, read_items, read_lines
from ledger.errors import DocumentError, MalformedValue

ODD = b'{ "b" : 1.0,\n\t"a":[ ], "e":1e2, "u":"\\u00e9\xc3\xa9" }'
"""A document that every re-writer would write differently."""

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


class Body(msgspec.Struct):
    serial: str
    document: msgspec.Raw


@given(serial=st.text(), value=st.dictionaries(st.text(), VALUES), indent=st.integers(0, 4))
def test_a_document_travels_verbatim(serial: str, value: dict[str, object], indent: int) -> None:
    text = msgspec.json.format(msgspec.json.encode(value), indent=indent)
    sent = msgspec.json.decode(registration(serial, text), type=Body)
    assert bytes(sent.document) == text
    assert sent.serial == serial


def test_only_the_white_space_around_a_document_goes() -> None:
    assert registration("S", b"\r\n " + ODD + b"\n").endswith(b'"document":' + ODD + b"}")


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b'{"a":1},"owner":"x"', b'{"a":1}}', b"{} {}", b'{"a":NaN}', b"\xef\xbb\xbf{}"],
)
def test_what_is_not_one_json_value_is_not_sent(text: bytes) -> None:
    with pytest.raises(DocumentError):
        registration("S", text)


def test_nesting_without_end_is_refused() -> None:
    with pytest.raises(DocumentError):
        registration("S", b"[" * 100_000)


def test_lines_go_out_as_they_came() -> None:
    line = b'{"serial":"S1", "document":' + ODD.replace(b"\n\t", b" ") + b', "owner":"did:web:x"}'
    (item,) = read_lines("-", io.BytesIO(b"\n" + line + b"\r\n  \n"))
    assert (item.line, item.serial, item.body, item.fault) == (2, "S1", line, None)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"{]", "malformed"),
        (b'{"document":{}}', "`serial`"),
        (b'{"serial":"S"}', "`document`"),
        (b'{"serial":7,"document":{}}', "$.serial"),
        (b"[]", "array"),
    ],
)
def test_a_bad_line_says_what_is_wrong_and_the_next_is_read(line: bytes, told: str) -> None:
    bad, good = read_lines("-", io.BytesIO(line + b'\n{"serial":"S","document":{}}'))
    assert bad.body is None
    assert told in str(bad.fault)
    assert (good.line, good.serial) == (2, "S")


def test_a_file_is_named_by_itself_or_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "SerialPart.example.json"
    path.write_bytes(b'{"ids":[{"value":"SN-1"}],"count":7,"flag":true}\n')
    assert read_document(path, None).serial == "SerialPart.example"
    assert read_document(path, ("ids", "0", "value")).serial == "SN-1"
    assert read_document(path, ("count",)).serial == "7"
    assert "/flag" in str(read_document(path, ("flag",)).fault)
    assert "/ids/1" in str(read_document(path, ("ids", "1")).fault)


def test_files_are_read_in_order_and_counted(tmp_path: Path) -> None:
    lines, document = tmp_path / "a.jsonl", tmp_path / "b.json"
    lines.write_text('{"serial":"1","document":{}}\n\n{"serial":"2","document":{}}')
    document.write_text("{}")
    names = [str(document), str(lines)]
    assert [item.serial for item in read_items(names, None)] == ["b", "1", "2"]
    assert count_items(names) == 3
    assert count_items([*names, "-"]) is None


@pytest.mark.parametrize("name", ["assets.csv", "missing.json", "folder.json"])
def test_unreadable_files_are_refused_before_anything_is_sent(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "assets.csv").touch()
    with pytest.raises(MalformedValue) as refusal:
        check_sources(["-", str(tmp_path / name)])
    assert name in str(refusal.value)


def test_a_schema_is_put_before_what_a_line_says_and_a_file_may_stand_for_a_document() -> None:
    kept = b'{ "b" : 1.0 }'
    lines = b'{"serial":"A","document":%b}\n{"serial":"B","file":"0x12"}\n{"serial":"C"}' % kept
    first, second, third = read_lines("-", io.BytesIO(lines), "0xab")
    assert first.body == b'{"schema":"0xab","serial":"A","document":%b}' % kept
    assert second.body == b'{"schema":"0xab","serial":"B","file":"0x12"}'
    assert third.body is None
