"""Reads an encrypted file from anywhere, a chunk at a time, never decrypted on a disk."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from typing import Final

from ledger.documents.ciphers import TAG_SIZE, ChunkCipher, WrongKey
from ledger.documents.packs import CorruptDocument
from ledger.types import Hash32

CHUNK: Final = 64 * 1024
"""Bytes of a file that are encrypted together."""

_AT_ONCE: Final = 16


class FileReader(io.RawIOBase):
    """A file that is kept, as if it lay there plain; closes the handle that it is given.

    Used by one thread at a time. Any read raises CorruptDocument where a chunk does not open.
    """

    def __init__(self, handle: int, cipher: ChunkCipher, content_hash: Hash32, size: int) -> None:
        super().__init__()
        self._handle, self._cipher = handle, cipher
        self._content_hash, self.size = content_hash, size
        self._at = 0
        self._last = max(0, size - 1) // CHUNK
        self._kept: tuple[int, bytes] | None = None

    def require_whole(self) -> None:
        """See that as much is there as was kept. Raises CorruptDocument."""
        wanted = self.size + (self._last + 1) * TAG_SIZE
        if (found := os.fstat(self._handle).st_size) != wanted:
            raise self._corrupt(f"it has {found} bytes on the disk, not {wanted}")

    def walk(self, begin: int, end: int) -> Iterator[bytes]:
        """The bytes from `begin` up to but not including `end`, in pieces of up to a megabyte."""
        self.seek(begin)
        while (left := end - self._at) > 0:
            yield self.read(min(left, CHUNK * _AT_ONCE - self._at % CHUNK))

    def walk_and_close(self, begin: int, end: int) -> Iterator[bytes]:
        """As `walk`; the file is let go of at the end, however it comes."""
        with self:
            yield from self.walk(begin, end)

    def digest(self) -> Hash32:
        """SHA-256 of the whole file, read anew."""
        digest = hashlib.sha256()
        for part in self.walk(0, self.size):
            digest.update(part)
        if not self.size:
            self._chunk(0)
        return digest.digest()

    # -- as any file is read -------------------------------------------------------------------

    def readable(self) -> bool:
        """It can be read."""
        return True

    def seekable(self) -> bool:
        """It can be read from anywhere."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go there; before the beginning or behind the end is no error, as of any file."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise ValueError("a place before the beginning of a file")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        """Where it is read next."""
        return self._at

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes: exactly so many, unless the file ends before."""
        left = max(0, self.size - self._at)
        wanted = left if size is None or size < 0 else min(size, left)
        parts = []
        while wanted > 0:
            number, skip = divmod(self._at, CHUNK)
            part = self._chunk(number)[skip : skip + wanted]
            parts.append(part)
            self._at += len(part)
            wanted -= len(part)
        return b"".join(parts)

    def readinto(self, buffer: bytearray, /) -> int:  # type: ignore[override]
        """As `read`, into a buffer."""
        part = self.read(len(buffer))
        buffer[: len(part)] = part
        return len(part)

    def close(self) -> None:
        """Let go of the file."""
        if not self.closed:
            os.close(self._handle)
        super().close()

    def _chunk(self, number: int) -> bytes:
        if self._kept is not None and self._kept[0] == number:
            return self._kept[1]
        kept = os.pread(self._handle, CHUNK + TAG_SIZE, number * (CHUNK + TAG_SIZE))
        try:
            raw = self._cipher.decrypt(number, kept, last=number == self._last)
        except WrongKey as error:
            raise self._corrupt(f"its bytes from {number * CHUNK} on: {error}") from None
        wanted = min(CHUNK, self.size - number * CHUNK)
        if len(raw) != wanted:
            raise self._corrupt(f"its bytes from {number * CHUNK} on are {len(raw)}, not {wanted}")
        self._kept = (number, raw)
        return raw

    def _corrupt(self, reason: str) -> CorruptDocument:
        return CorruptDocument(self._content_hash, reason)
