"""The feed of one process: one look at the database for all who listen."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import Context
from typing import Final

from fastapi.sse import format_sse_event
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from api.births import Births
from api.events import Loaded, load_events, tell_final
from ledger.database.engine import reading
from ledger.errors import LedgerError
from ledger.mirror.feed import EVERYTHING, Place
from ledger.mirror.queries import FeedFilter, Tip, find_tip
from ledger.outbox.keys import Credential

_log = logging.getLogger("asset_ledger.api")
_LOOK_EVERY: Final = 0.025
_AFTER_FAILURE: Final = 1.0
_BEAT: Final = 15.0
_NEAR: Final = 1_000
_KEPT: Final = 32
_PORTION: Final = 100

Checked = Callable[[], Awaitable[Credential | None]]


class Feed:
    """Who listens in this process, all of one event loop; looks only while somebody does."""

    def __init__(self, engine: Engine, births: Births, source: str) -> None:
        self._engine, self._births, self._source = engine, births, source
        self._tip: Tip | None = None
        self._moves = 0
        self._waiting: set[asyncio.Future[None]] = set()
        self._listening = 0
        self._watching: asyncio.Task[None] | None = None
        self._loads: OrderedDict[tuple[Place, FeedFilter], asyncio.Task[Loaded]] = OrderedDict()
        self._closed = False

    def close(self) -> None:
        """Have all streams end."""
        self._closed = True
        self._tell()

    async def follow(
        self, place: Place, wanted: FeedFilter, check: Checked
    ) -> AsyncIterator[bytes]:
        """Events from a place on, as they are sent; `check` says who listens, None: nobody now.

        Whoever does not take one is not waited for with others: nothing is kept for anybody.
        """
        self._listening += 1
        try:
            async for frame in self._follow(place, wanted, check):
                yield frame
        finally:
            self._listening -= 1

    async def _follow(
        self, place: Place, wanted: FeedFilter, check: Checked
    ) -> AsyncIterator[bytes]:
        yield format_sse_event(comment="open", id=str(place), retry=1000)
        final, who, checked = -1, await check(), time.monotonic()
        while who is not None and not self._closed:
            moves = self._moves
            try:
                tip = await self._find_tip()
                portion = await self._find_next(place, wanted, tip)
            except (LedgerError, SQLAlchemyError) as error:
                _log.warning("a stream waits for the database: %s", error)
                await asyncio.sleep(_AFTER_FAILURE)
                continue
            for event in portion.events:
                if wanted.takes(event.told.entry):
                    yield event.frame(who)
            place = portion.after
            if not portion.more:
                if tip is not None and tip.final_block > final:
                    final = tip.final_block
                    yield tell_final(self._source, tip)
                if not await self._wait(moves):
                    yield format_sse_event(comment="beat", id=str(place))
            if time.monotonic() - checked >= _BEAT:
                who, checked = await check(), time.monotonic()

    # -- what all share ------------------------------------------------------------------------

    async def _find_next(self, place: Place, wanted: FeedFilter, tip: Tip | None) -> Loaded:
        if tip is not None and place == (tip.epoch, tip.sequence):
            return Loaded((), place, more=False)
        # Who is near reads what all read; who is far behind, no more than what is wanted.
        near = tip is None or tip.sequence - place.sequence <= _NEAR
        return await self.fetch(place, EVERYTHING if near else wanted)

    async def fetch(self, place: Place, wanted: FeedFilter, limit: int = _PORTION) -> Loaded:
        """What follows a place; who asks at the same place is given the same."""
        key = (place, wanted)
        known = self._loads.get(key) if limit == _PORTION else None
        if known is None:
            work = run_in_threadpool(self._load, place, wanted, limit)
            known = asyncio.create_task(work, context=Context())  # it belongs to no one request
            if limit == _PORTION:
                self._loads[key] = known
                known.add_done_callback(lambda done: self._keep(key, done))
        return await asyncio.shield(known)

    def _keep(self, key: tuple[Place, FeedFilter], done: asyncio.Task[Loaded]) -> None:
        """Keep what was loaded, unless it is nothing; what is old goes."""
        failed = done.cancelled() or done.exception() is not None
        if (failed or done.result().after == key[0]) and self._loads.get(key) is done:
            del self._loads[key]
        while len(self._loads) > _KEPT:
            self._loads.popitem(last=False)

    def _load(self, place: Place, wanted: FeedFilter, limit: int) -> Loaded:
        with reading(self._engine) as session:
            return load_events(session, self._births, self._source, place, wanted, limit)

    # -- where the mirror stands ---------------------------------------------------------------

    async def _find_tip(self) -> Tip | None:
        if self._watching is None or self._watching.done():
            self._tip = await run_in_threadpool(self.look)
            self._watching = asyncio.create_task(self._watch())
        return self._tip

    def look(self) -> Tip | None:
        """Where the mirror stands now."""
        with reading(self._engine) as session:
            return find_tip(session)

    async def _watch(self) -> None:
        while self._listening and not self._closed:
            try:
                tip = await run_in_threadpool(self.look)
            except (LedgerError, SQLAlchemyError) as error:
                _log.warning("the feed waits for the database: %s", error)
                await asyncio.sleep(_AFTER_FAILURE)
                continue
            if tip != self._tip:
                self._tip = tip
                self._tell()
            await asyncio.sleep(_LOOK_EVERY)

    def _tell(self) -> None:
        self._moves += 1
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)

    async def _wait(self, moves: int) -> bool:
        """Whether the mirror moved, or all is to end, before it is time for a sign of life."""
        if self._moves != moves or self._closed:
            return True
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(waiting)
        try:
            async with asyncio.timeout(_BEAT):
                await waiting
        except TimeoutError:
            return False
        finally:
            self._waiting.discard(waiting)
        return True
