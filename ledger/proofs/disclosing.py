"""Disclosing documents: their commitments, single fields of them, or the documents themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ledger.documents.canonical import canonical_members, load_document
from ledger.documents.commitment import leaves_of
from ledger.documents.sealing import Sealed
from ledger.domain.payloads import decode_payload
from ledger.errors import UnknownThing
from ledger.hashing import leaf_hash, next_level
from ledger.proofs.bundle import BundleSubject, DisclosedLeaf, DocumentLeaves, Sibling
from ledger.types import ZERO_HASH, Hash32, to_hex

FindDocument: TypeAlias = Callable[[Hash32], Sealed | None]
"""A document by its content hash, where it is known and may be shown."""

_NAMES = ("content_hash", "reason", "rendition", "licence")
"""The fields of payloads that are content hashes of documents."""


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What to show of the documents that a subject's entries name.

    `fields` are names of fields, each of the newest document that has it; `serial` the one under
    which the subject was registered.
    """

    find: FindDocument
    commitments: bool = False
    documents: bool = False
    serial: bool = False
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """What is put into a bundle, and the documents that are to stand beside it."""

    documents: tuple[DocumentLeaves, ...]
    fields: tuple[DisclosedLeaf, ...]
    originals: tuple[Sealed, ...]


def disclose(subject: BundleSubject, disclosure: Disclosure) -> Shown:
    """What a disclosure shows of a subject's documents.

    Raises:
        UnknownThing: no document that is known has a field that is asked for.
    """
    found = [one for each in named_documents(subject) if (one := disclosure.find(each))]
    leaves = [_Leaves(document) for document in found]
    shown = [_serial(leaves, subject)] if disclosure.serial else []
    shown += [_field(leaves, name) for name in dict.fromkeys(disclosure.fields)]
    whole = disclosure.commitments or disclosure.documents
    return Shown(
        documents=tuple(
            sorted(
                [DocumentLeaves(one.content_hash, one.hashes) for one in leaves if whole],
                key=lambda one: one.content_hash,
            )
        ),
        fields=tuple(sorted(shown, key=lambda one: (one.content_hash, one.leaf.encode()))),
        originals=tuple(found) if disclosure.documents else (),
    )


def named_documents(subject: BundleSubject) -> list[Hash32]:
    """The content hashes that a subject's entries name, oldest first, each once."""
    return [one for one in dict.fromkeys(_named(subject)) if one != ZERO_HASH]


def _named(subject: BundleSubject) -> Iterator[Hash32]:
    if subject.birth is not None:
        yield subject.birth.content_hash
    for entry in subject.entries:
        payload = decode_payload(entry.kind, entry.payload)
        for name in _NAMES:
            if hasattr(payload, name):
                yield getattr(payload, name)


class _Leaves:
    """A document's leaves, and how to find them."""

    def __init__(self, document: Sealed) -> None:
        members = canonical_members(load_document(document.raw))
        commitment = document.commitment
        self.content_hash = document.content_hash
        self.serial = commitment.serial
        self.names = [one.name for one in members]
        self.leaves = leaves_of(members, commitment.seed, commitment.serial)
        self.hashes = tuple([leaf_hash(leaf) for leaf in self.leaves])

    def show(self, index: int) -> DisclosedLeaf:
        leaf = self.leaves[index].decode()
        return DisclosedLeaf(self.content_hash, leaf, sibling_path(self.hashes, index))


def sibling_path(hashes: Sequence[Hash32], index: int) -> tuple[Sibling, ...]:
    """The siblings from a leaf hash to the root, lowest first (RFC 6962, 2.1.1)."""
    path, level = [], list(hashes)
    while len(level) > 1:
        if index ^ 1 < len(level):
            path.append(Sibling(is_left=bool(index & 1), hash=level[index ^ 1]))
        level, index = next_level(level), index >> 1
    return tuple(path)


def _serial(leaves: Sequence[_Leaves], subject: BundleSubject) -> DisclosedLeaf:
    for one in leaves:
        if one.serial is not None:
            return one.show(0)
    raise UnknownThing("serial", field="subject", value=f"of {to_hex(subject.id)}")


def _field(leaves: Sequence[_Leaves], name: str) -> DisclosedLeaf:
    for one in reversed(leaves):
        if name in one.names:
            return one.show(one.names.index(name) + (one.serial is not None))
    raise UnknownThing("document with the field", field="field", value=repr(name))
