"""A client that posts registrations one by one, for one organisation or many at once.

A client of its own: reads its job from standard input and tells its measurements. It speaks HTTP
by itself, as a full client would take more of the machine than the service that is measured.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from scripts.bench.writing.documents import registration
from scripts.bench.writing.jobs import read_job, tell

_LOOK_EVERY: Final = 0.02
_BUSY: Final = (429, 503)


@dataclass(slots=True)
class Connection:
    """One kept-alive connection to the API, for one organisation."""

    api: str
    key: str
    _reader: asyncio.StreamReader | None = field(default=None, init=False)
    _writer: asyncio.StreamWriter | None = field(default=None, init=False)

    async def ask(
        self, method: str, path: str, body: bytes = b"", more: str = ""
    ) -> tuple[int, bytes]:
        """Status and body of the answer (HTTP/1.1, RFC 9112)."""
        host = urlsplit(self.api)
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(host.hostname, host.port)
        head = f"{method} {path} HTTP/1.1\r\nHost: {host.netloc}\r\n"
        head += f"Authorization: Bearer {self.key}\r\n{more}"
        if body:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        self._writer.write(head.encode() + b"\r\n" + body)
        told = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(told.partition("content-length:")[2].partition("\r\n")[0])
        return int(told.split(maxsplit=2)[1]), await self._reader.readexactly(length)

    async def close(self) -> None:
        """End the connection."""
        if self._writer is not None:
            self._writer.close()
            await self._writer.wait_closed()


@dataclass(slots=True)
class Poster:
    """Posts an organisation's assets, each once the one before is answered."""

    connection: Connection
    prefix: str
    wait: float
    waits: list[float] = field(default_factory=list)
    last: str = ""

    async def post(self, count: int) -> None:
        """Post `count` registrations."""
        prefer = f"Prefer: wait={self.wait:g}\r\n" if self.wait else ""
        for number in range(count):
            body = registration(f"{self.prefix}-{number}")
            asked = time.perf_counter()
            status, answer = await self.connection.ask("POST", "/v1/assets", body, prefer)
            while status in _BUSY:
                await asyncio.sleep(1)
                status, answer = await self.connection.ask("POST", "/v1/assets", body, prefer)
            if status != (201 if self.wait else 202):
                raise SystemExit(f"POST /v1/assets answered {status}: {answer.decode()}")
            self.waits.append(time.perf_counter() - asked)
            self.last = json.loads(answer)["id"]

    async def await_last(self) -> None:
        """Wait until the newest asset, and so all before it, can be read from the mirror."""
        while True:
            status, answer = await self.connection.ask("GET", f"/v1/assets/{self.last}")
            if status == 200:
                return
            if status != 404:
                raise SystemExit(f"GET /v1/assets answered {status}: {answer.decode()}")
            await asyncio.sleep(_LOOK_EVERY)


async def post_all(job: dict[str, Any]) -> dict[str, Any]:
    """Post for every organisation at once, until all can be read."""
    posters = [
        Poster(Connection(job["api"], key), f"{job['prefix']}-{index}", job["wait"])
        for index, key in enumerate(job["keys"])
    ]
    began = time.perf_counter()
    await asyncio.gather(*(one.post(job["count"]) for one in posters))
    accepted = time.perf_counter() - began
    for one in posters:
        await one.await_last()
    seconds = time.perf_counter() - began
    for one in posters:
        await one.connection.close()
    waits = [wait for one in posters for wait in one.waits]
    return {"seconds": seconds, "accepted": accepted, "waits": waits}


if __name__ == "__main__":
    tell(asyncio.run(post_all(read_job())))
