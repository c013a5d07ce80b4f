"""How every method of the client asks: its requests, its answers, its pages."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Final, Generic, Self, TypeVar
from urllib.parse import parse_qsl, quote, urlsplit

import httpx
import msgspec

from ledger.client.answers import Accepted
from ledger.client.problems import ApiProblem, BadAnswer
from ledger.client.transport import Call, Transport

T = TypeVar("T")

REPEATED: Final = 200
"""The status that says: this was accepted before."""

_NOT_FOUND: Final = 404


class Caller:
    """Asks one service with one key, and reads what it answers; the base of the client."""

    def __init__(
        self,
        url: str,
        api_key: str | None = None,
        *,
        patience: float = 30.0,
        queue_patience: float | None = None,
        timeout: float = 30.0,
        connections: int = 32,
    ) -> None:
        self._transport = Transport(
            url,
            api_key,
            patience=patience,
            queue_patience=patience if queue_patience is None else queue_patience,
            timeout=timeout,
            connections=connections,
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._transport.url)!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Drop the connections; calls under way in other threads end soon."""
        self._transport.close()

    def _send(self, call: Call) -> httpx.Response:
        return self._transport.send(call)

    def _post(
        self, path: str, body: bytes, wait: float, idempotency_key: str | None
    ) -> httpx.Response:
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": idempotency_key or secrets.token_hex(16),
        }
        if wait:
            headers["Prefer"] = f"wait={wait:g}"
        return self._send(Call("POST", path, headers=headers, body=body, wait=wait))

    def _get(self, path: str, answer: type[T]) -> T:
        return self._decode(self._send(Call("GET", path)), answer)

    def _find(self, path: str, answer: type[T]) -> T | None:
        try:
            return self._get(path, answer)
        except ApiProblem as problem:
            if problem.status == _NOT_FOUND:
                return None
            raise

    def _list(self, path: str, params: Mapping[str, str], answer: type[T]) -> Iterator[T]:
        while True:
            response = self._send(Call("GET", path, params=params))
            yield from self._decode(response, Page[answer]).items  # type: ignore[valid-type]
            following = response.links.get("next", {}).get("url")
            if following is None:
                return
            # Only the query of the link is taken: our key goes nowhere but to our service.
            params = dict(parse_qsl(urlsplit(following).query))

    def _accepted(self, response: httpx.Response) -> Accepted:
        accepted = self._decode(response, Accepted)
        return replace(accepted, repeated=response.status_code == REPEATED)

    def _decode(self, response: httpx.Response, answer: type[T]) -> T:
        try:
            return msgspec.json.decode(response.content, type=answer)
        except msgspec.DecodeError as error:
            raise BadAnswer(response.request.url.path, str(error)) from None


class Page(msgspec.Struct, Generic[T]):
    """One page of a list."""

    items: list[T]


def segment(text: str) -> str:
    """A part of a path, whatever it is made of."""
    return quote(text, safe=":")


def last_segment(url: str) -> str:
    """The id at the end of a URL, or an id as it is."""
    return urlsplit(url).path.rstrip("/").rsplit("/", 1)[-1]


def chosen(**given: object) -> dict[str, str]:
    """The parameters that are given (not None), as a query writes them."""
    kept = {name: value for name, value in given.items() if value is not None}
    return {n: str(v).lower() if isinstance(v, bool) else str(v) for n, v in kept.items()}
