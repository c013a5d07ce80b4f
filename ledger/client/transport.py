"""Sending requests until there is an answer: two ways to wait, in a thread or in an event loop."""

from __future__ import annotations

import asyncio
import re
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import httpx

from ledger.client.patience import Patience
from ledger.errors import MalformedValue

_CLOSED: Final = "this client is closed"
_ENDED: Final = "the stream ended"


@dataclass(frozen=True, slots=True)
class Call:
    """One request, before anything is sent; writing ones carry an `Idempotency-Key`.

    `stream` begins a body that is too large to be held, each time that it is sent.
    """

    method: str
    path: str
    params: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    stream: Callable[[], Iterator[bytes]] | None = None
    wait: float = 0.0


@dataclass(frozen=True, slots=True)
class Address:
    """Which service, and how patient to be with it.

    `patience` is for how many seconds of being away or busy the service is asked again, and
    `queue_patience` for how many it may have no room in its queue.
    """

    url: str
    patience: float = 30.0
    queue_patience: float | None = None
    timeout: float = 30.0
    connections: int = 32

    def begin(self) -> Patience:
        """The patience that there is for one request."""
        full = self.patience if self.queue_patience is None else self.queue_patience
        return Patience(self.url, self.patience, full)

    def pool(self, api_key: str | None) -> dict[str, Any]:
        """What a pool of connections is made of.

        The key lies in its headers alone, so that neither a `repr` nor a message can show it, and
        redirects are not followed, so that no other host is sent it.
        """
        url = _base(self.url)
        most = self.connections
        return {
            "base_url": url,
            "headers": {"Accept": "application/json"} | _bearer(api_key),
            "limits": httpx.Limits(max_connections=most, max_keepalive_connections=most),
            # A proxy of the environment cannot reach this machine's own loopback for us.
            "trust_env": url.host not in ("localhost", "127.0.0.1", "::1"),
            "verify": _trust(url.scheme),
        }

    def asked(self, call: Call) -> dict[str, Any]:
        """A request as the pool takes it, but for its body."""
        return {
            "method": call.method,
            "url": call.path,
            "params": dict(call.params) or None,
            "headers": dict(call.headers),
            "timeout": self.timeout + call.wait,
        }


class Transport:
    """A pool of kept-alive connections to one service; safe to use from many threads."""

    def __init__(self, address: Address, api_key: str | None) -> None:
        self.address = address
        self._closing = threading.Event()
        self._http = httpx.Client(**address.pool(api_key))

    def __repr__(self) -> str:
        return f"Transport({self.address.url!r})"

    def close(self) -> None:
        """End all waiting and drop the connections."""
        self._closing.set()
        self._http.close()

    def send(self, call: Call) -> httpx.Response:
        """The service's answer, of status 2xx. Raises ApiProblem, ApiUnavailable."""
        patience = self.address.begin()
        while True:
            verdict = patience.judge(self._once(call))
            if isinstance(verdict, httpx.Response):
                return verdict
            if self._closing.wait(verdict):
                raise patience.give_up(_CLOSED)

    def pieces(self, begin: Callable[[], Call]) -> Iterator[bytes]:
        """A stream, begun again wherever it ends. Raises ApiProblem, ApiUnavailable."""
        patience = self.address.begin()
        while True:
            outcome: httpx.Response | httpx.TransportError = httpx.ReadError(_ENDED)
            try:
                with self._http.stream(**self.address.asked(begin())) as response:
                    if response.is_success:
                        for piece in response.iter_bytes():
                            patience = self.address.begin()
                            yield piece
                    else:
                        response.read()
                        outcome = response
            except httpx.TransportError as error:
                outcome = error
            if self._closing.wait(patience.rest(outcome)):
                raise patience.give_up(_CLOSED)

    def _once(self, call: Call) -> httpx.Response | httpx.TransportError:
        if self._closing.is_set():
            return httpx.TransportError(_CLOSED)
        body = call.stream() if call.stream else call.body
        try:
            return self._http.request(**self.address.asked(call), content=body)
        except httpx.TransportError as error:
            return error


class AsyncTransport:
    """The same for tasks of one event loop."""

    def __init__(self, address: Address, api_key: str | None) -> None:
        self.address = address
        self._http = httpx.AsyncClient(**address.pool(api_key))

    def __repr__(self) -> str:
        return f"AsyncTransport({self.address.url!r})"

    async def close(self) -> None:
        """Drop the connections."""
        await self._http.aclose()

    async def send(self, call: Call) -> httpx.Response:
        """The service's answer, of status 2xx. Raises ApiProblem, ApiUnavailable."""
        patience = self.address.begin()
        while True:
            verdict = patience.judge(await self._once(call))
            if isinstance(verdict, httpx.Response):
                return verdict
            await asyncio.sleep(verdict)
            if self._http.is_closed:
                raise patience.give_up(_CLOSED)

    async def pieces(self, begin: Callable[[], Call]) -> AsyncIterator[bytes]:
        """A stream, begun again wherever it ends. Raises ApiProblem, ApiUnavailable."""
        patience = self.address.begin()
        while True:
            outcome: httpx.Response | httpx.TransportError = httpx.ReadError(_ENDED)
            try:
                async with self._http.stream(**self.address.asked(begin())) as response:
                    if response.is_success:
                        async for piece in response.aiter_bytes():
                            patience = self.address.begin()
                            yield piece
                    else:
                        await response.aread()
                        outcome = response
            except httpx.TransportError as error:
                outcome = error
            await asyncio.sleep(patience.rest(outcome))
            if self._http.is_closed:
                raise patience.give_up(_CLOSED)

    async def _once(self, call: Call) -> httpx.Response | httpx.TransportError:
        if self._http.is_closed:
            return httpx.TransportError(_CLOSED)
        body = _read_aside(call.stream()) if call.stream else call.body
        try:
            return await self._http.request(**self.address.asked(call), content=body)
        except httpx.TransportError as error:
            return error


async def _read_aside(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The pieces of a body, each read by a thread, as reading may wait for a disk."""
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece


@cache
def _trust(scheme: str) -> ssl.SSLContext:
    """Whom to trust, read once a process: it takes longer than most requests."""
    if scheme == "https":
        return httpx.create_ssl_context()
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody, and is never asked


def _base(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url.rstrip("/"))
    except httpx.InvalidURL:
        parsed = httpx.URL("")
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise MalformedValue(field="url", value=url, wanted="an http or https address")
    return parsed


def _bearer(api_key: str | None) -> dict[str, str]:
    if api_key is None:
        return {}
    if not re.fullmatch(r"[\x21-\x7e]+", api_key):  # httpx would print what it refuses
        raise MalformedValue(field="api_key", value="(not shown)", wanted="an API key")
    return {"Authorization": f"Bearer {api_key}"}
