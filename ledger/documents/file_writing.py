"""A file on its way in: hashed and encrypted while it arrives, never whole in memory."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from pathlib import Path
from typing import Final

from ledger.documents.batch_files import take_hold
from ledger.documents.ciphers import ChunkCipher, Wrapping, new_key
from ledger.documents.commitment import new_seed
from ledger.documents.file_reading import CHUNK, FileReader
from ledger.documents.key_files import encode_record
from ledger.documents.private import create_private, destroy_file, flush_path, make_folder
from ledger.documents.vault import Vault
from ledger.hashing import hmac_sha256
from ledger.types import ZERO_HASH, Hash32

LABEL: Final = 0
"""The label of the file's key among its keys: it is the only one."""


def context_of(org: Hash32, seed: bytes) -> bytes:
    """What a file's chunks are bound to: who sent it, and the secret that its hash is opened by."""
    return org + hmac_sha256(seed, b'["file"]')


class FileWriter:
    """One file on its way in; used by one thread at a time, and ended by `discard`.

    It lies among those that arrive, held by this process, until `settle` puts it in its place. What
    is not settled when it is discarded is destroyed.
    """

    def __init__(self, arriving: Path, place: Path, name: str, vault: Vault, org: Hash32) -> None:
        self.name, self.seed = name, new_seed()
        self.size = 0
        self._vault, self._place = vault, place
        self._key = new_key()
        self._context = context_of(org, self.seed)
        self._cipher = ChunkCipher(self._key, self._context)
        self._digest, self._waiting, self._number = hashlib.sha256(), bytearray(), 0
        self._path = arriving / name
        self._file = create_private(self._path)
        self._hold = take_hold(self._path)
        self._is_settled = False

    def feed(self, part: bytes) -> None:
        """Take the next bytes."""
        self._digest.update(part)
        self.size += len(part)
        self._waiting += part
        while len(self._waiting) > CHUNK:  # the last chunk is not known before the end
            self._write(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]

    def finish(self) -> Hash32:
        """SHA-256 of the file, once all is fed; it is lasting then, and so is its key."""
        self._write(bytes(self._waiting), last=True)
        self._waiting.clear()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        flush_path(self._path.parent)
        file_key = new_key()
        record = encode_record(Wrapping(file_key), LABEL, self._key)
        self._vault.save(self.name, file_key, [record])
        return self._digest.digest()

    def open(self) -> FileReader:
        """Read what was fed and finished."""
        handle = os.open(self._path, os.O_RDONLY)
        cipher = ChunkCipher(self._key, self._context)
        return FileReader(handle, cipher, ZERO_HASH, self.size)

    def settle(self) -> None:
        """Put it in its place: somebody remembers it now."""
        settle(self._path, self._place)
        self._is_settled = True

    def leave(self) -> None:
        """Let it lie among those that arrive: the next start sees whether it is remembered."""
        self._is_settled = True

    def discard(self) -> None:
        """End: destroy what was not settled, and its key."""
        with contextlib.suppress(OSError):  # a full disk: what waits cannot be written
            self._file.close()
        try:
            if not self._is_settled:
                destroy_file(self._path)
                self._vault.destroy_all(self.name)
        finally:
            if self._hold is not None:
                os.close(self._hold)
                self._hold = None

    def _write(self, raw: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(self._number, raw, last=last))
        self._number += 1


def settle(arrived: Path, place: Path) -> None:
    """Move a file into its place, lastingly."""
    make_folder(place.parent)
    os.replace(arrived, place)
    flush_path(place.parent)
    flush_path(arrived.parent)


def new_name() -> str:
    """A fresh name for a file; random, and no other has it."""
    return secrets.token_hex(16)
