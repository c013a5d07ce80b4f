"""Fetches, reads and folds what is final ahead of what is written, in a process of its own.

It takes nothing on itself: its steps are the ones that following would yield one by one, the mirror
takes them under the same conditions, and whatever goes wrong here ends it, for following to find
out about.
"""

from __future__ import annotations

import gc
import logging
import queue
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Final, Self

from ledger.chain.rpc import RpcClient
from ledger.errors import LedgerError
from ledger.hashing import domain_separator
from ledger.mirror.apart import CLOSING, Ahead, pack, pack_portion
from ledger.mirror.asset_rows import share_names
from ledger.mirror.fetch import AskedRange, FetchedRange, ask_range, read_range
from ledger.mirror.fold import Folding, named_by
from ledger.mirror.keeping import Known
from ledger.mirror.reading import Distrusted
from ledger.ranges import Span
from ledger.types import Hash32

if TYPE_CHECKING:
    from ledger.mirror.store import Store

_log = logging.getLogger(__name__)

_TURN: Final = 0.0002
"""Seconds for which a thread keeps others from theirs."""
_SMALLEST_STEP: Final = 10_000
"""Entries of a step, at the least: what is committed at once."""
_LARGE_STEP: Final = 16_000
"""Entries of a step, at the most, while little is passed."""
_LARGEST_STEP: Final = 64_000
_SHARE: Final = 50
"""One in so many of the entries passed is what a step may grow to."""
_LONGEST_STEP: Final = 2.0
"""Seconds after which a step is done, however small it is."""
_PORTION: Final = 2_500
"""Entries that are handed on at once, about."""
_REQUESTS: Final = 2
"""Ranges that are asked for while another one is folded."""
_WAITING: Final = 32
"""Portions that lie ready while others are written: those of the largest step, and some more."""
_KEPT: Final = 80_000
"""Subjects that are kept at hand; others are looked up in the mirror."""


def read_ahead(pipe: Connection, work: Ahead) -> None:
    """Send step after step into the pipe, and an empty one behind the last."""
    # Looking for cycles among millions of tuples would take longer than all else.
    gc.disable()
    # A thread that waits for an answer must not wait for its turn as well, at each piece of it.
    sys.setswitchinterval(_TURN)
    try:
        with (
            _Sending(pipe) as sending,
            RpcClient(work.rpc_url) as rpc,
            ThreadPoolExecutor(_REQUESTS) as threads,
        ):
            try:
                _Worker(work, rpc, threads, pipe, sending).run()
            except LedgerError as error:
                _log.info("reading ahead ends: %s", error)
        while True:
            pipe.recv_bytes()
    except (EOFError, OSError) as error:
        _log.debug("nobody wants what is ahead any more: %r", error)


class _Sending:
    """Sends steps while the next ones are made: they are taken out of the pipe one by one."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._steps: queue.Queue[bytes] = queue.Queue(_WAITING)
        self._failed: OSError | None = None
        self._thread = threading.Thread(target=self._send, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._steps.put(b"")
        self._thread.join()

    def put(self, step: bytes) -> None:
        """Have a step sent as soon as those before it are. Raises OSError if nobody takes them."""
        self._steps.put(step)
        if self._failed is not None:
            raise self._failed

    def _send(self) -> None:
        step = None
        while step != b"":
            step = self._steps.get()
            try:
                if self._failed is None:
                    self._pipe.send_bytes(step)
            except OSError as error:
                self._failed = error


class _Worker:
    """Folds range after range, and hands on a step whenever there is enough for one."""

    def __init__(
        self,
        work: Ahead,
        rpc: RpcClient,
        threads: ThreadPoolExecutor,
        pipe: Connection,
        sending: _Sending,
    ) -> None:
        self.work = work
        self.rpc = rpc
        self.threads = threads
        self.pipe = pipe
        self.sending = sending
        self.domain = domain_separator(work.deployed.chain_id, work.deployed.contract)
        self.span = Span()
        self.written = work.cursor.sequence
        self.handed = 0  # entries of the step that is being folded
        self.begun = time.monotonic()
        self.lacking = self.written > 0  # whether the mirror may know subjects that are not at hand
        self.subjects: dict[Hash32, Known] = {}
        self._store: Store | None = None

    def run(self) -> None:
        folding = Folding(self.work.cursor, self.subjects)
        before = self.work.cursor.hash
        for fetched in self.fetch_ranges():
            if fetched.first.parent_hash != before:
                raise Distrusted("a final block changed", block=fetched.first.number)
            before = fetched.last.hash
            if self.lacking:
                self.look_up(named_by(fetched.reading.entries, self.subjects), folding.names)
            folding.fold(fetched.reading)
            if self.is_enough(folding, fetched):
                self.hand_on(folding, fetched)
            elif folding.size - self.handed >= _PORTION:
                self.sending.put(pack_portion(folding.hand_out()))
                self.handed = folding.size

    def is_enough(self, folding: Folding, fetched: FetchedRange) -> bool:
        """Whether a step ends with that range."""
        left = self.work.until - fetched.last.number
        if left == 0 or time.monotonic() - self.begun > _LONGEST_STEP:
            return True
        blocks = fetched.last.number - fetched.first.number + 1
        coming = len(fetched.reading.entries) * left // blocks
        return folding.size >= _size_of_step(folding.cursor.sequence, coming)

    def fetch_ranges(self) -> Iterator[FetchedRange]:
        """Ranges in order, the next ones asked for already while one is used."""
        asked: deque[tuple[int, Future[AskedRange]]] = deque()
        first = self.work.cursor.number + 1
        while asked or first <= self.work.until:
            while first <= self.work.until and len(asked) < _REQUESTS:
                last = min(first + self.span.size - 1, self.work.until)
                asked.append((first, self.threads.submit(self.ask, first, last)))
                first = last + 1
            begin, future = asked.popleft()
            try:
                fetched = read_range(future.result(), self.work.deployed, self.domain)
            except Distrusted:
                if self.span.size == 1:
                    raise
                # Too much at once, most likely: from there again, in smaller ranges.
                for _, other in asked:
                    other.cancel()
                asked.clear()
                self.span.shrink()
                first = begin
                continue
            self.span.adapt(len(fetched.reading.entries))
            yield fetched

    def ask(self, first: int, last: int) -> AskedRange:
        return ask_range(self.rpc, self.work.deployed, first, last, settled=True)

    def look_up(self, ids: list[Hash32], names: dict[Hash32, Hash32]) -> None:
        """Get what is not at hand; it was written long ago."""
        if not ids:
            return
        if self._store is None:
            self._store = _open_store(self.work.database_url)
        found = self._store.subjects(ids)
        for one in found.values():
            if isinstance(one, list):
                share_names(one, names)
        self.subjects |= found

    def hand_on(self, folding: Folding, fetched: FetchedRange) -> None:
        last = fetched.last
        step = folding.take(
            (last.number, last.hash, last.timestamp), fetched.ledger_head, self.work.until
        )
        for portion in step.portions:
            self.sending.put(pack_portion(portion))
        self.sending.put(CLOSING)
        self.sending.put(pack(step))
        self.handed, self.begun = 0, time.monotonic()
        while self.pipe.poll():
            self.written = int.from_bytes(self.pipe.recv_bytes())
        if len(self.subjects) > _KEPT:
            self.forget()
            gc.collect()

    def forget(self) -> None:
        """Forget assets that nothing happened to lately, and that the mirror has by now."""
        self.lacking = True
        assets = {id: one[-1] for id, one in self.subjects.items() if isinstance(one, list)}
        # No more than a third: what is forgotten too early is looked up again, one by one.
        oldest = sorted(assets.values())[len(assets) // 3]
        for id, sequence in assets.items():
            if sequence <= min(oldest, self.written):
                del self.subjects[id]


def _size_of_step(passed: int, coming: int) -> int:
    """Entries of a step that so many come before, and about so many after its last ones.

    In a large step, what changes often is written but once: the larger the mirror, the more pages
    a step has to change. The first and the last are small, so that the other process has something
    to write soon, and little to write at the end.
    """
    largest = max(_LARGE_STEP, min(passed // _SHARE, _LARGEST_STEP))
    return max(_SMALLEST_STEP, min(passed, coming, largest))


def _open_store(database_url: str) -> Store:
    # A short ledger needs none, and this is what takes longest to import.
    from ledger.database.engine import open_engine
    from ledger.mirror.store import Store

    return Store(open_engine(database_url))
