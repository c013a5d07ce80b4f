"""What the client does, as values: requests to be sent and answers to be read, whoever sends them.

A *flow* yields each request that is to be sent and is given its answer; what it returns is what the
method answers. So each thing that the API offers is written once, and is a method of the client
that waits in a thread and of the one that waits in an event loop.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, Generic, ParamSpec, TypeAlias, TypeVar, overload
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import msgspec

from ledger.client.answers import Accepted, AsOf
from ledger.client.problems import ApiProblem, BadAnswer
from ledger.client.transport import Call

if TYPE_CHECKING:
    from ledger.client.calling import AsyncCaller, Caller
    from ledger.client.rows import AsyncRows, Rows

P = ParamSpec("P")
T = TypeVar("T")

Flow: TypeAlias = Generator[Call, httpx.Response, T]
Params: TypeAlias = Mapping[str, str | Sequence[str]]

At: TypeAlias = str | int
"""A moment to read as of: a block's number, or a time (RFC 3339)."""

REPEATED: Final = 200
"""The status that says: this was accepted before."""

JSON: Final = {"Content-Type": "application/json"}
_NOT_FOUND: Final = 404


class method(Generic[P, T]):
    """A flow as a method: its result, or with an event loop what can be awaited for it."""

    def __init__(self, flow: Callable[P, Flow[T]]) -> None:
        self.flow = flow
        self.__doc__ = flow.__doc__

    @overload
    def __get__(self, client: None, owner: Any = None) -> method[P, T]: ...
    @overload
    def __get__(self, client: Caller, owner: Any = None) -> Callable[P, T]: ...
    @overload
    def __get__(self, client: AsyncCaller, owner: Any = None) -> Callable[P, Awaitable[T]]: ...
    def __get__(self, client: Any, owner: Any = None) -> Any:
        if client is None:
            return self

        @wraps(self.flow)
        def call(*args: P.args, **kwargs: P.kwargs) -> Any:
            return client.run(self.flow(*args, **kwargs))

        return call


class listing(Generic[P, T]):
    """A list as a method: rows to go through, whose pages are fetched as they are reached."""

    def __init__(self, listed: Callable[P, Listing[T]]) -> None:
        self.listed = listed
        self.__doc__ = listed.__doc__

    @overload
    def __get__(self, client: None, owner: Any = None) -> listing[P, T]: ...
    @overload
    def __get__(self, client: Caller, owner: Any = None) -> Callable[P, Rows[T]]: ...
    @overload
    def __get__(self, client: AsyncCaller, owner: Any = None) -> Callable[P, AsyncRows[T]]: ...
    def __get__(self, client: Any, owner: Any = None) -> Any:
        if client is None:
            return self

        @wraps(self.listed)
        def call(*args: P.args, **kwargs: P.kwargs) -> Any:
            return client.rows(self.listed(*args, **kwargs))

        return call


class Page(msgspec.Struct, Generic[T]):
    """One page of a list, and the block that it stands at, if the list is of a block."""

    items: list[T]
    as_of: AsOf | None = None


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """A list, before anything of it is fetched."""

    path: str
    params: Params
    answer: type[T]

    def fetch(self, params: Params) -> Flow[tuple[Page[T], Params | None]]:
        """A page, and the parameters of the one that follows, or None."""
        response = yield Call("GET", self.path, params=params)
        page: Page[T] = decode(response, Page[self.answer])  # type: ignore[name-defined]
        following = response.links.get("next", {}).get("url")
        # Only the query of the link is taken: our key goes nowhere but to our service.
        return page, None if following is None else parse_qs(urlsplit(following).query)


def get(path: str, answer: type[T], params: Params | None = None) -> Flow[T]:
    """What is at a path. Raises ApiProblem."""
    return decode((yield Call("GET", path, params=params or {})), answer)


def find(path: str, answer: type[T], params: Params | None = None) -> Flow[T | None]:
    """What is at a path, or None if nothing is."""
    try:
        return (yield from get(path, answer, params))
    except ApiProblem as problem:
        if problem.status == _NOT_FOUND:
            return None
        raise


def fetch(path: str, params: Params | None = None) -> Flow[bytes]:
    """The bytes that are at a path. Raises ApiProblem."""
    return (yield Call("GET", path, params=params or {})).content


def put_forward(path: str, told: Any, answer: type[T], method: str = "POST") -> Flow[T]:
    """Send JSON once, and read what is answered. Raises ApiProblem."""
    body = msgspec.json.encode(told)
    return decode((yield Call(method, path, headers=JSON, body=body)), answer)


def act(path: str, answer: type[T]) -> Flow[T]:
    """Have something done that needs no body. Raises ApiProblem."""
    return decode((yield Call("POST", path)), answer)


def write(path: str, body: bytes, wait: float, idempotency_key: str | None) -> Flow[httpx.Response]:
    """Send what becomes an entry, under a key by which it is known when it is sent again."""
    headers = {**JSON, "Idempotency-Key": idempotency_key or secrets.token_hex(16)}
    if wait:
        headers["Prefer"] = f"wait={wait:g}"
    return (yield Call("POST", path, headers=headers, body=body, wait=wait))


def append(path: str, body: bytes, wait: float, idempotency_key: str | None) -> Flow[Accepted]:
    """Send what becomes an entry, and read what became of it. Raises ApiProblem."""
    response = yield from write(path, body, wait, idempotency_key)
    accepted = decode(response, Accepted)
    return replace(accepted, repeated=response.status_code == REPEATED)


def decode(response: httpx.Response, answer: type[T]) -> T:
    """An answer's body as a value. Raises BadAnswer."""
    try:
        return msgspec.json.decode(response.content, type=answer)
    except msgspec.DecodeError as error:
        raise BadAnswer(response.request.url.path, str(error)) from None


def segment(text: str) -> str:
    """A part of a path, whatever it is made of."""
    return quote(text, safe=":")


def last_segment(url: str) -> str:
    """The id at the end of a URL, or an id as it is."""
    return urlsplit(url).path.rstrip("/").rsplit("/", 1)[-1]


def chosen(**given: object) -> dict[str, str]:
    """The parameters that are given (not None), as a query writes them."""
    return {name: _text(value) for name, value in told(**given).items()}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def told(**given: object) -> dict[str, Any]:
    """The members of a body that are given (not None); an underscore at the end is dropped."""
    return {name.rstrip("_"): value for name, value in given.items() if value is not None}
