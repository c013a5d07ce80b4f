"""Who runs the client's flows: in a thread that waits, or in tasks of an event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import Generic, Self, TypeVar

from ledger.client.events import EventAnswer, Following
from ledger.client.flows import Flow, Listing
from ledger.client.problems import ApiProblem
from ledger.client.rows import AsyncRows, Rows
from ledger.client.transport import Address, AsyncTransport, Transport

T = TypeVar("T")
Carrier = TypeVar("Carrier", Transport, AsyncTransport)


class _Connected(Generic[Carrier]):
    """What both are made with."""

    _kind: type[Carrier]

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
        address = Address(url, patience, queue_patience, timeout, connections)
        self._transport: Carrier = self._kind(address, api_key)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._transport.address.url!r})"


class Caller(_Connected[Transport]):
    """Asks one service with one key, and reads what it answers; the base of `Client`."""

    _kind = Transport

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

    def run(self, flow: Flow[T]) -> T:
        """What a flow returns, once all that it asks is answered."""
        try:
            call = next(flow)
            while True:
                try:
                    answer = self._transport.send(call)
                except ApiProblem as problem:
                    call = flow.throw(problem)
                else:
                    call = flow.send(answer)
        except StopIteration as end:
            value: T = end.value
            return value

    def rows(self, listed: Listing[T]) -> Rows[T]:
        """The rows of a list."""
        return Rows(self, listed)

    def follow(self, followed: Following) -> Iterator[EventAnswer]:
        """The events of a stream."""
        for piece in self._transport.pieces(followed.call):
            yield from followed.take(piece)


class AsyncCaller(_Connected[AsyncTransport]):
    """The same for tasks of an event loop; the base of `AsyncClient`."""

    _kind = AsyncTransport

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Drop the connections."""
        await self._transport.close()

    async def run(self, flow: Flow[T]) -> T:
        """What a flow returns, once all that it asks is answered."""
        try:
            call = next(flow)
            while True:
                try:
                    answer = await self._transport.send(call)
                except ApiProblem as problem:
                    call = flow.throw(problem)
                else:
                    call = flow.send(answer)
        except StopIteration as end:
            value: T = end.value
            return value

    def rows(self, listed: Listing[T]) -> AsyncRows[T]:
        """The rows of a list."""
        return AsyncRows(self, listed)

    async def follow(self, followed: Following) -> AsyncIterator[EventAnswer]:
        """The events of a stream."""
        async for piece in self._transport.pieces(followed.call):
            for event in followed.take(piece):
                yield event
