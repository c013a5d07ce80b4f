"""One reading and one writing of JSON, so that equal documents have equal hashes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, NamedTuple, TypeAlias

import msgspec
import rfc8785

from ledger.errors import DocumentError, LedgerError

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"

# Where a value stands: its parent's place and its own name or number. A chain, because text per
# value would cost the square of a long name.
_Place: TypeAlias = "tuple[_Place, str | int] | None"

MAX_DEPTH: Final = 64
"""Levels of arrays and objects a document may nest; the top-level object is the first."""

MAX_INTEGER: Final = 2**53 - 1
"""Largest magnitude every reader of JSON keeps exactly (RFC 7493, 2.2)."""

_BOUNDS: Final = "±(2^53 - 1)"
_TOO_DEEP: Final = f"nested deeper than {MAX_DEPTH} levels"

# Writes most values as RFC 8785 does, at a third of the cost. `_UNLIKE` finds what may differ:
# fractions of zero, exponents, seventeen-digit integers, what NaN became, and characters whose
# order among names depends on the encoding (U+E000 and above).
_QUICK: Final = msgspec.json.Encoder(order="sorted")
_UNLIKE: Final = re.compile(
    rb"null|[\xee-\xf4]"
    rb"|(?:^|[\[:,])-?(?:0\.00000|[0-9]+(?:\.0(?![0-9])|(?:\.[0-9]+)?e|(?<=[0-9]{16})))"
)

# Escapes, and what may be a character that text must not hold.
_ODD: Final = re.compile(rb"\\|[\xef-\xff]")

# Every quotation mark begins a match, closed or not, so that no text is scanned twice.
_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.?[^"\\]*+)*+(?:"|\Z)', re.DOTALL)
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_STEPS: Final = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}

# RFC 7493, 2.1: neither surrogates nor noncharacters.
_FORBIDDEN: Final = re.compile(
    "[\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    + "".join(chr(plane * 0x10000 + low) for plane in range(1, 17) for low in (0xFFFE, 0xFFFF))
    + "]"
)


@dataclass(frozen=True, slots=True)
class _Fault:
    """Stands in the parsed tree for something JSON must not hold, until its path is known."""

    reason: str


class Member(NamedTuple):
    """A member of an object: its name, and the canonical texts of its name and its value."""

    name: str
    name_text: bytes
    text: bytes


class BadDocument(DocumentError):
    """Bytes that are not the strict JSON a document must be; `path` is a JSON Pointer."""

    def __init__(self, reason: str, *, path: str = "", field: str = "document") -> None:
        LedgerError.__init__(
            self, f"{field}{path}: {reason}", field=field, path=path, reason=reason
        )


def load_document(raw: bytes, *, field: str = "document") -> dict[str, JsonValue]:
    """Read a document from UTF-8 JSON text; its top level must be an object.

    Strict I-JSON (RFC 7493): no duplicate names, surrogates or noncharacters, no integer beyond
    ±(2⁵³ - 1), no number that a double turns into infinity or zero; besides, no byte order mark
    and no more than `MAX_DEPTH` levels.

    Raises:
        DocumentError: the bytes break one of these; its `path` is a JSON Pointer (RFC 6901).
    """
    plain = _read_plainly(raw)
    if plain is not None:
        return plain
    value = load_value(raw, field=field)
    if not isinstance(value, dict):
        raise BadDocument("the top level must be an object", field=field)
    return value


def load_value(raw: bytes, *, field: str) -> JsonValue:
    """Read any value as strictly as `load_document` reads an object. Raises as it does."""
    value = _parse(raw, field)
    _refuse_faults(value, field)
    return value


def canonical(value: JsonValue) -> bytes:
    """Write a value in its canonical form (RFC 8785).

    Raises:
        DocumentError: the value holds something JSON cannot carry exactly.
    """
    try:
        quick = _QUICK.encode(value)
        if isinstance(value, str):  # the one thing that is never written otherwise
            return quick
        return rfc8785.dumps(value) if _UNLIKE.search(quick) else quick
    except rfc8785.CanonicalizationError as error:
        raise BadDocument(str(error)) from None
    except UnicodeEncodeError:
        raise BadDocument("a text holds a lone surrogate") from None
    except OverflowError:
        raise BadDocument(f"an integer is beyond {_BOUNDS}") from None
    except RecursionError:
        raise BadDocument(_TOO_DEEP) from None


def canonical_members(value: Mapping[str, JsonValue]) -> list[Member]:
    """An object's members, each in canonical form, in canonical order (RFC 8785, 3.2.3).

    Raises:
        DocumentError: as `canonical`.
    """
    return [Member(name, canonical(name), canonical(value[name])) for name in _sorted(value)]


def join_members(members: Iterable[Member]) -> bytes:
    """The canonical form of the object that has these members."""
    return b"{" + b",".join([b"%b:%b" % (one.name_text, one.text) for one in members]) + b"}"


def _sorted(names: Iterable[str]) -> list[str]:
    # By UTF-16 code units, which is the plain order unless there are characters beyond ASCII.
    ordered = sorted(names)
    if all(map(str.isascii, ordered)):
        return ordered
    try:
        return sorted(ordered, key=lambda name: name.encode("utf-16-be"))
    except UnicodeEncodeError:
        raise BadDocument("a name holds a lone surrogate") from None


def _read_plainly(raw: bytes) -> dict[str, JsonValue] | None:
    """The document, if it is so plain that the quick decoder cannot have read over anything.

    As many quotation marks written as read mean that no name was repeated.
    """
    if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH or _ODD.search(raw):
        return None
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    written = _QUICK.encode(value)
    whole = written.count(b'"') == raw.count(b'"') and not _UNLIKE.search(written)
    return value if whole and isinstance(value, dict) else None


def _parse(raw: bytes, field: str) -> JsonValue:
    if raw.startswith(b"\xef\xbb\xbf"):
        raise BadDocument("begins with a byte order mark", field=field)
    if _depth(raw) > MAX_DEPTH:
        raise BadDocument(_TOO_DEEP, field=field)
    try:
        parsed: JsonValue = json.loads(
            raw.decode(),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_double,
            parse_constant=lambda name: _Fault(f"{name} is no JSON number"),
        )
    except UnicodeDecodeError as error:
        raise BadDocument(f"byte {error.start} is not UTF-8", field=field) from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise BadDocument(f"{error.msg} at {place}", field=field) from None
    return parsed


def _depth(raw: bytes) -> int:
    """How deeply JSON text nests; looked at first, for Python's parser recurses on C's stack."""
    brackets = _STRING.sub(b"", raw).translate(None, _NO_BRACKETS)
    return max(accumulate(map(_STEPS.__getitem__, brackets)), default=0)


def _object(pairs: list[tuple[str, object]]) -> object:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    seen: set[str] = set()
    twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
    return _Fault(f"the name {twice!r} stands twice")


def _integer(digits: str) -> object:
    # The length is looked at first: int() of millions of digits is slow, and refused by Python.
    if len(digits) > 17 or abs(int(digits)) > MAX_INTEGER:
        return _Fault(f"the integer {_shortened(digits)} is beyond {_BOUNDS}")
    return int(digits)


def _double(digits: str) -> object:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        return _Fault(f"the number {_shortened(digits)} is too large for a double")
    if value == 0 and re.search("[1-9]", re.split("[eE]", digits)[0]):
        return _Fault(f"the number {_shortened(digits)} is too small for a double")
    # RFC 8785 writes such a number as an integer, which could then not be read back.
    if MAX_INTEGER < abs(value) < 1e21:
        return _Fault(f"the integer {_shortened(digits)} is beyond {_BOUNDS}")
    # The same number to JSON; written without a fraction, it is canonical already.
    return int(value) if value.is_integer() and abs(value) <= MAX_INTEGER else value


def _shortened(digits: str) -> str:
    return digits if len(digits) <= 32 else digits[:29] + "..."


def _refuse_faults(value: object, field: str) -> None:
    waiting: list[tuple[_Place, object]] = [(None, value)]
    while waiting:
        place, found = waiting.pop()
        reason = _reason_against(found)
        if reason is not None:
            raise BadDocument(reason, path=_pointer(place), field=field)
        waiting += [
            ((place, token), child)
            for token, child in _members(found)
            if isinstance(child, dict | list | str | _Fault)
        ]


def _members(value: object) -> Iterable[tuple[str | int, object]]:
    match value:
        case dict():
            return value.items()
        case list():
            return enumerate(value)
        case _:
            return ()


def _reason_against(found: object) -> str | None:
    match found:
        case _Fault(reason):
            return reason
        case str():
            return _text_fault(found)
        case dict():
            return next(filter(None, map(_text_fault, found)), None)
        case _:
            return None


def _text_fault(text: str) -> str | None:
    forbidden = None if text.isascii() else _FORBIDDEN.search(text)
    if forbidden is None:
        return None
    return f"U+{ord(forbidden[0]):04X} is no character that text may hold"


def _pointer(place: _Place) -> str:
    """The JSON Pointer of a place (RFC 6901), fit to be printed."""
    tokens: list[str] = []
    while place is not None:
        place, token = place
        tokens.append("/" + str(token).replace("~", "~0").replace("/", "~1"))
    printable = "".join(reversed(tokens)).encode("utf-8", "backslashreplace").decode()
    return printable if len(printable) <= 200 else printable[:197] + "..."
