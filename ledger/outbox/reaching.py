"""Reaches addresses that others name, and nothing else: no private ones, no redirects, no proxies.

A name is resolved once. All of its addresses have to be public, and one of those that were looked
at is what is connected to: what a name server says later is not asked.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias
from urllib.parse import SplitResult, urlsplit

import httpcore

from ledger.errors import MalformedValue

LONGEST: Final = 2_048
"""Characters of a URL."""

_READ: Final = 65_536
"""Bytes of an answer's body that are read at the most; none is kept."""

_TRIED: Final = 4
_RESOLVING: Final = 32
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_HOST: Final = re.compile(r"[A-Za-z0-9._:\[\]-]{1,255}")
_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Reach:
    """What may be reached beside public addresses over https."""

    private: bool = False
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """How a request ended: a status, or the reason why there is none; `retry_after` in seconds."""

    milliseconds: int
    status: int | None = None
    error: str | None = None
    retry_after: int | None = None


def verify_url(text: str, reach: Reach, field: str = "url") -> str:
    """See that a URL may be reached, as far as it says that itself. Raises MalformedValue."""
    parts = _split(text) if len(text) <= LONGEST and text.isascii() and text.isprintable() else None
    schemes = ("https", "http") if reach.plain else ("https",)
    if parts is None or parts.scheme not in schemes or " " in text:
        wanted = f"a URL of {' or '.join(schemes)} of at most {LONGEST} ASCII characters"
        raise MalformedValue(field=field, value=text[:100], wanted=wanted)
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise MalformedValue(field=field, value="…", wanted="a URL without user and fragment")
    literal = _find_literal(parts.hostname or "")
    if literal is not None and not reach.private and not is_public(literal):
        raise MalformedValue(field=field, value=text[:100], wanted="a URL of a public address")
    return text


def _split(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    host = parts.hostname
    return parts if host and _HOST.fullmatch(host) and port != 0 else None


def _find_literal(host: str) -> _Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_public(address: _Address) -> bool:
    """Whether an address is one of the public network, and so is any that is within it."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return False
        within = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if address in _NAT64 or int(address) >> 32 == 0:  # the latter: IPv4-compatible
            within.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if not all(is_public(one) for one in within if one is not None):
            return False
        if address.ipv4_mapped is not None:
            return True
    return address.is_global and not address.is_multicast


class NoAddress(Exception):
    """A name has no address that may be reached; whether it has another one is not told."""


class _CheckedBackend(httpcore.AsyncNetworkBackend):
    """Connects to addresses that were checked."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._inner = httpcore.AnyIOBackend()
        self._resolving = ThreadPoolExecutor(_RESOLVING, "resolves")

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolve, check, and connect to the first that answers. Raises NoAddress."""
        failed: Exception = NoAddress(host)
        for address in (await self.find_addresses(host, port))[:_TRIED]:
            try:
                return await self._inner.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed

    async def find_addresses(self, host: str, port: int) -> list[str]:
        """All addresses of a name, if all of them may be reached. Raises NoAddress."""
        loop = asyncio.get_running_loop()
        resolve = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        try:
            # In threads of their own: name servers of others may take their time.
            found = await loop.run_in_executor(self._resolving, resolve)
        except (OSError, UnicodeError):
            raise NoAddress(host) from None
        addresses = list(dict.fromkeys(str(told[4][0]) for told in found))
        if not self._reach.private and not all(
            is_public(ipaddress.ip_address(one)) for one in addresses
        ):
            raise NoAddress(host)
        return addresses


class Reaching:
    """Sends requests, each for so many seconds at the most; of one event loop."""

    def __init__(self, reach: Reach, seconds: float, tls: ssl.SSLContext) -> None:
        self._seconds = seconds
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=1_000,
            max_keepalive_connections=100,
            keepalive_expiry=30.0,
            network_backend=_CheckedBackend(reach),
        )

    async def close(self) -> None:
        """Let go of all connections."""
        await self._pool.aclose()

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answered:
        """Send a body; whatever goes wrong is part of the answer."""
        began = time.monotonic()
        status, error, after = None, None, None
        try:
            async with asyncio.timeout(self._seconds):
                status, after = await self._post(url, headers, body)
        except TimeoutError:
            error = "timeout"
        except NoAddress:
            error = "no_address"
        except httpcore.ConnectError:
            error = "unreachable"
        except (httpcore.ProtocolError, httpcore.NetworkError, OSError):
            error = "broken_off"
        return Answered(round((time.monotonic() - began) * 1000), status, error, after)

    async def _post(
        self, url: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, int | None]:
        given = [(name.encode(), value.encode()) for name, value in headers.items()]
        async with self._pool.stream("POST", url, headers=given, content=body) as response:
            read = 0
            async for chunk in response.aiter_stream():
                read += len(chunk)
                if read > _READ:
                    break
            return response.status, _read_retry_after(response.headers)


def _read_retry_after(headers: Sequence[tuple[bytes, bytes]]) -> int | None:
    for name, value in headers:
        if name.lower() == b"retry-after" and value.isdigit() and len(value) < 9:
            return int(value)
    return None
