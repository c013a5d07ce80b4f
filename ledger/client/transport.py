"""Sending requests until there is an answer: connections, back-off, patience."""

from __future__ import annotations

import email.utils
import re
import secrets
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

import httpx

from ledger.client.problems import ApiUnavailable, read_problem
from ledger.errors import MalformedValue

BUSY: Final = frozenset({429, 502, 503, 504})
"""Statuses that say: not now, ask again."""

FULL: Final = frozenset({"too_many_waiting", "queue_full"})
"""Problems of a service that is well, and has no room yet: nothing was accepted."""

FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 5.0


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


class Transport:
    """A pool of kept-alive connections to one service; safe to use from many threads.

    `patience` is for how many seconds of being away or busy the service is asked again, and
    `queue_patience` for how many it may have no room in its queue. The key lives in the
    connection pool's headers alone, so that neither a `repr` nor a message can show it, and
    redirects are not followed, so that no other host is sent it.
    """

    def __init__(
        self,
        url: str,
        api_key: str | None,
        *,
        patience: float,
        queue_patience: float,
        timeout: float,
        connections: int,
    ) -> None:
        self.url = _base(url)
        self._patience = patience
        self._queue_patience = queue_patience
        self._timeout = timeout
        self._closing = threading.Event()
        self._http = httpx.Client(
            base_url=self.url,
            headers={"Accept": "application/json"} | _bearer(api_key),
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
            # A proxy of the environment cannot reach this machine's own loopback for us.
            trust_env=self.url.host not in ("localhost", "127.0.0.1", "::1"),
            verify=_trust(self.url.scheme),
        )

    def __repr__(self) -> str:
        return f"Transport({str(self.url)!r})"

    def close(self) -> None:
        """End all waiting and drop the connections."""
        self._closing.set()
        self._http.close()

    def send(self, call: Call) -> httpx.Response:
        """The service's answer, of status 2xx.

        Raises:
            ApiProblem: the service refused.
            ApiUnavailable: no answer within our patience.
        """
        began = heard = time.monotonic()
        pause = FIRST_PAUSE
        while True:
            full, asked = False, None
            try:
                response = self._once(call)
            except httpx.TransportError as error:
                trouble = f"{type(error).__name__}: {error}"
            else:
                if response.is_success:
                    return response
                problem = read_problem(response)
                if response.status_code not in BUSY:
                    raise problem
                trouble, asked, full = str(problem), retry_after(response), problem.code in FULL
            deadline = began + self._queue_patience if full else heard + self._patience
            chosen = _jittered(pause, asked)
            if self._closing.is_set() or time.monotonic() + chosen > deadline:
                raise ApiUnavailable(
                    f"{self.url} {'has no room' if full else 'does not answer'}: {trouble}",
                    url=str(self.url),
                    trouble=trouble,
                )
            self._closing.wait(chosen)
            if full:  # it is well, and has its own time to be away in again
                heard, pause = time.monotonic(), FIRST_PAUSE
            else:
                pause = min(2 * pause, LONGEST_PAUSE)

    def _once(self, call: Call) -> httpx.Response:
        if self._closing.is_set():
            raise httpx.TransportError("this client is closed")
        return self._http.request(
            call.method,
            call.path,
            params=dict(call.params) or None,
            headers=dict(call.headers),
            content=call.stream() if call.stream else call.body,
            timeout=self._timeout + call.wait,
        )


def _jittered(pause: float, asked: float | None) -> float:
    """Seconds to stay away: never less than asked, and not the same for everybody."""
    dice = secrets.randbelow(500) / 1000
    return pause * (0.75 + dice) if asked is None else asked + min(asked, LONGEST_PAUSE) * dice


@cache
def _trust(scheme: str) -> ssl.SSLContext:
    """Whom to trust, read once a process: it takes longer than most requests."""
    if scheme == "https":
        return httpx.create_ssl_context()
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody, and is never asked


def retry_after(response: httpx.Response) -> float | None:
    """Seconds that the service asks us to stay away (RFC 9110, 10.2.3), or None."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, moment.timestamp() - time.time())


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
