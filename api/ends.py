"""Looks, once for all requests that wait, which of their operations have come to an end."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Engine
from sqlmodel import Session, and_, col, or_, select
from starlette.concurrency import run_in_threadpool

from ledger.database.engine import reading
from ledger.mirror.rows import chunks
from ledger.mirror.tables import EntryRow
from ledger.outbox.tables import Operation, State

_LOOK_EVERY: Final = 0.01


@dataclass(frozen=True, slots=True)
class Ended:
    """An operation's entry stands in the mirror at `position`; or it was refused for `reason`."""

    position: int
    reason: Mapping[str, Any] | None = None


class Ends:
    """Where requests of one process, all of one event loop, wait for their operations' ends."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._waiting: dict[asyncio.Future[Ended], str] = {}
        self._looking: asyncio.Task[None] | None = None

    async def wait_for(self, operation: str, seconds: float) -> Ended | None:
        """How an operation ended, if it does within `seconds`; nothing is held meanwhile."""
        future: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
        self._waiting[future] = operation
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            return await asyncio.wait_for(future, seconds)
        except TimeoutError:
            return (await self._find([operation])).get(operation)
        finally:
            del self._waiting[future]

    async def _look(self) -> None:
        while self._waiting:
            asked = dict(self._waiting)
            try:
                _tell(asked, await self._find(set(asked.values())))
            except Exception as error:  # noqa: BLE001 - it is raised in whoever waits
                _fail(asked, error)
            await asyncio.sleep(_LOOK_EVERY)

    async def _find(self, operations: Collection[str]) -> Mapping[str, Ended]:
        return await run_in_threadpool(find_ends, self._engine, operations)


def find_ends(engine: Engine, operations: Collection[str]) -> dict[str, Ended]:
    """Those of the operations that are mirrored or refused, by id."""
    ended: dict[str, Ended] = {}
    with reading(engine) as session:
        for portion in chunks(operations):
            ended |= _find_ends(session, portion)
    return ended


def _find_ends(session: Session, operations: Collection[str]) -> dict[str, Ended]:
    """A payload is compared, as another's entry may have taken the position meanwhile."""
    mirrored = and_(
        col(EntryRow.subject) == Operation.subject,
        col(EntryRow.position) == Operation.position,
        col(EntryRow.payload) == Operation.payload,
    )
    settled = and_(
        col(Operation.state).in_([State.DONE, State.FINAL]), col(EntryRow.sequence).is_not(None)
    )
    found = session.exec(
        select(Operation.id, Operation.position, Operation.state, Operation.reason)
        .outerjoin(EntryRow, mirrored)
        .where(col(Operation.id).in_(operations))
        .where(or_(settled, col(Operation.state) == State.REJECTED))
    )
    return {
        id_: Ended(position, (reason or {}) if state == State.REJECTED else None)
        for id_, position, state, reason in found
    }


def _tell(asked: Mapping[asyncio.Future[Ended], str], ended: Mapping[str, Ended]) -> None:
    for future, operation in asked.items():
        if operation in ended and not future.done():
            future.set_result(ended[operation])


def _fail(asked: Collection[asyncio.Future[Ended]], error: Exception) -> None:
    for future in asked:
        if not future.done():
            future.set_exception(error)
