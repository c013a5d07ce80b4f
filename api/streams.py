"""Answers that do not end by themselves: how many there are, and when they are broken off."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

from fastapi.sse import EventSourceResponse
from starlette.types import Receive, Scope, Send

from api.errors import Problem

_log = logging.getLogger("asset_ledger.api")
_STALLED: Final = 20.0
_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class Streams:
    """How many streams there are in this process, in all and of each key."""

    def __init__(self, most: int, most_per_key: int) -> None:
        self._most, self._most_per_key = most, most_per_key
        self._open: Counter[str] = Counter()

    def open(self, prefix: str) -> Callable[[], None]:
        """Count a key's stream that begins; what is returned is called at its end, once.

        Raises:
            Problem: 429: there are as many as there may be.
        """
        if self._most_per_key and self._open[prefix] >= self._most_per_key:
            raise _too_many(f"your key has {self._most_per_key} streams open, as many as it may")
        if self._most and self._open.total() >= self._most:
            raise _too_many("as many streams are open as this service has")
        self._open[prefix] += 1

        def end() -> None:
            self._open[prefix] -= 1
            if not self._open[prefix]:
                del self._open[prefix]

        return end


def _too_many(why: str) -> Problem:
    return Problem("too_many_streams", f"{why}; end one first", headers={"Retry-After": "5"})


class EventStream(EventSourceResponse):
    """Server-sent events (HTML, 9.2) until their reader goes, or takes nothing for 20 seconds.

    Nothing is kept for a reader but what its connection holds: events are made as it takes them.
    """

    def __init__(self, events: AsyncIterator[bytes], end: Callable[[], None]) -> None:
        super().__init__(events, headers=_HEADERS)
        self._events, self._end = events, end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until one of both sides has ended."""
        both = [asyncio.create_task(self._stream(scope, send)), asyncio.create_task(_gone(receive))]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in both:
                one.cancel()
            ended = await asyncio.gather(*both, return_exceptions=True)
            self._end()
        if isinstance(ended[0], Exception):
            raise ended[0]

    async def _stream(self, scope: Scope, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        try:
            await send(start)
            async for frame in self._events:
                if "head" in scope:
                    break
                body = {"type": "http.response.body", "body": frame, "more_body": True}
                # Not `wait_for`, which may swallow that the stream is to end (Python 3.11).
                async with asyncio.timeout(_STALLED):
                    await send(body)
            async with asyncio.timeout(_STALLED):
                await send({"type": "http.response.body", "body": b""})
        except TimeoutError:
            # The server closes a connection whose answer is left unfinished.
            _log.info("a stream is cut off: its reader takes nothing")
        finally:
            await self._events.aclose()  # type: ignore[attr-defined]


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


@contextmanager
def telling_of_the_end(act: Callable[[], None]) -> Iterator[None]:
    """Have `act` called, in this loop, once the server is asked to end.

    Servers tell applications of it when all answers are over, and those here would never be.
    """
    loop = asyncio.get_running_loop()
    before: dict[int, Callable[[int, FrameType | None], Any]] = {}

    def ask(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(act)
        before[number](number, frame)

    if threading.current_thread() is threading.main_thread():
        for one in (signal.SIGTERM, signal.SIGINT):
            handler = signal.getsignal(one)
            if callable(handler):  # else nobody ends gracefully
                before[one] = handler
                signal.signal(one, ask)
    try:
        yield
    finally:
        for number, handler in before.items():
            if signal.getsignal(number) is ask:
                signal.signal(number, handler)
