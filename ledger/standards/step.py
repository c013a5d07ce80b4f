"""STEP files (ISO 10303-21, the exchange structure): their sections, not what they model."""

from __future__ import annotations

import re
from typing import Final

from ledger.standards.files import Readable, broken, read_at

_HEADER_WITHIN: Final = 1024 * 1024
_END_WITHIN: Final = 64 * 1024  # signatures may stand behind it
_BEGINS: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*ISO-10303-21\s*;\s*")
_ENDS: Final = re.compile(rb"ENDSEC\s*;\s*END-ISO-10303-21\s*;")
_DATA: Final = re.compile(rb"\bDATA\s*[(;]")

# Texts and comments, in which anything may stand; every quotation mark begins a match.
_ASIDE: Final = re.compile(rb"'(?:[^']|'')*+(?:'|\Z)|/\*.*?(?:\*/|\Z)", re.S)
_HEADERS: Final = (b"FILE_DESCRIPTION", b"FILE_NAME", b"FILE_SCHEMA")


def verify_step(file: Readable, size: int) -> None:
    """See that a file has a header that tells its schema, data, and an end. Raises BrokenFile."""
    begin = _ASIDE.sub(b" ", read_at(file, 0, _HEADER_WITHIN))
    if not _BEGINS.match(begin):
        raise broken("", "it does not begin with ISO-10303-21;")
    header, found, rest = begin.partition(b"ENDSEC")
    if not found:
        raise broken("/HEADER", f"its header does not end within {_HEADER_WITHIN} bytes")
    if not re.search(rb"\bHEADER\s*;", header):
        raise broken("/HEADER", "it has no header section")
    for name in _HEADERS:
        if not re.search(rb"\b%b\s*\(" % name, header):
            raise broken("/HEADER", f"its header has no {name.decode()}")
    if not _DATA.search(rest) and size <= _HEADER_WITHIN:
        raise broken("/DATA", "it has no data section")
    end = read_at(file, max(0, size - _END_WITHIN), _END_WITHIN)
    if not _ENDS.search(end):
        raise broken("/DATA", "it does not end with ENDSEC; END-ISO-10303-21; (was it cut short?)")
