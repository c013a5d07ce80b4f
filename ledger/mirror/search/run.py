"""Runs the texts' indexer beside the mirror, through whatever happens to database and documents."""

from __future__ import annotations

import logging
import threading
from typing import Final

from sqlalchemy.exc import InterfaceError, OperationalError

from ledger.database.engine import DatabaseBusy
from ledger.mirror.search.indexer import TextIndexer

_log = logging.getLogger(__name__)

_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 5.0
_PASSING: Final = (DatabaseBusy, OperationalError, InterfaceError, OSError)


def follow_mirror(indexer: TextIndexer, stop: threading.Event) -> None:
    """Keep the texts where the mirror is, a fifth of a second behind it, until `stop`."""
    failures = 0
    while not stop.is_set():
        try:
            indexer.catch_up(stop)
            failures = 0
        except _PASSING as error:
            failures += 1
            _log.warning("texts are not brought up to date: %s; trying again", error)
        stop.wait(min(_PAUSE * 2 ** min(failures, 10), _LONGEST_PAUSE))
