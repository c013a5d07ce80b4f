"""Hears of entries from the API's stream of events, and notes when."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

import httpx

from ledger.types import Hash32, to_hex
from scripts.bench.writing.system import BenchError, System

_PATIENCE: Final = 30.0


class Hearing:
    """When each subject was told of, by `time.perf_counter`."""

    def __init__(self) -> None:
        self._told: dict[str, float] = {}
        self._changed = threading.Condition()

    def listen(self, answer: httpx.Response) -> None:
        """Take in a stream until it is closed."""
        with suppress(httpx.HTTPError, httpx.StreamError):
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    subject = json.loads(line[6:]).get("subject")
                    with self._changed:
                        self._told.setdefault(subject, time.perf_counter())
                        self._changed.notify_all()

    def await_told(self, subject: Hash32) -> float:
        """When a subject was told of first. Raises BenchError."""
        with self._changed:
            if not self._changed.wait_for(lambda: to_hex(subject) in self._told, _PATIENCE):
                raise BenchError("no event tells of an entry")
            return self._told[to_hex(subject)]


@contextmanager
def hearing(system: System) -> Iterator[Hearing]:
    """Listen meanwhile."""
    heard = Hearing()
    headers = {"Authorization": f"Bearer {system.operator_key}", "Accept": "text/event-stream"}
    with (
        httpx.Client(base_url=system.api, headers=headers, timeout=60, trust_env=False) as api,
        api.stream("GET", "/v1/events") as answer,
    ):
        # It ends with this process.
        threading.Thread(target=heard.listen, args=(answer,), daemon=True).start()
        yield heard
