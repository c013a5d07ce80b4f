"""How documents lie in a pack: one frame each, behind one another, each to be read alone.

A frame is a line of JSON (content hash, seed, serial; size and SHA-256 of the document), the
document as it was sent, and a line feed. It is encrypted, which a first byte says; older packs have
frames that are not, and begin with their line.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Final

import msgspec

from ledger.documents.ciphers import TAG_SIZE, WrongKey, decrypt_document, encrypt_document
from ledger.documents.sealing import Sealed, seal
from ledger.errors import DocumentError, MalformedValue, VerificationError
from ledger.hashing import sha256
from ledger.types import Hash32, parse_hash, to_hex


class CorruptDocument(VerificationError):
    """What is stored under a content hash does not hash to it."""

    code = "corrupt_document"
    state: ClassVar[str] = "damaged"

    def __init__(self, content_hash: Hash32, reason: str) -> None:
        super().__init__(
            f"the stored document {to_hex(content_hash)} is {self.state}: {reason}",
            content_hash=to_hex(content_hash),
            reason=reason,
        )


class ErasedDocument(CorruptDocument):
    """What was stored there was destroyed on purpose."""

    code = "erased_document"
    state = "gone"

    def __init__(self, content_hash: Hash32) -> None:
        super().__init__(content_hash, "it was erased")


class LockedDocument(CorruptDocument):
    """The master key that leads to the document's own is not here; `master` is its id, if told."""

    code = "locked_document"
    state = "locked"

    def __init__(self, content_hash: Hash32, master: bytes | None) -> None:
        which = "that" if master is None else master.hex()
        super().__init__(content_hash, f"the master key {which} wraps its own, and is not here")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document lies: its frame's first byte in the pack of that name, and its length."""

    pack: str
    offset: int
    length: int


class _Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A frame's first line."""

    content_hash: str
    seed: str
    serial: str | None
    size: int
    sha256: str


_HEADS = msgspec.json.Decoder(_Head)
_ENCRYPTED: Final = b"\x01"
ENCRYPTING_ADDS: Final = len(_ENCRYPTED) + TAG_SIZE
"""Bytes that a frame is longer for being encrypted."""


def encode_frame(document: Sealed) -> bytes:
    """A document's frame, not encrypted yet."""
    commitment = document.commitment
    head = _Head(
        to_hex(commitment.content_hash),
        to_hex(commitment.seed),
        commitment.serial,
        len(document.raw),
        to_hex(sha256(document.raw)),
    )
    return b"%b\n%b\n" % (msgspec.json.encode(head), document.raw)


def place_frames(pack: str, frames: Iterable[bytes], more: int = 0) -> list[Place]:
    """Where each of these frames, `more` bytes longer, lies in a pack that holds them in order."""
    places, offset = [], 0
    for frame in frames:
        length = len(frame) + more
        places.append(Place(pack, offset, length))
        offset += length
    return places


def encrypt_frame(key: bytes, frame: bytes, content_hash: Hash32, org: Hash32) -> bytes:
    """A frame as it lies in a pack, under the document's own key."""
    return _ENCRYPTED + encrypt_document(key, frame, content_hash, org)


def is_encrypted(frame: bytes) -> bool:
    """Whether a frame, or its first byte, is encrypted."""
    return frame.startswith(_ENCRYPTED)


def decrypt_frame(key: bytes, frame: bytes, content_hash: Hash32, org: Hash32) -> bytes:
    """The frame that was encrypted. Raises CorruptDocument."""
    try:
        return decrypt_document(key, frame[len(_ENCRYPTED) :], content_hash, org)
    except WrongKey as error:
        raise CorruptDocument(content_hash, str(error)) from None


def is_erased(frame: bytes) -> bool:
    """Whether zeros were written over a frame."""
    return bool(frame) and not frame.strip(b"\0")


def read_head(line: bytes) -> tuple[Hash32, int] | None:
    """Content hash and size of the document behind a frame's first line; None if it is none."""
    try:
        head = _HEADS.decode(line)
        return parse_hash(head.content_hash), head.size
    except (msgspec.DecodeError, UnicodeDecodeError, MalformedValue):
        return None


def decode_frame(content_hash: Hash32, frame: bytes) -> Sealed:
    """The document in a frame, its content hash computed anew.

    Raises:
        CorruptDocument: any byte is not as it was written.
    """
    line, _, rest = frame.partition(b"\n")
    try:
        head = _HEADS.decode(line)
        found = seal(rest[:-1], head.serial, parse_hash(head.seed))
    except (msgspec.DecodeError, UnicodeDecodeError, DocumentError, MalformedValue) as error:
        raise CorruptDocument(content_hash, str(error)) from None
    if found.content_hash != content_hash:
        raise CorruptDocument(content_hash, f"it hashes to {to_hex(found.content_hash)}")
    if encode_frame(found) != frame:
        raise CorruptDocument(content_hash, "it is not spelt as it was stored")
    return found
