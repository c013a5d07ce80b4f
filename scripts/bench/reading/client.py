"""A client in a process of its own: keeps so many requests in flight for so many seconds.

It reads its job from standard input and tells what it measured. It speaks HTTP/1.1 by itself, as a
full client would take more of the machine than the service that is measured.
"""

from __future__ import annotations

import asyncio
import time
from itertools import cycle
from statistics import median, quantiles
from typing import Any, Final, cast

import uvloop

from scripts.bench.writing.jobs import read_job, tell

_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length:"
_GOOD: Final = b"200"


class _Load:
    """What all connections share: the requests that come next, and what was measured."""

    def __init__(self, requests: list[bytes]) -> None:
        self.requests = cycle(requests)
        self.waits: list[float] = []
        self.answered = 0
        self.bytes = 0
        self.wrong: str | None = None
        self.counting = False
        self.ended = False


class _Connection(asyncio.Protocol):
    """One connection: the next request goes out once the last one is answered."""

    def __init__(self, load: _Load) -> None:
        self.load = load
        self.received = b""
        self.missing = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.ask()

    def ask(self) -> None:
        self.asked = time.perf_counter()
        self.transport.write(next(self.load.requests))

    def data_received(self, data: bytes) -> None:
        if self.missing:
            self.missing -= len(data)
        else:
            self.received += data
            head, end, body = self.received.partition(_END)
            if not end:
                return
            self._read_head(head, len(body))
        if not self.missing:
            self._count()
            if not self.load.ended:
                self.ask()

    def _read_head(self, head: bytes, begun: int) -> None:
        length = int(head.lower().partition(_LENGTH)[2].partition(b"\r\n")[0])
        if head[9:12] != _GOOD:
            self.load.wrong = self.received[:600].decode(errors="replace")
        if self.load.counting:
            self.load.bytes += length
        self.missing, self.received = length - begun, b""

    def _count(self) -> None:
        self.load.answered += 1
        if self.load.counting:
            self.load.waits.append(time.perf_counter() - self.asked)


async def load(job: dict[str, Any]) -> dict[str, Any]:
    """Ask for so long, after having warmed up."""
    one = _Load([request.encode("latin-1") for request in job["requests"]])
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: _Connection(one), job["host"], job["port"])
        for _ in range(job["connections"])
    ]
    await asyncio.sleep(job["warm_up"])
    one.counting, began = True, time.perf_counter()
    await asyncio.sleep(job["seconds"])
    one.counting, one.ended = False, True
    seconds = time.perf_counter() - began
    for transport, _ in made:
        transport.close()
    if one.wrong or len(one.waits) < 2:
        raise SystemExit(f"it was not answered as it should be: {one.wrong}")
    return {
        "rate": len(one.waits) / seconds,
        "p50": median(one.waits),
        "p99": quantiles(one.waits, n=100)[98],
        "bytes": one.bytes / len(one.waits),
        "answered": one.answered,
    }


if __name__ == "__main__":
    tell(uvloop.run(load(read_job())))
