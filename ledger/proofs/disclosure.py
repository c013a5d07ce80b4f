"""Whether what is disclosed of documents is what entries commit to."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from ledger.documents.canonical import JsonValue, canonical, load_value
from ledger.documents.sealing import Sealed
from ledger.errors import VerificationError
from ledger.hashing import EMPTY_TREE, leaf_hash, merkle_top, node_hash
from ledger.proofs.bundle import DisclosedLeaf, DocumentLeaves
from ledger.proofs.verified import Committed, Disclosed, Original, Place, Proven
from ledger.types import Hash32, to_hex

Places: TypeAlias = Mapping[Hash32, tuple[Place, ...]]
"""Which entries name a document, by its content hash."""

_SALT: Final = re.compile(r"[0-9a-f]{32}")


def find_places(subjects: Iterable[Proven]) -> Places:
    """Which entries name what: every 32-byte word of a payload, and every birth record."""
    places: defaultdict[Hash32, dict[Place, None]] = defaultdict(dict)
    for subject in subjects:
        if subject.birth is not None:
            places[subject.birth.content_hash][Place(subject.id, 0)] = None
        for entry in subject.entries:
            payload = entry.payload
            for at in range(0, len(payload), 32):
                places[payload[at : at + 32]][Place(subject.id, entry.position)] = None
    return {word: tuple(found) for word, found in places.items()}


def verify_document(document: DocumentLeaves, places: Places) -> Committed:
    """Verify that a content hash is over these leaf hashes, and that entries name it.

    Raises:
        VerificationError: it is not, or they do not.
    """
    root = merkle_top(document.leaves) if document.leaves else EMPTY_TREE
    _verify_root(document.content_hash, root)
    return Committed(document.content_hash, document.leaves, _named(document.content_hash, places))


def verify_field(field: DisclosedLeaf, places: Places) -> Disclosed:
    """Verify that a content hash is over a field, and that entries name it.

    Raises:
        VerificationError: it is not, or they do not.
        DocumentError: the leaf is no canonical JSON.
    """
    root = leaf_hash(field.leaf.encode())
    for sibling in field.path:
        root = node_hash(sibling.hash, root) if sibling.is_left else node_hash(root, sibling.hash)
    _verify_root(field.content_hash, root)
    name, value, salt = _read_leaf(field.leaf)
    return Disclosed(field.content_hash, name, value, salt, _named(field.content_hash, places))


def verify_original(name: Hash32, document: Sealed, places: Places) -> Original:
    """Verify that a document hashes to what it is called, and that entries name it.

    Raises:
        VerificationError: it does not, or they do not.
    """
    _verify_root(name, document.content_hash)
    return Original(name, document.raw, document.commitment.serial, _named(name, places))


def _verify_root(content_hash: Hash32, found: Hash32) -> None:
    if found != content_hash:
        raise VerificationError(
            "the content hash", expected=to_hex(content_hash), found=to_hex(found)
        )


def _named(content_hash: Hash32, places: Places) -> tuple[Place, ...]:
    found = places.get(content_hash)
    if found is None:
        raise VerificationError(
            "a document that no entry names", expected="an entry", found=to_hex(content_hash)
        )
    return found


def _read_leaf(leaf: str) -> tuple[str | None, JsonValue, str]:
    """Name (None of a serial), value and salt that a leaf holds."""
    raw = leaf.encode()
    told = load_value(raw, field="leaf")
    if canonical(told) == raw:
        match told:
            case ["serial", str(salt), str(serial)] if _SALT.fullmatch(salt):
                return None, serial, salt
            case ["field", str(salt), str(name), value] if _SALT.fullmatch(salt):
                return name, value, salt
    raise VerificationError(
        "a leaf", expected='["serial",salt,serial] or ["field",salt,name,value]', found=leaf[:100]
    )
