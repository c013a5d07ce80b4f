"""Makes of sent bytes a document that can be stored: read strictly, and committed to."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.documents.canonical import canonical_members, join_members, load_document
from ledger.documents.commitment import Commitment, commit_members, new_seed
from ledger.errors import DocumentError
from ledger.hashing import sha256
from ledger.types import Hash32


@dataclass(frozen=True, slots=True)
class Sealed:
    """A document as it was sent, and what its content hash commits to.

    `digest` is SHA-256 of its canonical form: equal documents have equal digests, however they
    are spelt, while each sealing has a content hash of its own.
    """

    raw: bytes
    commitment: Commitment
    digest: Hash32

    @property
    def content_hash(self) -> Hash32:
        """What the ledger knows the document by."""
        return self.commitment.content_hash


def seal(raw: bytes, serial: str | None = None, seed: bytes | None = None) -> Sealed:
    """Commit to a document (and the serial it is registered under) with a fresh seed, or `seed`.

    Raises:
        DocumentError: `raw` is no document, or has no members and no serial: the hash of nothing is
            the same for everybody, as no salt is in it.
        MalformedValue: the seed is not 32 bytes.
    """
    members = canonical_members(load_document(raw))
    if seed is None and serial is None and not members:
        raise DocumentError("the document must have a member")
    commitment = commit_members(members, new_seed() if seed is None else seed, serial)
    return Sealed(raw, commitment, sha256(join_members(members)))
