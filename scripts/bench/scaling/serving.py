"""Serves a node over HTTP/1.1: one request after another on each kept connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, cast

import httptools  # type: ignore[import-untyped]

_MISSING: Final = b"HTTP/1.1 405 Method Not Allowed\r\ncontent-length: 0\r\n\r\n"
_FOUND: Final = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"


class _Connection(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, answer: Callable[[bytes], bytes]) -> None:
        self.answer = answer
        self.parser = httptools.HttpRequestParser(self)
        self.body: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self.transport.close()

    def on_message_begin(self) -> None:
        self.body.clear()

    def on_body(self, body: bytes) -> None:
        self.body.append(body)

    def on_message_complete(self) -> None:
        if self.parser.get_method() != b"POST":
            self.transport.write(_MISSING)
            return
        answer = self.answer(b"".join(self.body))
        self.transport.write(_FOUND % len(answer))
        self.transport.write(answer)
        if not self.parser.should_keep_alive():
            self.transport.close()


async def serve(answer: Callable[[bytes], bytes], port: int, ready: Callable[[int], None]) -> None:
    """Serve on loopback for ever; `ready` hears the port, which is a free one if 0 is given."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(answer), "127.0.0.1", port)
    ready(server.sockets[0].getsockname()[1])
    await server.serve_forever()
