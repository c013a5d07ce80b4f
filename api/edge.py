"""The outermost layer: request ids, bounded bodies, one line and count a request, no raw 500."""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any, Final

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import Problem, problem_of, render
from api.measures import Measures
from api.noting import begin_notes
from api.quota_answers import HeaderField
from api.request_lines import RequestLine

_log = logging.getLogger("asset_ledger.api")
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SNIFF: Final = (b"x-content-type-options", b"nosniff")
_PROCESS: Final = secrets.token_hex(8)
_COUNT: Final = count()
_QUIET: Final = frozenset({"/healthz", "/metrics", "/readyz", "/v1/status"})


class Edge:
    """ASGI layer around the whole application.

    A body whose Content-Length is above `max_body` is refused unread; one that grows beyond it
    while it streams is refused at that byte. Paths in `larger` have bounds of their own.
    """

    def __init__(
        self, app: ASGIApp, max_body: int, larger: Mapping[str, int], measures: Measures
    ) -> None:
        self.app = app
        self.measures = measures
        self.max_body = max_body
        self.larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        # A copy: the server must go on seeing HEAD, so that it drops the body itself.
        scope = dict(scope)
        max_body = self.larger.get(scope["path"], self.max_body)
        exchange = _Exchange(self.app, max_body, scope, receive, send)
        began = time.perf_counter()
        self.measures.in_flight.inc()
        try:
            await exchange.run()
        finally:
            self.measures.in_flight.dec()
            seconds = time.perf_counter() - began
            exchange.tell(seconds)
            taken, given = exchange.taken, exchange.given
            self.measures.count(exchange.scope, exchange.status, seconds, taken, given)


class _Exchange:
    """One request and its answer."""

    def __init__(
        self, app: ASGIApp, max_body: int, scope: Scope, receive: Receive, send: Send
    ) -> None:
        self.app, self.max_body = app, max_body
        self.scope, self._receive, self._send = scope, receive, send
        given, self._length = _read_headers(scope)
        self.request_id = given if given and _REQUEST_ID.fullmatch(given) else _make_id()
        self.method = scope["method"]
        self.taken = self.given = 0
        self.status: int | None = None
        self.notes = begin_notes()
        scope["request_id"] = self.request_id
        if self.method == "HEAD":
            scope["method"], scope["head"] = "GET", True

    async def run(self) -> None:
        try:
            self._refuse_length()
            await self.app(self.scope, self.receive, self.send)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets a problem
            await self._answer(error)
        finally:
            if toll := self.scope.get("toll"):
                toll.end(self.taken + self.given)

    def _refuse_length(self) -> None:
        length = self._length
        if length is None:
            return
        if not (length.isascii() and length.isdigit()):
            raise Problem("bad_request", "Content-Length is not a number")
        if int(length) > self.max_body:
            raise self._too_large(f"{int(length)} bytes")

    def _too_large(self, given: str) -> Problem:
        return Problem(
            "body_too_large",
            f"the body has {given}; at most {self.max_body} bytes are accepted",
            members={"max_body": self.max_body},
        )

    async def receive(self) -> Message:
        message = await self._receive()
        self.taken += len(message.get("body", b""))
        if self.taken > self.max_body:
            raise self._too_large(f"more than {self.max_body} bytes")
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            toll = self.scope.get("toll")
            message["headers"] = self._more_headers(
                message["headers"], toll.headers if toll else ()
            )
        self.given += len(message.get("body", b""))
        await self._send(message)

    def _more_headers(
        self, given: Iterable[HeaderField], left: Iterable[HeaderField]
    ) -> list[HeaderField]:
        """The answer's header fields and our own; what we say of the request takes their place."""
        ours = [(b"x-request-id", self.request_id.encode()), *left]
        replaced = {name for name, _ in ours}
        told = [field for field in given if field[0] not in replaced]
        if _SNIFF[0] not in {name for name, _ in told}:
            told.append(_SNIFF)
        return told + ours

    async def _answer(self, error: Exception) -> None:
        problem = problem_of(error)
        if problem is None:
            _log.error("unexpected failure", exc_info=error, extra=self._context())
            problem = Problem(
                "internal", f"the service failed; name request {self.request_id} when you ask us"
            )
        if self.status is not None:
            # Half an answer went out already: only breaking off tells the client so.
            raise error
        answer = render(Request(self.scope), problem)
        await answer(self.scope, self._receive, self.send)

    def _context(self) -> dict[str, Any]:
        return {
            "request_id": self.request_id,
            "method": self.method,
            "path": self.scope["path"],
            "caller": self.scope.get("caller"),
            "problem": self.scope.get("problem"),
            **self.notes,
        }

    def tell(self, seconds: float) -> None:
        """Write the request's one line of the log."""
        level = logging.DEBUG if self.scope["path"] in _QUIET else logging.INFO
        measured = {"status": self.status, "milliseconds": round(seconds * 1000, 2)}
        if _log.isEnabledFor(level):
            _log.handle(RequestLine(_log.name, level, {**self._context(), **measured}))


def _make_id() -> str:
    """What no request was named yet, by any process; it need not be hard to guess."""
    return f"{_PROCESS}{next(_COUNT):016x}"


def _read_headers(scope: Scope) -> tuple[str | None, str | None]:
    """X-Request-Id and Content-Length, the first of each."""
    request_id = length = None
    for name, value in scope["headers"]:
        if name == b"x-request-id" and request_id is None:
            request_id = value.decode("latin-1")
        elif name == b"content-length" and length is None:
            length = value.decode("latin-1")
    return request_id, length
