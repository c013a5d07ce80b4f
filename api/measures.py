"""What this service counts of the requests that it answers, in the terms of Prometheus.

Where several processes answer behind one port, each writes its numbers into files of a folder that
`serve` names (`PROMETHEUS_MULTIPROC_DIR`), and whichever is asked tells the sum.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
"""The library's own variable; it is read once, when the library is imported."""

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_LIVING: Final = re.compile(r"gauge_live[a-z]+_(\d+)\.db")


class Measures:
    """One process's counters of requests; no label is taken from what a client may choose."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self.registry = registry
        self._counters: dict[tuple[str, str, int | None], tuple[Counter, Histogram]] = {}
        self._requests = Counter(
            "asset_ledger_http_requests",
            "Requests that were answered; status 0: the client had gone.",
            ("route", "method", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            "asset_ledger_http_request_seconds",
            "Seconds from a request's first byte to its answer's last.",
            ("route", "method"),
            buckets=_SECONDS,
            registry=registry,
        )
        self._refusals = Counter(
            "asset_ledger_http_refusals",
            "Answers that were problems, by the problem's code; quotas and full queues among them.",
            ("code",),
            registry=registry,
        )
        self._bytes = Counter(
            "asset_ledger_http_bytes",
            "Bytes of bodies, received and sent.",
            ("direction",),
            registry=registry,
        )
        self._received = self._bytes.labels("received")
        self._sent = self._bytes.labels("sent")
        self.in_flight = Gauge(
            "asset_ledger_http_in_flight",
            "Requests that are being answered.",
            registry=registry,
            multiprocess_mode="livesum",
        )

    def count(self, scope: Any, status: int | None, seconds: float, taken: int, sent: int) -> None:
        """Count a request that is over; `scope` is ASGI's, as the router left it."""
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = route_of(scope)
        counted = (route, method, status)
        found = self._counters.get(counted)
        if found is None:
            requests = self._requests.labels(route, method, str(status or 0))
            found = self._counters[counted] = requests, self._seconds.labels(route, method)
        found[0].inc()
        found[1].observe(seconds)
        if taken:
            self._received.inc(taken)
        if sent:
            self._sent.inc(sent)
        if code := scope.get("problem"):
            self._refusals.labels(code).inc()


def route_of(scope: Any) -> str:
    """The template of the route that a request was for; never what stands in its place."""
    path = getattr(scope.get("route"), "path", None)
    if path is not None:
        return str(path)
    return "/static" if scope["path"].startswith("/static/") else "none"


def gathering() -> CollectorRegistry | None:
    """What all processes behind one port counted; None where each is alone."""
    folder = os.environ.get(FOLDER)
    if not folder:
        return None
    _forget_dead(Path(folder))
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]
    return registry


def _forget_dead(folder: Path) -> None:
    """Leave out what a process had in flight that was killed; what it counted stays."""
    for path in folder.glob("gauge_live*_*.db"):
        found = _LIVING.fullmatch(path.name)
        if found and not Path(f"/proc/{found[1]}").exists() and Path("/proc/self").exists():
            mark_process_dead(int(found[1]), path=str(folder))  # type: ignore[no-untyped-call]
