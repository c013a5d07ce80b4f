"""JSON Pointer: the examples of RFC 6901, section 5, and what is no pointer."""

from __future__ import annotations

import pytest

from ledger.client.pointer import get_value, parse_pointer
from ledger.errors import DocumentError, MalformedValue

DOCUMENT = {
    "foo": ["bar", "baz"],
    "": 0,
    "a/b": 1,
    "c%d": 2,
    "e^f": 3,
    "g|h": 4,
    "i\\j": 5,
    'k"l': 6,
    " ": 7,
    "m~n": 8,
}


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", DOCUMENT),
        ("/foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/", 0),
        ("/a~1b", 1),
        ("/c%d", 2),
        ("/e^f", 3),
        ("/g|h", 4),
        ("/i\\j", 5),
        ('/k"l', 6),
        ("/ ", 7),
        ("/m~0n", 8),
    ],
)
def test_the_examples_of_the_standard(pointer: str, value: object) -> None:
    assert get_value(DOCUMENT, parse_pointer(pointer)) == value


def test_a_tilde_is_unescaped_last() -> None:
    assert parse_pointer("/~01") == ("~1",)


@pytest.mark.parametrize("text", ["serial", "/a~2", "/~", "serial/"])
def test_what_is_no_pointer_is_refused(text: str) -> None:
    with pytest.raises(MalformedValue) as refusal:
        parse_pointer(text, "--serial-field")
    assert "--serial-field" in str(refusal.value)


@pytest.mark.parametrize(
    "pointer", ["/no", "/foo/2", "/foo/01", "/foo/-", "/foo/x", "/foo/0/deeper"]
)
def test_a_way_that_ends_nowhere_says_where(pointer: str) -> None:
    with pytest.raises(DocumentError) as refusal:
        get_value(DOCUMENT, parse_pointer(pointer))
    assert pointer in str(refusal.value)
