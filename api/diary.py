"""Notes of who read what and which keys were used: gathered, and written down once a second."""

from __future__ import annotations

import logging
import threading
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from ledger.database.engine import writing
from ledger.errors import LedgerError
from ledger.outbox.clock import now
from ledger.outbox.key_care import COARSE, note_uses
from ledger.outbox.keys import Credential
from ledger.outbox.reads import Reading, forget_reads, keep_reads

_log: Final = logging.getLogger("asset_ledger.api")
_SECONDS: Final = 1.0
_MOST: Final = 5_000
_PRUNED_EACH: Final = 3_600_000
_DAY: Final = 86_400_000
_LAST_TRIES: Final = 6


class Diary:
    """What this process has to write down beside answering; safe to use from many threads.

    Nothing waits for a disk unless the diary is full: then whoever reads a document writes first,
    so that none is handed out unseen. `days` is how long reads are kept.
    """

    def __init__(self, engine: Engine, days: int) -> None:
        self._engine = engine
        self._days = days
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._readings: list[Reading] = []
        self._uses: dict[str, int] = {}
        self._pruned_at = 0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def note_read(self, reading: Reading) -> None:
        """Note that a document is handed out.

        Raises:
            DatabaseBusy: the diary is full and cannot be written; hand out nothing.
        """
        if len(self._readings) >= _MOST:
            self.flush()
        with self._lock:
            self._readings.append(reading)

    def note_use(self, who: Credential) -> None:
        """Note that a key is used, unless that was written down lately."""
        moment = now()
        if moment - who.used_at > COARSE:
            with self._lock:
                self._uses[who.prefix] = moment

    def flush(self) -> None:
        """Write down all that is noted. Raises DatabaseBusy; then it stays noted."""
        with self._writing:
            with self._lock:
                readings, uses = list(self._readings), dict(self._uses)
            if not readings and not uses:
                return
            with writing(self._engine) as session:
                keep_reads(session, readings)
                note_uses(session, sorted(uses.items()))
                if self._days and (moment := now()) - self._pruned_at > _PRUNED_EACH:
                    forget_reads(session, moment - self._days * _DAY)
                    self._pruned_at = moment
            with self._lock:
                del self._readings[: len(readings)]
                for prefix, at in uses.items():
                    if self._uses.get(prefix) == at:
                        del self._uses[prefix]

    def start(self) -> None:
        """Write in the background from now on."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name="diary", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Write down what is left; the database may be busy for a while."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        for _ in range(_LAST_TRIES):
            if self._try():
                return
        for one in self._readings:  # the log is the last place where it is not lost
            _log.error("a read is not in the database: %s", one)

    def _run(self) -> None:
        while not self._stop.wait(_SECONDS):
            self._try()

    def _try(self) -> bool:
        try:
            self.flush()
        except (LedgerError, SQLAlchemyError, OSError) as error:
            _log.warning("the diary is not written yet: %s", error)
            return False
        return True
