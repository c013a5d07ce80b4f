"""Where batches are kept: a folder each, under their id; what a crash left behind is cleaned."""

from __future__ import annotations

import os
import shutil
import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from ledger.documents.batch_files import PENDING, BatchFile, take_hold
from ledger.documents.batch_writer import WRITING, BatchWriter
from ledger.documents.private import make_folder
from ledger.documents.vault import Vault
from ledger.errors import LedgerError
from ledger.types import Hash32

AT_ONCE: Final = 2
"""Batches that one process takes in at once; each has all cores to work for it."""

_OPEN: Final = 64


class BatchesBusy(LedgerError):
    """As many batches as are taken in at once are on their way in; try again."""

    code = "batches_busy"


class BatchStore:
    """The batches in a folder that only their owner may read; safe to use from many threads."""

    def __init__(self, root: Path, vault: Vault) -> None:
        self._root, self._vault = root, vault
        self._open: OrderedDict[Hash32, BatchFile] = OrderedDict()
        self._lock = threading.Lock()
        self._turns = threading.BoundedSemaphore(AT_ONCE)

    def begin(self, org: Hash32) -> BatchWriter:
        """A batch of this organisation on its way in, which must be released or discarded.

        Raises:
            BatchesBusy: as many as may be at once are on their way in.
        """
        if not self._turns.acquire(blocking=False):
            raise BatchesBusy(f"{AT_ONCE} batches are on their way in")
        try:
            make_folder(self._root)
            return BatchWriter(self._root, self._vault, org, self._turns.release)
        except BaseException:
            self._turns.release()
            raise

    def find(self, batch: Hash32) -> BatchFile | None:
        """The batch, if it is kept here."""
        with self._lock:
            if kept := self._open.get(batch):
                self._open.move_to_end(batch)
                return kept
        try:
            kept = BatchFile(self._root / batch.hex(), partial(self._vault.find_key, batch.hex()))
        except FileNotFoundError:
            return None
        with self._lock:
            self._open[batch] = kept
            while len(self._open) > _OPEN:
                self._open.popitem(last=False)
        return kept

    def erase(self, batch: Hash32, index: int) -> None:
        """Destroy the key of line `index`, from 1, and with it what the line says.

        Only of a batch whose lines are encrypted: others have no key to destroy.
        """
        self._vault.destroy(batch.hex(), index)

    def clean(self, is_known: Callable[[Hash32], bool]) -> None:
        """Remove what a crash left behind: batches half written, and those that are not known.

        Only what was never committed to is asked about: a database that knows nothing, because it
        is another one, costs no batch its lines.
        """
        if not self._root.exists():
            return
        for folder in self._root.iterdir():
            held = take_hold(folder)
            if held is None:
                continue
            try:
                if _is_left_over(folder, is_known):
                    shutil.rmtree(folder, ignore_errors=True)
                    self._vault.destroy_all(folder.name)
            finally:
                os.close(held)


def _is_left_over(folder: Path, is_known: Callable[[Hash32], bool]) -> bool:
    """Whether nobody speaks for a folder that nobody else holds."""
    if folder.name.startswith(WRITING):
        return True
    return (folder / PENDING).exists() and not is_known(bytes.fromhex(folder.name))
