"""Gathers requests that come at the same time, so that they share one commit."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from inspect import iscoroutinefunction
from typing import Generic, TypeAlias, TypeVar, cast

from starlette.concurrency import run_in_threadpool

_Asked = TypeVar("_Asked")
_Told = TypeVar("_Told")
_Outcomes: TypeAlias = Sequence[_Told | Exception]
_Take: TypeAlias = (
    Callable[[Sequence[_Asked]], _Outcomes[_Told]]
    | Callable[[Sequence[_Asked]], Awaitable[_Outcomes[_Told]]]
)


class Gatherer(Generic[_Asked, _Told]):
    """Hands requests to `take`, at most `most` at a time, and each its own outcome back.

    Nobody waits for company: while `take` is busy with some, in a worker thread unless it is a
    coroutine's, the others gather. All belong to one event loop.
    """

    def __init__(self, take: _Take[_Asked, _Told], most: int) -> None:
        self._take = take
        self._most = most
        self._waiting: deque[tuple[_Asked, asyncio.Future[_Told]]] = deque()
        self._work: asyncio.Task[None] | None = None

    async def ask(self, asked: _Asked) -> _Told:
        """The outcome of one request. Raises what `take` gives as its outcome."""
        future: asyncio.Future[_Told] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, future))
        if self._work is None or self._work.done():
            # In a context of its own: it works for others than who asked first, too.
            self._work = asyncio.create_task(self._serve(), context=Context())
        return await future

    async def _serve(self) -> None:
        while self._waiting:
            count = min(self._most, len(self._waiting))
            some = [self._waiting.popleft() for _ in range(count)]
            outcomes: _Outcomes[_Told]
            try:
                outcomes = await self._ask([asked for asked, _ in some])
            except Exception as error:  # noqa: BLE001 - it is raised where it was asked for
                outcomes = [error] * len(some)
            for (_, future), outcome in zip(some, outcomes, strict=True):
                _tell(future, outcome)

    async def _ask(self, asked: Sequence[_Asked]) -> _Outcomes[_Told]:
        if iscoroutinefunction(self._take):
            return cast(_Outcomes[_Told], await self._take(asked))
        return cast(_Outcomes[_Told], await run_in_threadpool(self._take, asked))


def _tell(future: asyncio.Future[_Told], outcome: _Told | Exception) -> None:
    if future.done():  # whoever asked has gone away
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
