"""A document's content hash: a tree over its salted fields, so that one can be shown alone."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ledger.documents.canonical import BadDocument, JsonValue, canonical
from ledger.errors import MalformedValue
from ledger.hashing import hmac_sha256, merkle_root
from ledger.types import Hash32

SEED_SIZE: Final = 32
"""Bytes of a seed; whoever knows it can guess at the fields that were not disclosed."""

_SALT_SIZE: Final = 16


@dataclass(frozen=True, slots=True)
class Commitment:
    """What a content hash commits to, and the secret that opens it.

    `seed` is 32 random bytes kept beside the document; `fields` are the names of the document's
    top-level fields in the order of the tree's leaves, after the leaf of `serial` if there is one.
    """

    content_hash: Hash32
    seed: bytes
    serial: str | None
    fields: tuple[str, ...]


def new_seed() -> bytes:
    """A fresh seed from the system's random source."""
    return secrets.token_bytes(SEED_SIZE)


def commit_document(
    value: Mapping[str, JsonValue], seed: bytes, serial: str | None = None
) -> Commitment:
    """Commit to a document's top-level fields, and to the serial that it was registered under.

    The content hash is the Merkle tree hash (RFC 6962, 2.1) over the leaves, each in canonical
    form (RFC 8785): `["serial", salt, serial]` if a serial is given, then
    `["field", salt, name, value]` per field, by name. A salt is the first 16 bytes of
    HMAC-SHA256(seed, `["serial"]` or `["field", name]`), as lower-case hex.

    Raises:
        MalformedValue: the seed is not 32 bytes.
        DocumentError: a value has no canonical form.
    """
    if len(seed) != SEED_SIZE:
        raise MalformedValue(field="seed", value=f"{len(seed)} bytes", wanted="32 bytes")
    fields = _sorted_names(value)
    leaves = [] if serial is None else [canonical(["serial", _salt(seed, "serial"), serial])]
    leaves += [field_leaf(seed, name, value[name]) for name in fields]
    return Commitment(merkle_root(leaves), seed, serial, fields)


def field_leaf(seed: bytes, name: str, value: JsonValue) -> bytes:
    """The leaf of one field: all that its disclosure has to show."""
    return canonical(["field", _salt(seed, "field", name), name, value])


def _salt(seed: bytes, *of: str) -> str:
    return hmac_sha256(seed, canonical(list(of)))[:_SALT_SIZE].hex()


def _sorted_names(value: Mapping[str, JsonValue]) -> tuple[str, ...]:
    # RFC 8785, 3.2.3: names are sorted by their UTF-16 code units.
    try:
        return tuple(sorted(value, key=lambda name: name.encode("utf-16-be")))
    except UnicodeEncodeError:
        raise BadDocument("a name holds a lone surrogate") from None
