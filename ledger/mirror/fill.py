"""Fills a mirror that is far behind, by the shortest way; following does the rest."""

from __future__ import annotations

import gc
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine, inspect

from ledger.chain.finality import Finality
from ledger.chain.identity import Deployed
from ledger.chain.rpc import RpcClient
from ledger.errors import MirrorError, NodeError
from ledger.mirror.ahead import TURN, Ahead, ReadAhead
from ledger.mirror.fetch import fetch_base
from ledger.mirror.indexes import build_indexes, find_missing_indexes, leave_out_indexes
from ledger.mirror.steps import Applied, Cursor, PassedBlock
from ledger.mirror.store import Store
from ledger.types import ZERO_HASH

_log = logging.getLogger(__name__)

_FAR: Final = 500
"""Final blocks behind which a process of its own is worth starting."""


@dataclass(frozen=True, slots=True)
class Filling:
    """What a mirror is filled from, and with what."""

    rpc: RpcClient
    deployed: Deployed
    finality: Finality
    engine: Engine

    @contextmanager
    def early(self) -> Iterator[ReadAhead | None]:
        """Begin to read while the database is still being prepared, if it is empty.

        Whose chain it is need not be known for that, as nothing is taken before it is.
        """
        work = self._find_early()
        if work is None:
            yield None
            return
        with ReadAhead(work) as ahead:
            yield ahead

    def _find_early(self) -> Ahead | None:
        if inspect(self.engine).has_table("mirror"):
            return None
        self.engine.dispose()  # no connection may be open when a process parts from this one
        try:
            return self.find_work(begin(fetch_base(self.rpc, self.deployed)))
        except (NodeError, MirrorError) as error:
            _log.debug("following will find out: %s", error)
            return None

    def find_work(self, cursor: Cursor) -> Ahead | None:
        """What to read ahead from there, if it is worth it."""
        until = self.finality.fetch_final_block(self.rpc)
        if until - cursor.number <= _FAR:
            return None
        url = self.engine.url.render_as_string(hide_password=False)
        return Ahead(self.rpc.url, url, self.deployed, cursor, until)

    def fill(
        self, apply: Callable[[Applied], None], stop: threading.Event, early: ReadAhead | None
    ) -> None:
        """Take what is final and far ahead; an empty mirror is filled without readers' indexes.

        `early` is what has begun to read already.
        """
        store = Store(self.engine)
        cursor = store.cursor()
        missing = find_missing_indexes(self.engine)
        work = self.find_work(cursor)
        while work is not None and not stop.is_set():
            self.engine.dispose()
            if cursor.sequence == 0 and not missing:
                missing = leave_out_indexes(self.engine)
            if early is not None and early.work.cursor == cursor:
                _take(early, apply, stop)
            else:
                with ReadAhead(work) as ahead:
                    _take(ahead, apply, stop)
            before, cursor = cursor, store.cursor()
            work = self.find_work(cursor) if cursor != before else None
        if missing and not stop.is_set():
            _log.info("building %d indexes", len(missing))
            build_indexes(self.engine, missing)


def _take(ahead: ReadAhead, apply: Callable[[Applied], None], stop: threading.Event) -> None:
    # What comes and goes are tuples without cycles, by the hundred thousand; and the thread that
    # receives them must not wait for its turn at each piece.
    gc.disable()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(TURN)
    try:
        for step in ahead.steps(stop):
            apply(step)
    finally:
        gc.enable()
        sys.setswitchinterval(interval)


def begin(base: PassedBlock) -> Cursor:
    """Where a mirror stands that begins at that block."""
    return Cursor(base.number, base.hash, ZERO_HASH, 0, base.number)
