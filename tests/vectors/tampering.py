"""The tamper drill: every field of a bundle changed, left out, doubled or moved, one at a time."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ledger.documents.canonical import canonical
from ledger.proofs.bundle import Bundle
from ledger.proofs.encoding import encode_bundle


@dataclass(frozen=True, slots=True)
class Edit:
    """At a byte, so many are removed, and these put there."""

    at: int
    remove: int
    insert: bytes

    def value(self) -> dict[str, Any]:
        return {"at": self.at, "remove": self.remove, "insert": "0x" + self.insert.hex()}


@dataclass(frozen=True, slots=True)
class Tampered:
    """What is changed of a bundle, or of what the auditor brings."""

    name: str = ""
    about: str = ""
    edits: tuple[Edit, ...] = ()
    block_hash: bytes | None = None
    contract: bytes | None = None

    def apply(self, raw: bytes) -> bytes:
        for edit in self.edits:
            raw = raw[: edit.at] + edit.insert + raw[edit.at + edit.remove :]
        return raw


def tamper(bundle: Bundle) -> Iterator[Tampered]:
    """All that the drill does to a bundle."""
    raw = encode_bundle(bundle)
    value = json.loads(raw)
    yield Tampered("another block is trusted", block_hash=b"\7" * 32)
    yield Tampered("another contract is trusted", contract=b"\7" * 20)
    for name, edit in _spellings(raw):
        yield Tampered(name, "Another spelling of the same.", (edit,))
    for name, changed in changes_of(value):
        if changed != value:
            yield Tampered(name, edits=(difference(raw, canonical(changed)),))


def difference(before: bytes, after: bytes) -> Edit:
    """The one edit that makes the one of the other."""
    start = _shared(before, after)
    end = _shared(before[start:][::-1], after[start:][::-1])
    return Edit(start, len(before) - start - end, after[start : len(after) - end])


def _shared(before: bytes, after: bytes) -> int:
    pairs = zip(before, after, strict=False)
    differing = (at for at, (one, other) in enumerate(pairs) if one != other)
    return next(differing, min(len(before), len(after)))


def _spellings(raw: bytes) -> Iterator[tuple[str, Edit]]:
    at = raw.index(b'":')
    yield "a line end behind it", Edit(len(raw), 0, b"\n")
    yield "a byte order mark", Edit(0, 0, b"\xef\xbb\xbf")
    yield "a blank", Edit(at + 2, 0, b" ")
    yield "an escape", Edit(2, 1, b"\\u%04x" % raw[2])
    yield "a member twice", Edit(len(raw) - 1, 0, b',"version":1')
    yield "upper-case hex", Edit(raw.index(b'"0x') + 2, 1, b"X")
    yield "no end", Edit(len(raw) - 1, 1, b"")
    yield "nothing", Edit(0, len(raw), b"")
    yield "no UTF-8", Edit(2, 1, b"\xff")


def changes_of(value: Any) -> Iterator[tuple[str, Any]]:
    """A JSON value with one thing in it changed, and what that is; of `nodes`, bits alone."""
    for path in _paths(value, ()):
        told = _told(path)
        for name, changed in _variants(_get(value, path)):
            if path[-2:-1] != ("nodes",) or path[-1] < 2 or "bit" in name:
                yield f"{told} {name}", _with(value, path, changed)


def _paths(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    yield path
    match value:
        case dict():
            for name, each in value.items():
                yield from _paths(each, (*path, name))
        case list():
            for at, each in enumerate(value):
                yield from _paths(each, (*path, at))


def _variants(value: Any) -> Iterator[tuple[str, Any]]:
    match value:
        case bool():
            yield "turned", not value
        case int():
            yield "counted up", value + 1
            yield "as a text", str(value)
        case str() if value.startswith("0x"):
            yield (
                "with its last bit turned",
                value[:-1] + f"{int(value[-1], 16) ^ 1:x}" if value[2:] else "0x00",
            )
            yield "a byte shorter", value[:-2] if value[2:] else ""
        case str():
            yield "a character longer", value + "x"
        case dict():
            yield "with a member more", {**value, "x": 1}
            for name in value:
                yield f"without {name}", {key: it for key, it in value.items() if key != name}
        case list():
            yield "with null at its end", [*value, None]
            if value:
                yield "with its last one twice", [*value, value[-1]]
                yield "without its first", value[1:]
                yield "without its last", value[:-1]
            if len(value) > 2:
                yield "without its second", [value[0], *value[2:]]
            if len(value) > 1:
                yield "with its first two in the other order", [value[1], value[0], *value[2:]]


def _get(value: Any, path: tuple[Any, ...]) -> Any:
    for token in path:
        value = value[token]
    return value


def _with(value: Any, path: tuple[Any, ...], changed: Any) -> Any:
    if not path:
        return changed
    found = copy.copy(value)
    found[path[0]] = _with(value[path[0]], path[1:], changed)
    return found


def _told(path: tuple[Any, ...]) -> str:
    return (
        "".join(f"[{token}]" if isinstance(token, int) else f".{token}" for token in path)[1:]
        or "it"
    )
