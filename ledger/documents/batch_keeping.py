"""How a batch's lines are kept: each under a key of its own, or plain, as they once were."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from ledger.documents.batch_index import Column
from ledger.documents.ciphers import WrongKey, decrypt_document
from ledger.documents.packs import CorruptDocument
from ledger.types import Hash32

LINES: Final = "lines"
ENDS: Final = "line-ends"
PLAIN_LINES: Final = "lines.ndjson"
PLAIN_ENDS: Final = "ends"

SEED: Final = 0
"""The label of the batch's seed among its keys; a line's is its number, from 1."""

FindKey = Callable[[int, Hash32], bytes]
"""Finds the key of a label, as `Vault.find_key` does."""


class Lines(Protocol):
    """The lines of a batch, by number from 1."""

    def read(self, index: int, content_hash: Hash32) -> bytes:
        """A line, without its end. Raises CorruptDocument."""

    def find_seed(self, wanted_for: Hash32) -> bytes:
        """The seed that opens all content hashes. Raises CorruptDocument of the one it is for."""


class EncryptedLines:
    """Lines that `org` sent, each under a key of its own."""

    def __init__(self, folder: Path, org: Hash32, find_key: FindKey) -> None:
        self._lines = Column(folder / LINES).bytes
        self._ends = Column(folder / ENDS).numbers("Q")
        self._org, self._find_key = org, find_key
        self._seed: bytes | None = None

    def read(self, index: int, content_hash: Hash32) -> bytes:
        """A line, decrypted. Raises ErasedDocument, LockedDocument, CorruptDocument."""
        key = self._find_key(index, content_hash)
        kept = self._lines[_begin(self._ends, index) : self._ends[index - 1]]
        try:
            return decrypt_document(key, bytes(kept), content_hash, self._org)
        except WrongKey as error:
            raise CorruptDocument(content_hash, str(error)) from None

    def find_seed(self, wanted_for: Hash32) -> bytes:
        """The seed, which is kept as keys are. Raises LockedDocument, CorruptDocument."""
        if self._seed is None:
            self._seed = self._find_key(SEED, wanted_for)
        return self._seed


class PlainLines:
    """Lines of a batch from before lines were encrypted."""

    def __init__(self, folder: Path, seed: bytes) -> None:
        self._lines = Column(folder / PLAIN_LINES).bytes
        self._ends = Column(folder / PLAIN_ENDS).numbers("Q")
        self._seed = seed

    def read(self, index: int, content_hash: Hash32) -> bytes:  # noqa: ARG002 - as the others
        """A line as it lies there."""
        return bytes(self._lines[_begin(self._ends, index) : self._ends[index - 1]]).rstrip(b"\n")

    def find_seed(self, wanted_for: Hash32) -> bytes:  # noqa: ARG002 - as the others
        """The seed, which lay beside the lines."""
        return self._seed


def _begin(ends: memoryview[int], index: int) -> int:
    return ends[index - 2] if index > 1 else 0
