"""Where documents are kept: many in one file, all of it or none, checked when read."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from ledger.documents.packs import (
    CorruptDocument,
    Place,
    decode_frame,
    encode_frame,
    place_frames,
)
from ledger.documents.sealing import Sealed
from ledger.types import Hash32


class DocumentStore:
    """Documents in a local folder: `ab/<name>.pack` holds those that were stored together.

    Files are readable by their owner only. Each is written aside, flushed and renamed into
    place, so that after a crash all its documents are there, or none. Whoever stores remembers
    where each document lies; a pack that nobody remembers, because a crash came in between,
    takes up room and does no other harm: a content hash is random, and no other pack has it.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def save(self, documents: Sequence[Sealed]) -> list[Place]:
        """Keep documents, in one pack of their own; returns where each lies, in their order."""
        if not documents:
            return []
        pack = secrets.token_hex(16)
        frames = [encode_frame(document) for document in documents]
        _make_folder(self._path(pack).parent)
        _write(self._path(pack), frames)
        return place_frames(pack, frames)

    def load(self, content_hash: Hash32, place: Place) -> Sealed:
        """Read a document back from its place, recomputing its content hash.

        Raises:
            CorruptDocument: what is kept there does not hash to `content_hash`.
        """
        try:
            with self._path(place.pack).open("rb") as pack:
                frame = os.pread(pack.fileno(), place.length, place.offset)
        except FileNotFoundError:
            raise CorruptDocument(content_hash, f"its pack {place.pack} is missing") from None
        return decode_frame(content_hash, frame)

    def erase(self, place: Place) -> None:
        """Destroy a document: its bytes, its seed and its serial, which nothing else here holds.

        Zeros take their place, and are flushed; what stands beside it in the pack stays. That a
        pack is gone, or the document erased before, is no fault.
        """
        try:
            with self._path(place.pack).open("r+b") as pack:
                pack.seek(place.offset)
                pack.write(bytes(place.length))
                pack.flush()
                os.fsync(pack.fileno())
        except FileNotFoundError:
            return

    def _path(self, pack: str) -> Path:
        return self._root / pack[:2] / f"{pack}.pack"


def _make_folder(folder: Path) -> None:
    for path in reversed([folder, *folder.parents]):
        if not path.exists():
            path.mkdir(mode=0o700, exist_ok=True)
            _flush_folder(path.parent)


def _write(path: Path, parts: Iterable[bytes]) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".writing-")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    # A rename is only lasting once the folder that holds the name is flushed.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
