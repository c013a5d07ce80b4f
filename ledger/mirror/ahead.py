"""Fetches, reads and folds what is final in a process of its own, ahead of what is written.

It takes nothing on itself: its steps are the ones that following would yield one by one, the mirror
takes them under the same conditions, and whatever goes wrong here ends it, for following to find
out about.
"""

from __future__ import annotations

import gc
import logging
import marshal
import multiprocessing
import queue
import signal
import sys
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, fields
from multiprocessing.connection import Connection
from typing import Any, Final, Self

from ledger.chain.identity import Deployed
from ledger.chain.rpc import RpcClient
from ledger.database.engine import open_engine
from ledger.errors import LedgerError
from ledger.hashing import domain_separator
from ledger.mirror.fetch import AskedRange, FetchedRange, ask_range, read_range
from ledger.mirror.fold import Folding, named_by
from ledger.mirror.keeping import Known
from ledger.mirror.reading import Distrusted
from ledger.mirror.span import Span
from ledger.mirror.steps import Applied, Closing, Cursor, PassedBlock
from ledger.mirror.store import Store
from ledger.types import Hash32

_log = logging.getLogger(__name__)

# Where it is safe, another process is had at once, with all that is imported here.
_CONTEXT: Final = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
TURN: Final = 0.0002
"""Seconds for which a thread keeps others from theirs."""
_STEP: Final = 20_000
"""Entries of a step, about: what is committed at once."""
_REQUESTS: Final = 2
"""Ranges that are asked for while another one is folded."""
_WAITING: Final = 1
"""Steps that lie ready while another one is written."""
_KEPT: Final = 60_000
"""Subjects that are kept at hand; others are looked up in the mirror."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """What to read: from the mirror's `cursor` to the final block `until`."""

    rpc_url: str
    database_url: str
    deployed: Deployed
    cursor: Cursor
    until: int


class ReadAhead:
    """Reads ahead from when it is entered until it is left."""

    def __init__(self, work: Ahead) -> None:
        self.work = work
        self._steps: queue.Queue[bytes | None] = queue.Queue(_WAITING)
        self._pipe, theirs = _CONTEXT.Pipe()
        self._process: multiprocessing.Process = _CONTEXT.Process(  # type: ignore[attr-defined]
            target=_work, args=(theirs, self._pipe, work), daemon=True, name="read-ahead"
        )
        self._theirs = theirs

    def __enter__(self) -> Self:
        self._process.start()
        self._theirs.close()
        threading.Thread(target=self._receive, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()

    def steps(self, stop: threading.Event) -> Iterator[Applied]:
        """Yield the steps from the cursor on; each must be written before the next is asked for.

        Ends at the block `until`, when `stop` is set, or, with a line in the log, where the node
        does not tell what can be true.
        """
        while (packed := self._next(stop)) is not None:
            step = _unpack(packed)
            del packed
            yield step
            try:
                self._pipe.send_bytes(step.last.last_sequence.to_bytes(8))
            except OSError as error:
                _log.info("reading ahead has ended: %s", error)
                return

    def _receive(self) -> None:
        """Take steps out of the pipe, so that it is empty for the next one."""
        try:
            while message := self._pipe.recv_bytes():
                self._steps.put(message)
        except (EOFError, OSError) as error:
            _log.debug("reading ahead has ended: %r", error)
        self._steps.put(None)

    def _next(self, stop: threading.Event) -> bytes | None:
        while not stop.is_set():
            try:
                return self._steps.get(timeout=0.1)
            except queue.Empty:
                continue
        return None


# -- in the other process ------------------------------------------------------------------------


def _work(pipe: Connection, theirs: Connection, work: Ahead) -> None:
    theirs.close()
    # Ctrl-C reaches the whole group; the one that began this ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # Looking for cycles among millions of tuples would take longer than all else.
    gc.disable()
    # A thread that waits for an answer must not wait for its turn as well, at each piece of it.
    sys.setswitchinterval(TURN)
    try:
        with RpcClient(work.rpc_url) as rpc, ThreadPoolExecutor(_REQUESTS) as threads:
            try:
                _Worker(work, rpc, threads, pipe).run()
            except LedgerError as error:
                _log.info("reading ahead ends: %s", error)
        pipe.send_bytes(b"")
        while True:
            pipe.recv_bytes()
    except (EOFError, OSError) as error:
        _log.debug("nobody wants what is ahead any more: %r", error)


class _Worker:
    """Folds range after range, and hands on a step whenever there is enough for one."""

    def __init__(
        self, work: Ahead, rpc: RpcClient, threads: ThreadPoolExecutor, pipe: Connection
    ) -> None:
        self.work = work
        self.rpc = rpc
        self.threads = threads
        self.pipe = pipe
        self.domain = domain_separator(work.deployed.chain_id, work.deployed.contract)
        self.span = Span()
        self.written = work.cursor.sequence
        self.subjects: dict[Hash32, Known] = {}
        self._store: Store | None = None

    def run(self) -> None:
        folding = Folding(self.work.cursor, self.subjects)
        before = self.work.cursor.hash
        for fetched in self.fetch_ranges():
            if fetched.first.parent_hash != before:
                raise Distrusted("a final block changed", block=fetched.first.number)
            before = fetched.last.hash
            self.look_up(named_by(fetched.reading.entries, self.subjects))
            folding.fold(fetched.reading)
            done = fetched.last.number == self.work.until
            if done or folding.size >= _STEP:
                self.hand_on(folding, fetched)

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

    def look_up(self, ids: list[Hash32]) -> None:
        """Get what is not at hand; it was written long ago."""
        if not ids or self.written == 0:
            return  # nothing is written yet that is not at hand
        if self._store is None:
            self._store = Store(open_engine(self.work.database_url))
        self.subjects |= self._store.subjects(ids)

    def hand_on(self, folding: Folding, fetched: FetchedRange) -> None:
        last = fetched.last
        step = folding.take(
            (last.number, last.hash, last.timestamp), fetched.ledger_head, self.work.until
        )
        self.pipe.send_bytes(_pack(step))
        while self.pipe.poll():
            self.written = int.from_bytes(self.pipe.recv_bytes())
        if len(self.subjects) > _KEPT:
            self.forget()
            gc.collect()

    def forget(self) -> None:
        """Forget assets that nothing happened to lately, and that the mirror has by now."""
        assets = {id: one[-1] for id, one in self.subjects.items() if isinstance(one, list)}
        oldest = sorted(assets.values())[len(assets) // 2]
        for id, sequence in assets.items():
            if sequence <= min(oldest, self.written):
                del self.subjects[id]


# -- from process to process ----------------------------------------------------------------------


def _pack(step: Applied) -> bytes:
    """A step as bytes. All that it holds is of Python's own kinds, or made of tuples."""
    values = {field.name: getattr(step, field.name) for field in fields(step)}
    values["before"], values["last"] = tuple(step.before), tuple(step.last)
    values["closed"] = [(*closing, rows) for closing, rows in step.closed.items()]
    return marshal.dumps(values)


def _unpack(packed: bytes) -> Applied:
    values: dict[str, Any] = marshal.loads(packed)  # noqa: S302 - from our own process
    values["before"], values["last"] = Cursor(*values["before"]), PassedBlock(*values["last"])
    values["closed"] = {Closing(table, names): rows for table, names, rows in values["closed"]}
    return Applied(**values)
