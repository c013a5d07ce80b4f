"""Holds the service to one connection a request.

A request that has one and asks for another waits for requests that do the same: as many of them as
the pool has connections, and the service stands still.
"""

from __future__ import annotations

import threading
from typing import Any

from sqlalchemy import Engine, event

from api import noting


def keep_to_one(engine: Engine) -> None:
    """Have whoever asks for a second one fail from now on."""
    held: dict[int, dict[str, str]] = {}
    lock = threading.Lock()

    def take(_: Any, entry: Any, __: Any) -> None:
        notes = noting.find_notes()
        if notes is None:
            return
        with lock:
            assert id(notes) not in held, "this request has a connection already"
            held[id(notes)] = notes
        entry.record_info["request"] = notes

    def give_back(_: Any, entry: Any) -> None:
        notes = entry.record_info.pop("request", None)
        with lock:
            held.pop(id(notes), None)

    event.listen(engine, "checkout", take)
    event.listen(engine, "checkin", give_back)
