"""Takes in the lines of a batch as they arrive: written, committed to, checked, kept whole or not.

Lines are encrypted before they are written. A fresh folder is written aside, its keys go to the
vault, every file is flushed, and then the folder is renamed to the batch's id: after a crash the
batch is there whole or not at all, and what was written aside is cleaned at the start.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import struct
import tempfile
from array import array
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, NoReturn

from ledger.documents.batch_files import (
    ABOUT,
    BY_HASH,
    HASHES,
    NODES,
    PENDING,
    SERIALS,
    About,
    BatchFile,
    take_hold,
)
from ledger.documents.batch_index import Column, write_index
from ledger.documents.batch_keeping import ENDS, LINES, SEED, FindKey
from ledger.documents.batch_lines import LONGEST_LINE, LineFault
from ledger.documents.batch_portions import (
    MOST_FAULTS,
    Committed,
    Crew,
    Portion,
    commit_portion,
)
from ledger.documents.batch_tree import write_tree
from ledger.documents.ciphers import TAG_SIZE, Wrapping, new_key
from ledger.documents.commitment import new_seed
from ledger.documents.key_files import RECORD_SIZE, encode_record, open_record
from ledger.documents.packs import ErasedDocument
from ledger.documents.private import create_private, flush_path
from ledger.documents.vault import Vault
from ledger.errors import DocumentError
from ledger.types import Hash32

MOST_LINES: Final = 2**24 - 1
"""Assets that a batch may have: its ids end with 24 bits, of which zero is the batch's own."""

WRITING: Final = ".writing-"
_PORTION: Final = 2 * 1024 * 1024
_SMALL: Final = 512 * 1024
_READ: Final = 2**20
_KEYS: Final = "keys"
_RECORDS: Final = "records"


class BadLines(DocumentError):
    """Lines of a batch cannot be accepted; `faults` are the first of them."""

    code = "invalid_document"

    def __init__(self, faults: list[LineFault]) -> None:
        told = "; ".join(f"line {one.line}{one.path}: {one.reason}" for one in faults[:3])
        super().__init__(told)
        self.message = told
        self.faults = faults


class BatchWriter:
    """One batch on its way in; used by one thread at a time, and ended by `keep` or `discard`."""

    def __init__(self, root: Path, vault: Vault, org: Hash32, on_end: Callable[[], None]) -> None:
        self._vault, self._org, self._on_end = vault, org, on_end
        self.folder = Path(tempfile.mkdtemp(prefix=WRITING, dir=root))  # mode 0700
        self._hold = take_hold(self.folder)
        self._crew = Crew()
        self._seed, self._file_key = new_seed(), new_key()
        self._digest = hashlib.sha256()
        self._columns = [
            create_private(self.folder / name) for name in (LINES, ENDS, HASHES, _KEYS, _RECORDS)
        ]
        self._columns[-1].write(encode_record(Wrapping(self._file_key), SEED, self._seed))
        self._waiting = bytearray()
        self._under_way: deque[Future[Committed]] = deque()
        self._faults: list[LineFault] = []
        self._received = self._placed = self._count = 0
        self._break = 0  # in what waits: after the last line that is complete
        self._breaks = 0  # lines before that
        self._ended = False
        self._name: str | None = None  # of its keys in the vault

    def feed(self, body: bytes) -> None:
        """Take the next bytes; waits while the processes have enough to do.

        Raises:
            BadLines: lines that cannot be accepted came before, as many as are told at once.
        """
        self._digest.update(body)
        at = body.rfind(b"\n")
        if at >= 0:
            self._break = len(self._waiting) + at + 1
            self._breaks += body.count(b"\n")
        self._waiting += body
        self._received += len(body)
        if len(self._waiting) - self._break > LONGEST_LINE:
            line = self._count + self._breaks + 1
            self._fail(LineFault(line, "", None, f"is longer than {LONGEST_LINE} bytes"))
        if self._break >= _PORTION:
            self._begin()
        while len(self._under_way) > 2 * self._crew.size:
            self._collect()

    def finish(self) -> tuple[About, BatchFile]:
        """What the lines come to, once all are fed.

        Raises:
            BadLines: some cannot be accepted, or give one serial twice.
        """
        if self._break < len(self._waiting):  # the last line may lack its end
            self._break, self._breaks = len(self._waiting), self._breaks + 1
        if self._break:
            self._begin()
        while self._under_way:
            self._collect()
        if self._faults:
            raise BadLines(self._faults)
        if not self._count:
            raise BadLines([LineFault(1, "", None, "is missing: a batch has one asset or more")])
        for file in self._columns:
            file.close()
        by_serial = self._crew.begin(_index_serials, self.folder, small=self._is_small())
        root = self._crew.begin(_index_hashes, self.folder, small=self._is_small()).result()
        by_serial.result()
        (self.folder / _KEYS).unlink()
        about = About(self._count, root, self._digest.digest(), self._received, self._org)
        _write(self.folder / ABOUT, about.encode())
        batch = BatchFile(self.folder, self._key_finder())
        self._refuse_repeated(batch)
        return about, batch

    def keep(self, batch: Hash32) -> None:
        """Have the lines kept under the batch's id, flushed; they stay held until the end."""
        self._crew.dismiss()
        kept = self.folder.with_name(batch.hex())
        if kept.exists():
            raise FileExistsError(errno.EEXIST, "the batch is kept already", str(kept))
        self._keep_keys(kept.name)
        create_private(self.folder / PENDING).close()
        for path in self.folder.iterdir():
            flush_path(path)
        flush_path(self.folder)
        os.rename(self.folder, kept)
        self.folder = kept
        flush_path(kept.parent)

    def release(self) -> None:
        """Let go of what is kept: something else speaks for it now."""
        (self.folder / PENDING).unlink()
        self._end()

    def leave(self) -> None:
        """Let go of what is kept, as nobody knows whether anything speaks for it: `clean` asks."""
        self._end()

    def discard(self) -> None:
        """Drop everything, kept or not; nothing happens once it is let go of."""
        if self._ended:
            return
        for waiting in self._under_way:
            waiting.cancel()
        self._crew.dismiss()
        try:
            for file in self._columns:
                file.close()
        finally:
            shutil.rmtree(self.folder)
            if self._name:
                self._vault.destroy_all(self._name)
            self._end()

    def _key_finder(self) -> FindKey:
        """Finds keys before they are kept, and while they are no one else's."""
        records, wrapping = Column(self.folder / _RECORDS).bytes, Wrapping(self._file_key)

        def find(label: int, content_hash: Hash32) -> bytes:
            key = open_record(wrapping, bytes(records[RECORD_SIZE * label :][:RECORD_SIZE]))
            if key is None:
                raise ErasedDocument(content_hash)
            return key

        return find

    def _keep_keys(self, name: str) -> None:
        """Move the keys, which lie here in the order of their labels, into the vault."""
        with (self.folder / _RECORDS).open("rb") as file:
            self._name = name
            self._vault.save(name, self._file_key, iter(partial(file.read, _READ), b""))
        (self.folder / _RECORDS).unlink()

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            if self._hold is not None:
                os.close(self._hold)
            self._on_end()

    def _begin(self) -> None:
        """Have the complete lines that nobody has yet committed to."""
        if self._count + self._breaks > MOST_LINES:
            reason = f"is one too many: a batch has {MOST_LINES} assets at most"
            self._fail(LineFault(MOST_LINES + 1, "", None, reason))
        body = bytes(self._waiting[: self._break])
        del self._waiting[: self._break]
        portion = Portion(
            body, self._count + 1, self._placed, self._org, self._seed, self._file_key
        )
        self._under_way.append(self._crew.begin(commit_portion, portion, small=self._is_small()))
        # Each line loses its end, which the last may lack, and gains a tag.
        self._placed += len(body) - body.count(b"\n") + TAG_SIZE * self._breaks
        self._count, self._break, self._breaks = self._count + self._breaks, 0, 0

    def _is_small(self) -> bool:
        """Whether processes of their own would take longer to begin than the work to do."""
        return self._received <= _SMALL

    def _collect(self) -> None:
        done = self._under_way.popleft().result()
        self._faults += done.faults
        if len(self._faults) >= MOST_FAULTS:
            raise BadLines(self._faults[:MOST_FAULTS])
        columns = (done.lines, done.ends, done.hashes, done.keys, done.records)
        for file, column in zip(self._columns, columns, strict=True):
            file.write(column)

    def _fail(self, fault: LineFault) -> NoReturn:
        while self._under_way:
            self._collect()
        raise BadLines([*self._faults, fault][:MOST_FAULTS])

    def _refuse_repeated(self, batch: BatchFile) -> None:
        faults = [
            LineFault(line, "/serial", batch.read(line).serial, f"is line {first}'s already")
            for first, line in islice(batch.find_repeated(), MOST_FAULTS)
        ]
        if faults:
            raise BadLines(sorted(faults, key=lambda one: one.line))


def _index_serials(folder: Path) -> None:
    keys = array("Q")
    with (folder / _KEYS).open("rb") as file:
        keys.frombytes(file.read())
    write_index(keys, folder / SERIALS[0], folder / SERIALS[1])


def _index_hashes(folder: Path) -> Hash32:
    """Index a batch's content hashes, keep a level of their tree, and return the root."""
    with (folder / HASHES).open("rb") as file:
        keys = array("Q")
        while hashes := file.read(_READ):
            keys.extend(key for (key,) in struct.iter_unpack(">Q24x", hashes))
    write_index(keys, folder / BY_HASH[0], folder / BY_HASH[1])
    return write_tree(folder / HASHES, folder / NODES)


def _write(path: Path, content: bytes) -> None:
    with create_private(path) as file:
        file.write(content)
