"""Fills a mirror that is far behind, by the shortest way; following does the rest."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine

from ledger.chain.finality import Finality
from ledger.chain.identity import Deployed
from ledger.chain.rpc import RpcClient
from ledger.database.engine import unhurried
from ledger.mirror.apart import Ahead, ReadAhead, find_work
from ledger.mirror.indexes import build_indexes, find_missing_indexes, leave_out_indexes
from ledger.mirror.proven import Prover
from ledger.mirror.steps import Applied, Cursor
from ledger.mirror.store import Store

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Filling:
    """What a mirror is filled from, and with what."""

    rpc: RpcClient
    deployed: Deployed
    finality: Finality
    engine: Engine

    def find_work(self, cursor: Cursor) -> Ahead | None:
        """What to read ahead from there, if it is worth it."""
        url = self.engine.url.render_as_string(hide_password=False)
        return find_work(self.rpc, url, self.deployed, self.finality, cursor)

    def fill(
        self,
        apply: Callable[[Applied], None],
        stop: threading.Event,
        early: ReadAhead | None,
        prover: Prover,
    ) -> None:
        """Take what is final and far ahead; an empty mirror is filled without readers' indexes.

        `early` is what has begun to read already; `prover` is to prove what follows.
        """
        store = Store(self.engine)
        cursor = store.cursor()
        missing = find_missing_indexes(self.engine)
        work = self.find_work(cursor)
        while work is not None and not stop.is_set():
            if cursor.sequence == 0 and not missing:
                missing = leave_out_indexes(self.engine)
            # What a crash would lose is still on the chain.
            with unhurried(self.engine):
                if early is not None and early.work.cursor == cursor:
                    _take(early, apply, stop)
                else:
                    with ReadAhead(work) as ahead:
                        _take(ahead, apply, stop)
            before, cursor = cursor, store.cursor()
            work = self.find_work(cursor) if cursor != before else None
        if missing and not stop.is_set():
            _log.info("building %d indexes", len(missing))
            # The node is idle meanwhile.
            prover.begin(self.rpc.fetch_block("latest"))
            build_indexes(self.engine, missing)


def _take(ahead: ReadAhead, apply: Callable[[Applied], None], stop: threading.Event) -> None:
    # What comes and goes are tuples without cycles, by the hundred thousand.
    gc.disable()
    try:
        for step in ahead.steps(stop):
            apply(step)
            del step  # before the next one comes
    finally:
        gc.enable()
