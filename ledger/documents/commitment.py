"""A document's content hash: a tree over its salted fields, so that one can be shown alone."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.documents.canonical import JsonValue, Member, canonical, canonical_members
from ledger.errors import MalformedValue
from ledger.hashing import hmac_sha256, hmac_sha256_each, merkle_root
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
    return commit_members(canonical_members(value), seed, serial)


def commit_members(members: Sequence[Member], seed: bytes, serial: str | None = None) -> Commitment:
    """As `commit_document`, of a document whose members are written already, in their order.

    Raises:
        MalformedValue: the seed is not 32 bytes.
    """
    leaves = leaves_of(members, seed, serial)
    return Commitment(merkle_root(leaves), seed, serial, tuple([one.name for one in members]))


def leaves_of(members: Sequence[Member], seed: bytes, serial: str | None) -> list[bytes]:
    """The leaves of a document's tree: the serial's if there is one, then one a field.

    Raises:
        MalformedValue: the seed is not 32 bytes.
    """
    if len(seed) != SEED_SIZE:
        raise MalformedValue(field="seed", value=f"{len(seed)} bytes", wanted="32 bytes")
    salted = [b'["serial"]', *[b'["field",%b]' % one.name_text for one in members]]
    salts = [mac[:_SALT_SIZE].hex().encode() for mac in hmac_sha256_each(seed, salted)]
    leaves = [] if serial is None else [b'["serial","%b",%b]' % (salts[0], canonical(serial))]
    return leaves + [
        b'["field","%b",%b,%b]' % (salt, name_text, text)
        for salt, (_, name_text, text) in zip(salts[1:], members, strict=True)
    ]


def field_leaf(seed: bytes, name: str, value: JsonValue) -> bytes:
    """The leaf of one field: all that its disclosure has to show."""
    name_text = canonical(name)
    salt = hmac_sha256(seed, b'["field",%b]' % name_text)[:_SALT_SIZE].hex().encode()
    return b'["field","%b",%b,%b]' % (salt, name_text, canonical(value))
