"""Commits to the lines of a batch, a portion of the file at a time, in processes of their own."""

from __future__ import annotations

import os
import signal
from array import array
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import accumulate
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from pathlib import Path
from threading import Thread
from typing import Final, TypeVar

from ledger.documents.batch_index import serial_key
from ledger.documents.batch_lines import BadLine, LineFault, commit_line, member_seed

MOST_FAULTS: Final = 20
"""Bad lines that are told at once."""

_NICENESS: Final = 5
_Given = TypeVar("_Given")
_Done = TypeVar("_Done")


@dataclass(frozen=True, slots=True)
class Portion:
    """Whole lines of a batch's file: bytes `start` to `end`, of which the first is line `first`."""

    path: Path
    start: int
    end: int
    first: int
    seed: bytes


@dataclass(frozen=True, slots=True)
class Committed:
    """What became of a portion.

    Per line: where it ends in the file (8 bytes, native order), its content hash (32) and the key
    of its serial (8, as `ends`). With faults, the rest says nothing.
    """

    ends: bytes
    hashes: bytes
    keys: bytes
    faults: tuple[LineFault, ...]


def commit_portion(portion: Portion) -> Committed:
    """Commit to each line of a portion; stops at `MOST_FAULTS` bad ones."""
    with portion.path.open("rb") as file:
        file.seek(portion.start)
        lines = file.read(portion.end - portion.start).split(b"\n")
    if not lines[-1]:
        lines.pop()
    hashes, keys, faults = [], array("Q"), list[LineFault]()
    for index, line in enumerate(lines, portion.first):
        try:
            serial, content_hash = commit_line(line, member_seed(portion.seed, index))
        except BadLine as error:
            faults.append(LineFault(index, error.path, error.value, error.reason))
            if len(faults) == MOST_FAULTS:
                break
            continue
        hashes.append(content_hash)
        keys.append(serial_key(serial))
    ends = array("Q", accumulate([len(line) + 1 for line in lines], initial=portion.start))
    return Committed(ends[1:].tobytes(), b"".join(hashes), keys.tobytes(), tuple(faults))


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
