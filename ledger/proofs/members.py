"""Reads members of JSON objects strictly: each one known, each value of one spelling."""

from __future__ import annotations

import re
from collections.abc import Set
from typing import Final

from ledger.documents.canonical import JsonValue, load_document
from ledger.errors import MalformedValue

_HEX: Final = re.compile(r"0x(?:[0-9a-f]{2})*")


def load_file(raw: bytes, file_format: str, field: str) -> dict[str, JsonValue]:
    """The object that a file is, if it calls itself of that format.

    Raises:
        DocumentError: it is no strict JSON.
        MalformedValue: it is of another format.
    """
    value = load_document(raw, field=field)
    if value.get("format") != file_format:
        raise MalformedValue(field="format", value=value.get("format"), wanted=file_format)
    return value


def read_object(
    value: JsonValue, names: Set[str], field: str, *, optional: Set[str] = frozenset()
) -> dict[str, JsonValue]:
    """An object of exactly these members, and maybe the optional ones. Raises MalformedValue."""
    if isinstance(value, dict) and names <= value.keys() <= names | optional:
        return value
    found = sorted(value) if isinstance(value, dict) else value
    more = f", perhaps {', '.join(sorted(optional))}" if optional else ""
    wanted = f"an object of exactly {', '.join(sorted(names))}{more}"
    raise MalformedValue(field=field, value=found, wanted=wanted)


def read_list(value: JsonValue, field: str, *, most: int) -> list[JsonValue]:
    """An array of at most so many values. Raises MalformedValue."""
    if not isinstance(value, list) or len(value) > most:
        raise MalformedValue(field=field, value=value, wanted=f"an array of at most {most}")
    return value


def read_bytes(value: JsonValue, size: int | None, field: str) -> bytes:
    """Bytes of lower-case 0x-hex, `size` of them (None: any). Raises MalformedValue."""
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise MalformedValue(field=field, value=value, wanted="lower-case 0x-hex")
    found = bytes.fromhex(value[2:])
    if size is not None and len(found) != size:
        raise MalformedValue(field=field, value=value, wanted=f"{size} bytes of 0x-hex")
    return found


def read_all_bytes(
    value: JsonValue, size: int | None, field: str, *, most: int
) -> tuple[bytes, ...]:
    """An array of at most so many hex strings. Raises MalformedValue."""
    listed = read_list(value, field, most=most)
    return tuple([read_bytes(one, size, f"{field}[{at}]") for at, one in enumerate(listed)])


def read_integer(value: JsonValue, most: int, field: str) -> int:
    """An integer from 0 to `most`. Raises MalformedValue."""
    if type(value) is not int or not 0 <= value <= most:
        raise MalformedValue(field=field, value=value, wanted=f"an integer from 0 to {most}")
    return value


def read_flag(value: JsonValue, field: str) -> bool:
    """True or false. Raises MalformedValue."""
    if type(value) is not bool:
        raise MalformedValue(field=field, value=value, wanted="true or false")
    return value
