"""Where files are kept: one encrypted file each, read from anywhere; crashes leave nothing.

`files/ab/<name>` has a file's chunks, `files/arriving/<name>` those of one on its way in;
`files/leaving/<name>` notes that one is taken back. The key of each lies in the vault under its
name.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ledger.documents.batch_files import take_hold
from ledger.documents.ciphers import ChunkCipher
from ledger.documents.file_reading import FileReader
from ledger.documents.file_writing import LABEL, FileWriter, context_of, new_name, settle
from ledger.documents.leaving import Leaving
from ledger.documents.packs import CorruptDocument
from ledger.documents.private import destroy_file, make_folder
from ledger.documents.vault import Vault
from ledger.types import Hash32

_ARRIVING: Final = "arriving"
_LEAVING: Final = "leaving"


class FileStore:
    """The files in a folder that only their owner may read; safe to use from many threads."""

    def __init__(self, root: Path, vault: Vault) -> None:
        self._root, self._vault = root, vault
        self.leaving = Leaving(root / _LEAVING)

    def begin(self, org: Hash32) -> FileWriter:
        """A file of this organisation on its way in, which must be discarded in the end.

        Raises:
            BadMasterKey: no key can be wrapped.
        """
        arriving = self._root / _ARRIVING
        make_folder(arriving)
        self._vault.prepare()
        name = new_name()
        return FileWriter(arriving, self._path(name), name, self._vault, org)

    def open(
        self, name: str, content_hash: Hash32, org: Hash32, seed: bytes, size: int
    ) -> FileReader:
        """Read a file that `org` sent, whose content hash `seed` opens.

        Raises:
            ErasedDocument: its key was destroyed.
            LockedDocument: no master key is here that leads to its own.
            CorruptDocument: it is not there, or has not the size that it had.
        """
        key = self._vault.find_key(name, LABEL, content_hash)
        handle = self._open(name)
        if handle is None:
            self._vault.find_key(name, LABEL, content_hash)  # it may have been erased just now
            raise CorruptDocument(content_hash, f"its file {name} is missing")
        reader = FileReader(handle, ChunkCipher(key, context_of(org, seed)), content_hash, size)
        try:
            reader.require_whole()
        except CorruptDocument:
            reader.close()
            raise
        return reader

    def erase(self, name: str) -> None:
        """Destroy a file: its key, so that no copy of it tells anything, then its bytes.

        That it is gone is no fault.
        """
        self._vault.destroy(name, LABEL)
        for path in (self._path(name), self._root / _ARRIVING / name):
            destroy_file(path)

    def clean(self, is_known: Callable[[str], bool]) -> None:
        """Settle what a crash left among those that arrive; destroy what nobody remembers."""
        arriving = self._root / _ARRIVING
        for path in sorted(arriving.iterdir()) if arriving.exists() else ():
            held = take_hold(path)
            if held is None:
                continue
            try:
                if is_known(path.name):
                    settle(path, self._path(path.name))
                else:
                    destroy_file(path)
                    self._vault.destroy_all(path.name)
            finally:
                os.close(held)

    def _open(self, name: str) -> int | None:
        # In this order, as one that arrives may get its place meanwhile.
        for path in (self._root / _ARRIVING / name, self._path(name)):
            try:
                return os.open(path, os.O_RDONLY)
            except FileNotFoundError:
                continue
        return None

    def _path(self, name: str) -> Path:
        return self._root / name[:2] / name
