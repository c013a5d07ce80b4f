"""Keeps the keys of documents, apart from what they open; destroyed here, a document is gone.

Each pack and each batch has a file of keys (`key_files`). Who adds one holds the folder together
with others, who changes one holds it alone: so a rotation of the master key misses none, and cannot
bring back what is destroyed meanwhile.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Final

from ledger.documents.ciphers import Wrapping, WrongKey, new_key
from ledger.documents.key_files import (
    HEAD_SIZE,
    RECORD_SIZE,
    Head,
    destroy_record,
    find_record,
    open_record,
    rewrap_records,
)
from ledger.documents.master import BadMasterKey, MasterKeys
from ledger.documents.packs import CorruptDocument, ErasedDocument, LockedDocument
from ledger.documents.private import destroy_file, left_behind, make_folder, write_whole
from ledger.errors import VerificationError
from ledger.types import Hash32

_SUFFIX: Final = ".keys"
_OPEN: Final = 4096
_RECORDS_AT_ONCE: Final = 1 << 14


class KeysNotRotated(VerificationError):
    """Some files of keys do not open, and stay under the master key before."""

    code = "keys_not_rotated"

    def __init__(self, faults: Sequence[str]) -> None:
        told = f"{len(faults)} files of keys stay as they were; {faults[0]}"
        super().__init__(told, faults=list(faults))


class Vault:
    """The keys in a folder, wrapped by the master key in a file; for many threads and processes.

    The master key is made with the first document that is kept, if there is none; never where keys
    are that another one wraps.
    """

    def __init__(self, folder: Path, master_file: Path) -> None:
        self._folder, self.master_file = folder, master_file
        self._root = str(folder)
        self._masters: tuple[tuple[int, ...], MasterKeys] | None = None
        self._open = lru_cache(_OPEN)(self._open_head)

    def prepare(self) -> None:
        """Have a master key. Raises BadMasterKey: it is missing, and documents need it."""
        if not self.master_file.exists():
            # In this order: another process may be making it, and keep the first keys at once.
            are_kept = self._folder.exists() and next(self._walk(), None) is not None
            if are_kept and not self.master_file.exists():
                reason = f"it is missing, and wraps the keys in {self._folder}"
                raise BadMasterKey(self.master_file, reason)
            MasterKeys.create(self.master_file)
        self._load_masters()

    def save(self, name: str, file_key: bytes, records: Iterable[bytes]) -> None:
        """Keep the keys of a pack or a batch, lastingly. Raises BadMasterKey."""
        path = self._path(name)
        make_folder(path.parent)
        with self._holding(fcntl.LOCK_SH):
            self.prepare()
            masters = self._load_masters()
            head = Head.make(masters.current, masters.wrapping[masters.current], file_key, name)
            write_whole(path, chain([head.encode()], records))

    def has(self, name: str) -> bool:
        """Whether the keys of a pack or a batch are here."""
        return self._path(name).exists()

    def find_key(self, name: str, label: int, content_hash: Hash32) -> bytes:
        """The key of the document of that label, which `content_hash` names if it has none.

        Raises:
            ErasedDocument: the key was destroyed.
            LockedDocument: no master key is here that opens it.
            CorruptDocument: the key is missing, or is damaged.
        """
        head, record = self._read(name, label, content_hash)
        try:
            key = open_record(self._open(name, head), record)
        except KeyError as error:
            if self._read(name, label, content_hash)[0] != head:  # a rotation ended meanwhile
                return self.find_key(name, label, content_hash)
            raise LockedDocument(content_hash, bytes(error.args[0])) from None
        except BadMasterKey as error:
            raise LockedDocument(content_hash, None) from error
        except WrongKey:
            raise CorruptDocument(content_hash, f"its key in {name}{_SUFFIX} is damaged") from None
        if key is None:
            raise ErasedDocument(content_hash)
        return key

    def destroy(self, name: str, label: int) -> None:
        """Destroy a key: zeros take its place, and are flushed. That it is gone is no fault."""
        if not self._folder.exists():
            return
        path = self._path(name)
        with self._holding(fcntl.LOCK_EX), _opened(path, os.O_RDWR) as handle:
            if handle is not None and (begin := find_record(handle, label)) is not None:
                destroy_record(handle, begin)
            for copy in left_behind(path):
                destroy_file(copy)

    def destroy_all(self, name: str) -> None:
        """Destroy all keys of a pack or a batch."""
        if self._folder.exists():
            with self._holding(fcntl.LOCK_EX):
                destroy_file(self._path(name))

    # -- rotation ------------------------------------------------------------------------------

    def rotate(self) -> int:
        """Wrap all keys under a fresh master key and destroy the one before; says how many files.

        Copies of these files from before cannot be opened any more. After an interruption it goes
        on where it was; documents can be read and kept meanwhile.

        Raises:
            BadMasterKey: there is none.
            KeysNotRotated: files cannot be opened; names the first, and leaves them the key before.
        """
        make_folder(self._folder)
        with self._holding(fcntl.LOCK_EX):
            MasterKeys.load(self.master_file).begin_rotation(self.master_file)
        done, faults = 0, list[str]()
        for path in sorted(self._walk()):
            try:
                done += self._rewrap(path)
            except WrongKey as error:
                faults.append(f"{path}: {error}")
            except KeyError as error:
                faults.append(f"{path}: no master key {error.args[0].hex()} is here")
        if faults:
            raise KeysNotRotated(faults)
        with self._holding(fcntl.LOCK_EX):
            self._load_masters().end_rotation(self.master_file)
        return done

    def _rewrap(self, path: Path) -> int:
        """Wrap a file's keys under the current master key; 0 if they are, or are gone."""
        with self._holding(fcntl.LOCK_EX), _opened(path, os.O_RDONLY) as handle:
            if handle is None:
                return 0
            masters, name = self._load_masters(), path.name.removesuffix(_SUFFIX)
            head = Head.decode(os.pread(handle, HEAD_SIZE, 0))
            if head.master == masters.current:
                return 0
            old = Wrapping(head.open(masters.wrapping[head.master], name))
            write_whole(path, _rewrapped(handle, old, name, masters))
            return 1

    # -- reading -------------------------------------------------------------------------------

    def _read(self, name: str, label: int, content_hash: Hash32) -> tuple[bytes, bytes]:
        # Opened each time, as a rotation puts another file in its place; and spelt plainly, as an
        # audit does this for each line of a batch.
        try:
            handle = os.open(f"{self._root}/{name[:2]}/{name}{_SUFFIX}", os.O_RDONLY)
        except FileNotFoundError:
            reason = f"its keys {name}{_SUFFIX} are missing"
            raise CorruptDocument(content_hash, reason) from None
        try:
            begin = find_record(handle, label)
            if begin is None:
                raise CorruptDocument(content_hash, f"its key in {name}{_SUFFIX} is missing")
            return os.pread(handle, HEAD_SIZE, 0), os.pread(handle, RECORD_SIZE, begin)
        finally:
            os.close(handle)

    def _open_head(self, name: str, raw: bytes) -> Wrapping:
        """What opens the keys of a file with that head. Raises WrongKey, BadMasterKey, KeyError."""
        head = Head.decode(raw)
        return Wrapping(head.open(self._load_masters().wrapping[head.master], name))

    def _load_masters(self) -> MasterKeys:
        """The master keys as the file has them now."""
        try:
            found = self.master_file.stat()
        except OSError as error:
            raise BadMasterKey(self.master_file, str(error.strerror)) from None
        state = (found.st_ino, found.st_mtime_ns, found.st_size)
        if self._masters is None or self._masters[0] != state:
            self._masters = (state, MasterKeys.load(self.master_file))
        return self._masters[1]

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / (name + _SUFFIX)

    def _walk(self) -> Iterator[Path]:
        return self._folder.glob(f"*/*{_SUFFIX}")

    @contextmanager
    def _holding(self, how: int) -> Iterator[None]:
        """Hold the folder, alone or together with others; ends with the process that has it."""
        handle = os.open(self._folder, os.O_RDONLY)
        try:
            fcntl.flock(handle, how)
            yield
        finally:
            os.close(handle)


def _rewrapped(handle: int, old: Wrapping, name: str, masters: MasterKeys) -> Iterator[bytes]:
    file_key = new_key()
    new = Wrapping(file_key)
    yield Head.make(masters.current, masters.wrapping[masters.current], file_key, name).encode()
    at = HEAD_SIZE
    while records := os.pread(handle, RECORD_SIZE * _RECORDS_AT_ONCE, at):
        yield rewrap_records(old, new, records)
        at += len(records)


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int | None]:
    """A file that is open meanwhile; None if it is not there."""
    try:
        handle = os.open(path, flags)
    except FileNotFoundError:
        yield None
        return
    try:
        yield handle
    finally:
        os.close(handle)
