"""A line of a batch: read strictly, and committed to as any document is.

A batch's birth records, as an auditor checks them:

1. Line i of the file, from 1, is `{"serial": …, "document": {…}}`, and becomes the asset whose id
   is the batch's plus i.
2. Its seed is HMAC-SHA256(the batch's seed, `["member",i]`).
3. Its content hash is that of `commit_document(document, seed, serial)`: serial and fields can be
   disclosed one by one, and tell nothing of any other line.
4. Leaf i - 1 of the batch's tree is the content hash itself, 32 bytes.
5. The root is RFC 6962's (2.1) over all leaves, so a path of 24 hashes at most leads to it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

import msgspec

from ledger.documents.canonical import BadDocument, canonical_members, load_document
from ledger.documents.commitment import commit_members
from ledger.errors import DocumentError
from ledger.hashing import hmac_sha256
from ledger.types import Hash32

LONGEST_LINE: Final = 1024 * 1024
"""Bytes of a line at most."""

_SERIAL: Final = re.compile(r"[^\x00-\x1f\x7f]{1,256}")
_MARKS: Final = 6


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    serial: str
    document: msgspec.Raw


_LINE: Final = msgspec.json.Decoder(_Line)


@dataclass(frozen=True, slots=True)
class BirthLine:
    """What a line says: the asset's serial, and its document byte for byte."""

    serial: str
    document: bytes


@dataclass(frozen=True, slots=True)
class LineFault:
    """Why a line cannot be accepted; `line` counts from 1, `path` is a JSON Pointer."""

    line: int
    path: str
    value: str | None
    reason: str


class BadLine(DocumentError):
    """A line is no birth record."""

    def __init__(self, reason: str, *, path: str = "", value: str | None = None) -> None:
        super().__init__(reason, path=path)
        self.path, self.value, self.reason = path, value, reason


def member_seed(batch_seed: bytes, index: int) -> bytes:
    """The seed of the batch's asset `index`, from 1."""
    return hmac_sha256(batch_seed, b'["member",%d]' % index)


def read_line(line: bytes) -> BirthLine:
    """What a line says; its document is not looked into.

    Raises:
        BadLine: it is no birth record.
    """
    found = _split(line)
    return BirthLine(found.serial, bytes(found.document))


def commit_line(line: bytes, seed: bytes) -> tuple[str, Hash32]:
    """A line's serial, and the content hash under the seed of its own.

    Raises:
        BadLine: it is no birth record, or its document breaks a rule of `load_document`.
    """
    found = _split(line)
    try:
        members = canonical_members(load_document(bytes(found.document)))
    except BadDocument as error:
        path, reason = str(error.fields["path"]), str(error.fields["reason"])
        raise BadLine(reason, path=f"/document{path}") from None
    return found.serial, commit_members(members, seed, found.serial).content_hash


def _split(line: bytes) -> _Line:
    if len(line) > LONGEST_LINE:
        raise BadLine(f"is longer than {LONGEST_LINE} bytes")
    if not line or line.isspace():
        raise BadLine("is blank")
    try:
        found = _LINE.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadLine(_grammar_fault(line) or str(error)) from None
    except RecursionError:
        raise BadLine("is nested too deeply") from None
    if not _SERIAL.fullmatch(found.serial):
        reason = "must be 1 to 256 characters, none of them a control character"
        raise BadLine(reason, path="/serial", value=found.serial[:100])
    _refuse_repeated(line, found)
    return found


def _refuse_repeated(line: bytes, found: _Line) -> None:
    """See that neither member stands twice, which the quick decoder reads over."""
    # Around the document there are the marks of two names and of the serial, unless it has escapes.
    if line.count(b'"') - bytes(found.document).count(b'"') == _MARKS:
        return
    try:
        pairs = json.loads(line.decode(), object_pairs_hook=list, parse_int=str)
    except RecursionError:
        raise BadLine("is nested too deeply") from None
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise BadLine("repeats a name")


def _grammar_fault(line: bytes) -> str | None:
    """What breaks JSON's own rules, in better words than the quick decoder's."""
    if line.startswith(b"\xef\xbb\xbf"):
        return "begins with a byte order mark"
    try:
        json.loads(line.decode(), parse_int=str)
    except UnicodeDecodeError as error:
        return f"byte {error.start} is not UTF-8"
    except json.JSONDecodeError as error:
        return f"{error.msg} at column {error.colno}"
    except RecursionError:
        return "is nested too deeply"
    return None
