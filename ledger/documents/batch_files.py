"""A batch's folder: what its files are called, and how one line's asset is read from them.

| file | holds |
|---|---|
| `lines.ndjson` | the lines, byte for byte as they were sent |
| `ends` | where each line ends, 8 bytes each |
| `hashes` | each line's content hash, 32 bytes each: the tree's leaves |
| `nodes` | the tree's kept level |
| `serial.keys`, `serial.order` | the index by serial |
| `hash.keys`, `hash.order` | the index by content hash |
| `batch.json` | size, root, digest of the lines, and the seed that opens all of them |
| `pending` | nothing; there until whoever asked for the batch has committed to it |

Numbers are in the machine's own order: the files are rebuilt from lines and seed, not moved.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from ledger.documents.batch_index import Column, Index, hash_key, serial_key
from ledger.documents.batch_lines import BirthLine, member_seed, read_line
from ledger.documents.batch_tree import HASH_SIZE, find_path
from ledger.documents.packs import CorruptDocument
from ledger.documents.sealing import Sealed, seal
from ledger.types import Hash32, parse_hash, to_hex

LINES: Final = "lines.ndjson"
ENDS: Final = "ends"
HASHES: Final = "hashes"
NODES: Final = "nodes"
SERIALS: Final = ("serial.keys", "serial.order")
BY_HASH: Final = ("hash.keys", "hash.order")
ABOUT: Final = "batch.json"
PENDING: Final = "pending"


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a batch's lines; `digest` is the SHA-256 of the file."""

    size: int
    root: Hash32
    digest: Hash32
    length: int
    seed: bytes

    def encode(self) -> bytes:
        """As `batch.json` holds it."""
        told = {"size": self.size, "length": self.length}
        told |= {name: to_hex(getattr(self, name)) for name in ("root", "digest", "seed")}  # type: ignore[misc]
        return msgspec.json.encode(told, order="sorted")

    @classmethod
    def decode(cls, raw: bytes) -> About:
        """Read `batch.json`."""
        told = msgspec.json.decode(raw)
        hashes = {name: parse_hash(told[name], name) for name in ("root", "digest", "seed")}
        return cls(size=told["size"], length=told["length"], **hashes)


class BatchFile:
    """A batch that is kept: its lines' assets by index (from 1), serial or content hash.

    Every lookup reads a few places of mapped files, however many lines there are.
    """

    def __init__(self, folder: Path) -> None:
        self.about = About.decode((folder / ABOUT).read_bytes())
        self._lines = Column(folder / LINES).bytes
        self._ends = Column(folder / ENDS).numbers("Q")
        self._hashes = Column(folder / HASHES).bytes
        self._nodes = Column(folder / NODES).bytes
        self.serials = Index(folder / SERIALS[0], folder / SERIALS[1])
        self._by_hash = Index(folder / BY_HASH[0], folder / BY_HASH[1])

    def read(self, index: int) -> BirthLine:
        """What line `index` says."""
        return read_line(self._line(index))

    def content_hash(self, index: int) -> Hash32:
        """The content hash of the asset `index`."""
        return bytes(self._hashes[(index - 1) * HASH_SIZE : index * HASH_SIZE])

    def path(self, index: int) -> list[Hash32]:
        """The path from the asset's content hash to the root."""
        return find_path(self._hashes, self._nodes, index - 1)

    def load(self, index: int) -> Sealed:
        """The document of the asset `index`, its content hash computed anew.

        Raises:
            CorruptDocument: what is kept does not hash to the asset's content hash.
        """
        birth = self.read(index)
        found = seal(birth.document, birth.serial, member_seed(self.about.seed, index))
        wanted = self.content_hash(index)
        if found.content_hash != wanted:
            raise CorruptDocument(wanted, f"it hashes to {to_hex(found.content_hash)}")
        return found

    def find_serial(self, serial: str) -> int | None:
        """Which asset has the serial."""
        found = (at + 1 for at in self.serials.find(serial_key(serial)))
        return next((index for index in found if self.read(index).serial == serial), None)

    def find_hash(self, content_hash: Hash32) -> int | None:
        """Which asset has the content hash."""
        found = (at + 1 for at in self._by_hash.find(hash_key(content_hash)))
        return next((i for i in found if self.content_hash(i) == content_hash), None)

    def find_repeated(self) -> Iterator[tuple[int, int]]:
        """Lines that give a serial again, each behind the first that gives it."""
        for key in self.serials.repeated():
            first: dict[str, int] = {}
            for index in sorted(at + 1 for at in self.serials.find(key)):
                serial = self.read(index).serial
                if serial in first:
                    yield first[serial], index
                first.setdefault(serial, index)

    def find_shared(self, other: BatchFile) -> Iterator[tuple[int, int]]:
        """The lines of both whose serial is the same."""
        for key in self.serials.common(other.serials):
            for at in self.serials.find(key):
                shared = other.find_serial(self.read(at + 1).serial)
                if shared is not None:
                    yield at + 1, shared

    def _line(self, index: int) -> bytes:
        begin = self._ends[index - 2] if index > 1 else 0
        return bytes(self._lines[begin : self._ends[index - 1]]).rstrip(b"\n")


def take_hold(folder: Path) -> int | None:
    """Hold a folder that somebody may be writing, until the handle is closed; None if held.

    The hold ends with the process that has it, whatever ends that.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


def flush(path: Path) -> None:
    """Have a file or folder survive the machine."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
