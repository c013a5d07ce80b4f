"""Reads what is to be registered: JSON Lines, one asset a line, or one document a file."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from ledger.client.bodies import registration
from ledger.client.pointer import get_value
from ledger.errors import DocumentError, MalformedValue

STDIN: Final = "-"
LINES: Final = frozenset({".jsonl", ".ndjson"})
DOCUMENT: Final = ".json"


@dataclass(frozen=True, slots=True)
class Item:
    """One asset to register: where it was read, and the request's body or what is wrong with it.

    `line` counts from 1, and is None where the file is one document.
    """

    source: str
    line: int | None
    serial: str | None
    body: bytes | None
    fault: str | None = None


class _Line(msgspec.Struct):
    """What every line must have; all else is the service's to judge."""

    serial: str
    document: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    file: str | msgspec.UnsetType = msgspec.UNSET


_LINES = msgspec.json.Decoder(_Line)


def check_sources(names: Iterable[str]) -> None:
    """Refuse files that cannot be read as assets, before anything is sent.

    Raises:
        MalformedValue: a name is neither `-`, nor a file that exists, of a suffix that we know.
    """
    for name in names:
        if name == STDIN:
            continue
        path = Path(name)
        if path.suffix.lower() not in LINES | {DOCUMENT}:
            raise MalformedValue(field="FILE", value=name, wanted="a .jsonl, .ndjson or .json file")
        if not path.is_file():
            raise MalformedValue(field="FILE", value=name, wanted="a file that exists")


def read_items(
    names: Iterable[str], serial_field: tuple[str, ...] | None, schema: str | None = None
) -> Iterator[Item]:
    """The assets in the named files, in order, without ever holding more than one.

    `serial_field` (tokens of a JSON Pointer) says where a document has its serial; else the
    file's name is it. With `schema`, all are registered under that one.
    """
    for name in names:
        if name == STDIN:
            yield from read_lines(name, sys.stdin.buffer, schema)
        elif Path(name).suffix.lower() in LINES:
            with Path(name).open("rb") as stream:
                yield from read_lines(name, stream, schema)
        else:
            yield read_document(Path(name), serial_field, schema)


def count_items(names: Iterable[str]) -> int | None:
    """How many assets the files hold, for a progress bar; None where nobody can know."""
    total = 0
    for name in names:
        if name == STDIN:
            return None
        if Path(name).suffix.lower() in LINES:
            with Path(name).open("rb") as stream:
                total += sum(1 for line in stream if not line.isspace())
        else:
            total += 1
    return total


def read_lines(source: str, stream: BinaryIO, schema: str | None = None) -> Iterator[Item]:
    """The assets of a JSON Lines stream; each line goes out as it came, as the request's body.

    The schema, if there is one, is put before all that a line says.
    """
    for number, line in enumerate(stream, 1):
        body = line.strip(b" \t\r\n")
        if body:
            yield _line(source, number, body, schema)


def _line(source: str, number: int, body: bytes, schema: str | None) -> Item:
    try:
        found = _LINES.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Item(source, number, None, None, f"not a registration: {error}")
    if found.document is msgspec.UNSET and found.file is msgspec.UNSET:
        reason = "not a registration: Object missing required field `document`"
        return Item(source, number, None, None, reason)
    if schema is not None:
        body = b'{"schema":%b,%b' % (msgspec.json.encode(schema), body[1:])
    return Item(source, number, found.serial, body)


def read_document(
    path: Path, serial_field: tuple[str, ...] | None, schema: str | None = None
) -> Item:
    """The asset that one JSON document describes; its text goes out as it is in the file."""
    serial = path.name[: -len(DOCUMENT)]
    try:
        text = path.read_bytes()
        if serial_field is not None:
            serial = _serial(text, serial_field)
        return Item(str(path), None, serial, registration(serial, text, schema=schema))
    except (DocumentError, OSError) as error:
        return Item(str(path), None, None if serial_field else serial, None, str(error))


def _serial(text: bytes, serial_field: tuple[str, ...]) -> str:
    try:
        value = get_value(msgspec.json.decode(text), serial_field)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DocumentError(f"not JSON: {error}") from None
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        return str(value)
    raise DocumentError("the serial there is no text", path="/" + "/".join(serial_field))
