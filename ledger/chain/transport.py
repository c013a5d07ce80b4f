"""JSON-RPC 2.0 over HTTP: every failure typed, connections kept, only reads repeated."""

from __future__ import annotations

import itertools
import logging
import random
import time
from collections.abc import Callable, Sequence
from functools import cache
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeAlias, TypeVar

import httpx
import msgspec

from ledger.errors import InputError, MalformedValue, NodeUnavailable, RpcError

# httpx logs whole URLs, and a hosted node's URL carries its key in the path.
logging.getLogger("httpx").setLevel(logging.WARNING)

T = TypeVar("T")
Call: TypeAlias = tuple[str, Sequence[object]]
"""A method and its parameters."""

_FIRST_PAUSE: Final = 0.05
_DRAW: Final = random.Random()  # noqa: S311 - only spreads retries
_LONGEST_PAUSE: Final = 1.0
_LARGEST_BATCH: Final = 100
_TOO_MUCH: Final = frozenset({400, 413, 414})
"""HTTP statuses by which gateways refuse what is asked, whenever it is asked."""


class _Failure(msgspec.Struct):
    code: int
    message: str
    data: Any = None


class _Answer(msgspec.Struct, Generic[T]):
    id: int | None = None
    # Errors may come with a result of null beside them.
    result: T | msgspec.UnsetType | None = msgspec.UNSET
    error: _Failure | None = None


class Endpoint:
    """A node's JSON-RPC endpoint; safe to share between threads, connections are kept alive.

    `timeout` and `patience` are in seconds; `patience` bounds how long `fetch…` repeats a read
    that the node did not answer. Nothing else is ever repeated. Raises InputError for a URL that
    is none.
    """

    def __init__(self, url: str, *, timeout: float = 30.0, patience: float = 10.0) -> None:
        parts = _parse_url(url)
        self.url = url
        self.shown = f"{parts.scheme}://{parts.netloc.decode().rpartition('@')[2]}"
        self.patience = patience
        self._ids = itertools.count(1)
        self._target = parts.copy_with(username=None, password=None)
        self._client = httpx.Client(
            auth=(parts.username, parts.password) if parts.username else None,
            timeout=httpx.Timeout(timeout, connect=min(timeout, 5.0)),
            headers={"content-type": "application/json"},
            # Making a TLS context costs 30 ms, and no proxy reaches our own machine.
            verify=parts.scheme == "https",
            trust_env=parts.host not in {"127.0.0.1", "localhost", "::1"},
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.shown!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    # -- asking once -----------------------------------------------------------------------

    def call(self, method: str, *params: object) -> Any:
        """Ask once, and return `result`.

        Raises:
            NodeUnavailable: no answer, or none that is JSON-RPC; it may be asked again.
            RpcError: the node refused.
        """
        return self._ask(method, params, Any)

    def batch(self, calls: Sequence[Call]) -> list[Any]:
        """Ask several at once; results in order, each a result or the RpcError it met.

        Raises:
            NodeUnavailable: no answer, or not one for each.
            RpcError: the node refused the batch as a whole.
        """
        return self._ask_batch(calls, Any)

    # -- reading, with patience ------------------------------------------------------------

    def fetch(self, method: str, *params: object) -> Any:
        """Ask a read, again with back-off while the node does not answer. Raises as `call`."""
        return self._patiently(lambda: self.call(method, *params))

    def fetch_batch(self, calls: Sequence[Call]) -> list[Any]:
        """Ask several reads, as `batch` does, in as many requests as the node wants them in."""
        return self._in_parts(calls, self.batch)

    # -- the wire --------------------------------------------------------------------------

    def _patiently(self, ask: Callable[[], T]) -> T:
        deadline = time.monotonic() + self.patience
        pause = _FIRST_PAUSE
        while True:
            try:
                return ask()
            except NodeUnavailable:
                if time.monotonic() + pause > deadline or self._client.is_closed:
                    raise
                time.sleep(pause * _DRAW.uniform(0.5, 1.0))
                pause = min(2 * pause, _LONGEST_PAUSE)

    def _in_parts(self, calls: Sequence[Call], ask: Callable[[Sequence[Call]], list[T]]) -> list[T]:
        """Ask in parts, halved for as long as the node refuses one as a whole."""
        answers: list[T] = []
        size = _LARGEST_BATCH
        while part := calls[len(answers) : len(answers) + size]:
            try:
                answers += ask(part)
            except RpcError:
                if len(part) == 1:
                    raise
                size = len(part) // 2
        return answers

    def _ask(self, method: str, params: Sequence[object], wanted: type[T]) -> T:
        number = next(self._ids)
        body = self._post(method, _request(number, method, params))
        form: Any = wanted
        try:
            # At once as what is wanted: an answer may be long.
            answer = self._decode(method, body, _answer_of(form))
        except NodeUnavailable:
            # A refusal may have a result of any form beside it.
            answer = self._decode(method, body, _answer_of(Any))
            if answer.error is None:
                raise
        if answer.error is None and answer.id != number:
            raise self._nonsense(method, "it answers another request")
        if answer.error is not None:
            # No name may hold what is raised: with its traceback it would hold all that is here.
            raise _refusal(method, answer.error)
        read: T = self._result(method, answer)
        if read is None and wanted is not Any:
            raise self._nonsense(method, "its result is null")
        return read

    def _ask_batch(self, calls: Sequence[Call], wanted: Any) -> list[Any]:
        if not calls:
            return []
        numbers = [next(self._ids) for _ in calls]
        requests = [_request(number, *call) for number, call in zip(numbers, calls, strict=True)]
        body = self._post("batch", requests)
        if body.lstrip().startswith(b"{"):
            failure = self._decode("batch", body, _answer_of(Any)).error
            raise _refusal("batch", failure) if failure else self._nonsense("batch", "one answer")
        answers = {one.id: one for one in self._decode("batch", body, _answers_of(wanted))}
        if answers.keys() != set(numbers):
            raise self._nonsense("batch", "answers are missing")
        return [
            self._result(method, answer) if answer.error is None else _refusal(method, answer.error)
            for answer, (method, _) in zip([answers[one] for one in numbers], calls, strict=True)
        ]

    def _post(self, method: str, request: object) -> bytes:
        encoded = msgspec.json.encode(request)
        try:
            # httpx ties answers into cycles: what a body holds must not wait to be found in one.
            with self._client.stream("POST", self._target, content=encoded) as response:
                packed = "content-encoding" in response.headers
                body = b"".join(response.iter_bytes() if packed else response.iter_raw())
        except (httpx.HTTPError, RuntimeError) as error:
            # httpx says RuntimeError for a client that another thread has closed.
            if isinstance(error, RuntimeError) and not self._client.is_closed:
                raise
            reason = str(error) or type(error).__name__
            raise NodeUnavailable(
                f"{self.shown} did not answer {method}: {reason}", url=self.shown, method=method
            ) from error
        # Some nodes send a JSON-RPC error with HTTP status 400 or 500; that is an answer.
        status, told = response.status_code, response.headers.get("content-type", "")
        if status in _TOO_MUCH and "json" not in told:
            raise RpcError(method, status, f"HTTP status {status}")
        if status >= 300 and (status in {429, 502, 503, 504} or "json" not in told):
            raise self._nonsense(method, f"HTTP status {status}")
        return body

    def _decode(self, method: str, body: bytes | msgspec.Raw, wanted: Any) -> Any:
        try:
            return msgspec.json.decode(body, type=wanted)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise self._nonsense(method, str(error)) from None

    def _result(self, method: str, answer: _Answer[Any]) -> Any:
        if answer.result is msgspec.UNSET:
            raise self._nonsense(method, "neither result nor error")
        return answer.result

    def _understood(self, method: str, read: Callable[[Any], T], answer: object) -> T:
        try:
            return read(answer)
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise self._nonsense(method, repr(error)) from None
        except MalformedValue as error:
            raise self._nonsense(method, str(error)) from None

    def _nonsense(self, method: str, reason: str) -> NodeUnavailable:
        return NodeUnavailable(
            f"{self.shown} gave no usable answer to {method}: {reason}",
            url=self.shown,
            method=method,
            reason=reason,
        )


def _parse_url(url: str) -> httpx.URL:
    """Read a node's URL; the error never shows it, as it may hold a password."""
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        raise InputError("the node's URL is not one") from None
    if parts.scheme not in {"http", "https"} or not parts.host:
        raise InputError("the node's URL does not begin with http:// or https:// and a host")
    return parts


@cache
def _answer_of(wanted: Any) -> Any:
    """The form of an answer with such a result: made once, as making one takes its time."""
    return _Answer[wanted]


@cache
def _answers_of(wanted: Any) -> Any:
    """The same of answers to a batch."""
    form: Any = list
    return form[_answer_of(wanted)]


def _request(number: int, method: str, params: Sequence[object]) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}


def _refusal(method: str, failure: _Failure) -> RpcError:
    return RpcError(method, failure.code, failure.message, failure.data)
