"""A batch's folder: what its files are called, and how one line's asset is read from them.

| file | holds |
|---|---|
| `lines` | the lines, each encrypted under a key of its own, which lies in the vault |
| `line-ends` | where each line ends there, 8 bytes each |
| `hashes` | each line's content hash, 32 bytes each: the tree's leaves |
| `nodes` | the tree's kept level |
| `serial.keys`, `serial.order` | the index by serial |
| `hash.keys`, `hash.order` | the index by content hash |
| `batch.json` | size, root, digest of the lines as they were sent, and who sent them |
| `pending` | nothing; there until whoever asked for the batch has committed to it |

The seed that opens all content hashes lies among the keys. Older batches have it in `batch.json`,
and their lines as they were sent in `lines.ndjson`, with `ends`.

Numbers are in the machine's own order: the files are rebuilt from lines and seed, not moved.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from ledger.documents.batch_index import Column, Index, hash_key, serial_key
from ledger.documents.batch_keeping import EncryptedLines, FindKey, Lines, PlainLines
from ledger.documents.batch_lines import BadLine, BirthLine, member_seed, read_line
from ledger.documents.batch_tree import HASH_SIZE, find_path
from ledger.documents.canonical import BadDocument
from ledger.documents.packs import CorruptDocument, ErasedDocument
from ledger.documents.sealing import Sealed, seal
from ledger.types import ZERO_HASH, Hash32, parse_hash, to_hex

HASHES: Final = "hashes"
NODES: Final = "nodes"
SERIALS: Final = ("serial.keys", "serial.order")
BY_HASH: Final = ("hash.keys", "hash.order")
ABOUT: Final = "batch.json"
PENDING: Final = "pending"

_EITHER: Final = ("org", "seed")


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a batch's lines; `digest` is the SHA-256 of what was sent, `org` sent it.

    Only older batches have the `seed` here, and no `org`.
    """

    size: int
    root: Hash32
    digest: Hash32
    length: int
    org: Hash32 | None
    seed: bytes | None = field(default=None, repr=False)

    def encode(self) -> bytes:
        """As `batch.json` holds it."""
        told: dict[str, object] = {"size": self.size, "length": self.length}
        for name in ("root", "digest", *_EITHER):
            if (value := getattr(self, name)) is not None:
                told[name] = to_hex(value)
        return msgspec.json.encode(told, order="sorted")

    @classmethod
    def decode(cls, raw: bytes) -> About:
        """Read `batch.json`."""
        told = msgspec.json.decode(raw)
        hashes = {name: parse_hash(told[name], name) for name in ("root", "digest")}
        org, seed = (parse_hash(told[name], name) if name in told else None for name in _EITHER)
        return cls(size=told["size"], length=told["length"], **hashes, org=org, seed=seed)


class BatchFile:
    """A batch that is kept: its lines' assets by index (from 1), serial or content hash.

    Every lookup reads a few places of mapped files, however many lines there are.
    """

    def __init__(self, folder: Path, find_key: FindKey) -> None:
        self.about = About.decode((folder / ABOUT).read_bytes())
        self._lines = _open_lines(folder, self.about, find_key)
        self._hashes = Column(folder / HASHES).bytes
        self._nodes = Column(folder / NODES).bytes
        self.serials = Index(folder / SERIALS[0], folder / SERIALS[1])
        self._by_hash = Index(folder / BY_HASH[0], folder / BY_HASH[1])

    @property
    def is_encrypted(self) -> bool:
        """Whether each line has a key of its own, which can be destroyed."""
        return self.about.seed is None

    def read(self, index: int) -> BirthLine:
        """What line `index` says. Raises CorruptDocument."""
        content_hash = self.content_hash(index)
        try:
            return read_line(self._lines.read(index, content_hash))
        except BadLine as error:  # it was none when it was accepted
            raise CorruptDocument(content_hash, f"its line {error.reason}") from None

    def find(self, index: int) -> BirthLine | None:
        """As `read`; None if the line was erased."""
        try:
            return self.read(index)
        except ErasedDocument:
            return None

    def content_hash(self, index: int) -> Hash32:
        """The content hash of the asset `index`."""
        return bytes(self._hashes[(index - 1) * HASH_SIZE : index * HASH_SIZE])

    def path(self, index: int) -> list[Hash32]:
        """The path from the asset's content hash to the root."""
        return find_path(self._hashes, self._nodes, index - 1)

    def load(self, index: int) -> Sealed:
        """The document of the asset `index`, its content hash computed anew.

        Raises:
            ErasedDocument: its key was destroyed.
            LockedDocument: no master key is here that leads to its own.
            CorruptDocument: what is kept does not hash to the asset's content hash.
        """
        birth, wanted = self.read(index), self.content_hash(index)
        try:
            seed = member_seed(self._lines.find_seed(wanted), index)
            found = seal(birth.document, birth.serial, seed)
        except BadDocument as error:
            raise CorruptDocument(wanted, str(error)) from None
        if found.content_hash != wanted:
            raise CorruptDocument(wanted, f"it hashes to {to_hex(found.content_hash)}")
        return found

    def find_serial(self, serial: str) -> int | None:
        """Which asset has the serial."""
        found = (at + 1 for at in self.serials.find(serial_key(serial)))
        return next((index for index in found if self._serial(index) == serial), None)

    def find_hash(self, content_hash: Hash32) -> int | None:
        """Which asset has the content hash."""
        found = (at + 1 for at in self._by_hash.find(hash_key(content_hash)))
        return next((i for i in found if self.content_hash(i) == content_hash), None)

    def find_repeated(self) -> Iterator[tuple[int, int]]:
        """Lines that give a serial again, each behind the first that gives it."""
        for key in self.serials.repeated():
            first: dict[str, int] = {}
            for index in sorted(at + 1 for at in self.serials.find(key)):
                serial = self._serial(index)
                if serial in first:
                    yield first[serial], index
                if serial is not None:
                    first.setdefault(serial, index)

    def find_shared(self, other: BatchFile) -> Iterator[tuple[int, int]]:
        """The lines of both whose serial is the same."""
        for key in self.serials.common(other.serials):
            for at in self.serials.find(key):
                serial = self._serial(at + 1)
                shared = None if serial is None else other.find_serial(serial)
                if shared is not None:
                    yield at + 1, shared

    def _serial(self, index: int) -> str | None:
        """The serial that a line gives; None if the line was erased, and its serial with it."""
        birth = self.find(index)
        return None if birth is None else birth.serial


def _open_lines(folder: Path, about: About, find_key: FindKey) -> Lines:
    if about.seed is not None:
        return PlainLines(folder, about.seed)
    return EncryptedLines(folder, about.org or ZERO_HASH, find_key)


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
