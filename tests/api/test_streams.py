"""Streams end when they should: with the service, with their reader, or when it takes nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import httpx
import pytest
from fastapi import FastAPI

from api import streams
from api.streams import EventStream
from tests.api.running import Member, Running, serving, until
from tests.api.streaming import listening


@contextmanager
def served(service: Running) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Another process that serves the same ledger, and its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    settings = {
        "DATA": str(service.settings.data),
        "DATABASE_URL": service.settings.database(),
        "RPC_URL": service.settings.rpc_url,
        "PORT": str(port),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "ledger.cli", "serve"],
        env={**os.environ, **{f"ASSET_LEDGER_{name}": one for name, one in settings.items()}},
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: _answers(url), seconds=60)
        yield process, url
    finally:
        process.kill()
        process.wait()


def _answers(url: str) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1])), 1):
            return True
    except OSError:
        return False


def test_each_process_tells_what_another_took_in_and_ends_its_streams_when_it_is_asked_to_end(
    service: Running, aurora: Member
) -> None:
    with served(service) as (process, url):
        headers = {"Authorization": f"Bearer {aurora.key}"}
        with (
            httpx.Client(base_url=url, headers=headers, trust_env=False) as http,
            listening(http) as heard,
            listening(http) as other,
        ):
            asset = aurora.register()
            heard.wait_for(asset)
            other.wait_for(asset)
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            until(lambda: heard.ended and other.ended)
            process.wait(20)
            # Else it would have waited for them for ten seconds.
            assert time.monotonic() - began < 8


class Endless:
    """A stream that never ends by itself, and counts what it made."""

    def __init__(self) -> None:
        self.made = 0
        self.closed = self.ended = False

    async def events(self) -> AsyncIterator[bytes]:
        try:
            while True:
                self.made += 1
                yield b"data: " + b"x" * 8_000 + b"\n\n"
                await asyncio.sleep(0)
        finally:
            self.closed = True

    def end(self) -> None:
        self.ended = True


@pytest.fixture
def endless() -> Iterator[tuple[Endless, str]]:
    app, endless = FastAPI(), Endless()

    @app.get("/")
    async def get() -> EventStream:
        return EventStream(endless.events(), endless.end)

    class Feed:
        def close(self) -> None:
            pass

    app.state.feed = Feed()
    with serving(app) as url:
        yield endless, url


def connect(url: str) -> socket.socket:
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    reader.connect(("127.0.0.1", int(url.rsplit(":", 1)[1])))
    reader.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    return reader


def test_a_reader_that_takes_nothing_is_cut_off_and_nothing_is_kept_for_it(
    endless: tuple[Endless, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "_STALLED", 0.3)
    made, url = endless
    with connect(url):
        until(lambda: made.closed and made.ended)
        assert made.made < 2_000  # 16 MB: what the system's own buffers hold


def test_a_stream_ends_with_its_reader(endless: tuple[Endless, str]) -> None:
    """It once went on for ever where that came while something was being sent."""
    made, url = endless
    with connect(url) as reader:
        reader.recv(4_096)
    until(lambda: made.closed and made.ended)
