"""Where documents are kept: encrypted, many in one file, all of it or none, checked when read."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from ledger.documents.ciphers import new_key
from ledger.documents.key_files import make_keys
from ledger.documents.packs import (
    ENCRYPTING_ADDS,
    CorruptDocument,
    ErasedDocument,
    Place,
    decode_frame,
    decrypt_frame,
    encode_frame,
    encrypt_frame,
    is_encrypted,
    is_erased,
    place_frames,
)
from ledger.documents.private import make_folder, overwrite, write_whole
from ledger.documents.sealing import Sealed
from ledger.documents.vault import Vault
from ledger.types import Hash32


class DocumentStore:
    """Documents in a local folder: `ab/<name>.pack` holds those that were stored together.

    Each is encrypted under a key of its own, which lies in the vault, and is bound to its content
    hash and to who sent it. Files are readable by their owner only. Each is written aside, flushed
    and renamed into place, the keys first, so that after a crash all its documents are there, or
    none. Whoever stores remembers where each document lies; a pack or keys that nobody remembers,
    because a crash came in between, take up room and do no other harm: a content hash is random,
    and no other pack has it.
    """

    def __init__(self, root: Path, vault: Vault) -> None:
        self._root, self._vault = root, vault

    def save(self, documents: Sequence[Sealed], orgs: Sequence[Hash32]) -> list[Place]:
        """Keep documents of these senders, in one pack of their own; returns where each lies.

        Raises:
            BadMasterKey: no key can be wrapped.
        """
        if not documents:
            return []
        pack, file_key = secrets.token_hex(16), new_key()
        frames = [encode_frame(document) for document in documents]
        places = place_frames(pack, frames, ENCRYPTING_ADDS)
        keys, records = make_keys(file_key, [place.offset for place in places])
        self._vault.save(pack, file_key, [records])
        make_folder(self._path(pack).parent)
        encrypted = [
            encrypt_frame(key, frame, document.content_hash, org)
            for key, frame, document, org in zip(keys, frames, documents, orgs, strict=True)
        ]
        write_whole(self._path(pack), encrypted)
        return places

    def load(self, content_hash: Hash32, org: Hash32, place: Place) -> Sealed:
        """Read a document that `org` sent back from its place, recomputing its content hash.

        Raises:
            ErasedDocument: its key or its bytes were destroyed.
            LockedDocument: no master key is here that leads to its own.
            CorruptDocument: what is kept there is not what was kept.
        """
        try:
            with self._path(place.pack).open("rb") as pack:
                frame = os.pread(pack.fileno(), place.length, place.offset)
        except FileNotFoundError:
            raise CorruptDocument(content_hash, f"its pack {place.pack} is missing") from None
        if is_erased(frame):
            raise ErasedDocument(content_hash)
        if is_encrypted(frame):
            key = self._vault.find_key(place.pack, place.offset, content_hash)
            frame = decrypt_frame(key, frame, content_hash, org)
        return decode_frame(content_hash, frame)

    def erase(self, place: Place) -> None:
        """Destroy a document: its key, so that no copy of the pack tells it, then its bytes.

        Zeros take their place, and are flushed; what stands beside it in the pack stays. That a
        pack is gone, or the document erased before, is no fault.
        """
        self._vault.destroy(place.pack, place.offset)
        try:
            with self._path(place.pack).open("r+b") as pack:
                overwrite(pack.fileno(), place.offset, place.length)
        except FileNotFoundError:
            return

    def _path(self, pack: str) -> Path:
        return self._root / pack[:2] / f"{pack}.pack"
