"""The texts that are searched, made beside the mirror in a thread of the same process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ledger.settings import Settings


@contextmanager
def making_texts(settings: Settings) -> Iterator[None]:
    """Keep texts where the mirror is, of the documents in the data folder, until the end."""
    from ledger.database.engine import open_engine, upgrade
    from ledger.documents.opening import open_stores
    from ledger.mirror.search.indexer import TextIndexer
    from ledger.mirror.search.run import follow_mirror
    from ledger.outbox.library import Library

    engine = open_engine(settings.database())
    stop = threading.Event()
    kept = open_stores(settings.data, settings.document_key)
    indexer = TextIndexer(engine, Library(kept.documents))
    thread = threading.Thread(target=follow_mirror, args=(indexer, stop), name="texts")
    try:
        upgrade(engine)  # before the thread: migrations run one at a time in a process
        thread.start()
        yield
    finally:
        stop.set()
        if thread.is_alive():
            thread.join()
        engine.dispose()
