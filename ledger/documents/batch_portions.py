"""Commits to the lines of a batch, a portion of the file at a time, in processes of their own."""

from __future__ import annotations

import os
import signal
from array import array
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import accumulate
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from threading import Thread
from typing import Final, TypeVar

from ledger.documents.batch_index import serial_key
from ledger.documents.batch_lines import BadLine, LineFault, commit_line, member_seed
from ledger.documents.ciphers import encrypt_document
from ledger.documents.key_files import make_keys
from ledger.types import Hash32

MOST_FAULTS: Final = 20
"""Bad lines that are told at once."""

_NICENESS: Final = 5
_Given = TypeVar("_Given")
_Done = TypeVar("_Done")


@dataclass(frozen=True, slots=True)
class Portion:
    """Whole lines of a batch that `org` sends, of which the first is line `first`.

    They are to be kept, encrypted, from byte `start` of the file on.
    """

    lines: bytes = field(repr=False)
    first: int
    start: int
    org: Hash32
    seed: bytes = field(repr=False)
    file_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Committed:
    """What became of a portion.

    Per line: itself, encrypted; where it ends in the file (8 bytes, native order), its content hash
    (32), what its serial is found by (8, as `ends`), and the record of its key. With faults, the
    rest says nothing.
    """

    lines: bytes
    ends: bytes
    hashes: bytes
    keys: bytes
    records: bytes
    faults: tuple[LineFault, ...]


def commit_portion(portion: Portion) -> Committed:
    """Commit to each line of a portion; stops at `MOST_FAULTS` bad ones."""
    lines = portion.lines.split(b"\n")
    if not lines[-1]:
        lines.pop()
    own_keys, records = make_keys(
        portion.file_key, range(portion.first, portion.first + len(lines))
    )
    kept, hashes, keys, faults = [], [], array("Q"), list[LineFault]()
    for index, (line, key) in enumerate(zip(lines, own_keys, strict=True), portion.first):
        try:
            serial, content_hash = commit_line(line, member_seed(portion.seed, index))
        except BadLine as error:
            faults.append(LineFault(index, error.path, error.value, error.reason))
            if len(faults) == MOST_FAULTS:
                break
            continue
        kept.append(encrypt_document(key, line, content_hash, portion.org))
        hashes.append(content_hash)
        keys.append(serial_key(serial))
    ends = array("Q", accumulate(map(len, kept), initial=portion.start))[1:].tobytes()
    return Committed(b"".join(kept), ends, b"".join(hashes), keys.tobytes(), records, tuple(faults))


class Crew:
    """Processes that work on a batch, one a core, begun when there is enough to do for them.

    They are nicer than this one, so that it goes on answering.
    """

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self.size = os.cpu_count() or 1

    def begin(
        self, work: Callable[[_Given], _Done], given: _Given, *, small: bool
    ) -> Future[_Done]:
        """Have `work` done by one of the processes; at once and here if it is `small`."""
        if not small or self._pool is not None:
            return self._started().submit(work, given)
        done = Future[_Done]()
        done.set_result(work(given))
        return done

    def dismiss(self) -> None:
        """Let the processes end; what they have not begun is dropped."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            # Forking a process that has threads copies locks that nobody will release.
            self._pool = ProcessPoolExecutor(
                self.size, get_context("spawn"), initializer=_enter_service
            )
        return self._pool


def _enter_service() -> None:
    """Begin a process of a crew: nice, deaf to Ctrl-C, and gone as soon as its employer is."""
    os.nice(_NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if employer := parent_process():
        Thread(target=_end_with, args=(employer.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait([sentinel])  # an employer that was killed tells nobody to go
    os._exit(1)
