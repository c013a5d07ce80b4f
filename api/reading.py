"""Routes that read: one worker thread opens the snapshot, answers, and writes the answer's bytes.

Each thing that is handed to a thread of its own costs more than most of what is read.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial, wraps
from inspect import signature
from operator import methodcaller
from typing import Any, ClassVar, Final

import msgspec
from anyio import to_thread
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from api.deps import Wanted, open_view, read_wanted

_VIEW: Final = "view"
_ENCODER: Final = msgspec.json.Encoder(enc_hook=methodcaller("model_dump", by_alias=True))


class ReadingRoute(APIRoute):
    """A route that may have a parameter `view: Viewing`; the others are as they are without this.

    Who is calling is asked in the snapshot that the answer is of. It is closed before the answer is
    sent, so that a slow reader holds no session. `waits` is whether it asks others than the
    database: then it takes no turn.
    """

    waits: ClassVar[bool] = False

    def __init__(self, path: str, endpoint: Callable[..., Any], **given: Any) -> None:
        self._views = _VIEW in signature(endpoint).parameters
        super().__init__(
            path, _in_one_thread(endpoint, self.waits) if self._views else endpoint, **given
        )

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def let_in_first(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError:
                # Whoever may not ask learns no more than that, and what is asked wrongly costs too.
                await run_in_threadpool(_let_in, await read_wanted(request))
                raise

        return let_in_first if self._views else handle


class WaitingRoute(ReadingRoute):
    """The same for what asks the node meanwhile."""

    waits = True


def _let_in(wanted: Wanted) -> None:
    with open_view(wanted):
        pass


def _in_one_thread(endpoint: Callable[..., Any], waits: bool) -> Callable[..., Any]:
    def answer(view: Wanted, given: dict[str, Any]) -> Any:
        with open_view(view) as opened:
            told = endpoint(view=opened, **given)
        return _write(told, given.get("response")) if isinstance(told, BaseModel) else told

    @wraps(endpoint)
    async def take_turn(*, view: Wanted, **given: Any) -> Any:
        turns = None if waits else view.service.turns
        return await to_thread.run_sync(partial(answer, view, given), limiter=turns)

    return take_turn


def write(told: dict[str, Any], said: Response) -> Response:
    """A long answer by its fields as JSON has them, in order: no model is made of each."""
    return _respond(_ENCODER.encode(told), said)


def _write(told: BaseModel, said: Response | None) -> Response:
    """A model as JSON, with what the route said of its answer."""
    return _respond(told.__pydantic_serializer__.to_json(told, by_alias=True), said)


def _respond(content: bytes, said: Response | None) -> Response:
    answer = Response(content, media_type="application/json")
    if said is not None:
        answer.status_code = said.status_code or answer.status_code
        answer.raw_headers.extend(said.raw_headers)
    return answer
