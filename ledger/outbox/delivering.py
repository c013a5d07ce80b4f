"""Sends webhooks what they are to have: each its own in order, none waiting for another.

What is sent is a row before it is sent, so that a process that dies sends it again under the same
id; what became of it is written down afterwards, in portions. One process sends at a time.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlmodel import Session, select

from ledger.database.engine import DatabaseBusy, reading, writing
from ledger.outbox import sender_lease
from ledger.outbox.clock import now
from ledger.outbox.deliveries import forget_deliveries, is_success, list_again
from ledger.outbox.failpoints import reach
from ledger.outbox.lanes import LeaseLost, holder_name
from ledger.outbox.portions import Message, Portion, Portions, Standing
from ledger.outbox.reaching import Answered, Reach, Reaching
from ledger.outbox.webhook_tables import Webhook, WebhookState
from ledger.standards.cloudevents import MEDIA_TYPE
from ledger.standards.webhooks import message_headers

_log: Final = logging.getLogger("ledger.webhooks")
_PASSING: Final = (DatabaseBusy, OperationalError, InterfaceError, LeaseLost)
_HOUR: Final = 3_600.0
_DAY: Final = 86_400_000


@dataclass(slots=True)
class Sender:
    """Sends for one process, what it finds in `portions`, as `agent`."""

    portions: Portions
    reach: Reach
    agent: str
    tls: Callable[[], ssl.SSLContext] = ssl.create_default_context
    token: int = 0
    moves: int = 0
    tip: tuple[int, int] | None = None
    standing: dict[str, Standing] = field(default_factory=dict)
    tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    holder: str = field(default_factory=holder_name)
    listed_at: float = float("-inf")
    pruned_at: float = float("-inf")
    renewed_at: float = 0.0
    at_once: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))

    async def run(self, stop: asyncio.Event) -> None:
        """Send until told to stop; outages of the database are waited out."""
        self.at_once = asyncio.Semaphore(self.portions.patience.at_once)
        reaching = Reaching(self.reach, self.portions.patience.attempt, self.tls())
        try:
            while not stop.is_set():
                try:
                    pause = await self.step(reaching)
                except _PASSING as error:
                    _log.warning("webhooks wait: %s", error)
                    await self.drop()
                    pause = self.portions.patience.list
                except Exception:  # noqa: BLE001 - whatever it is, others are still to be told
                    _log.exception("webhooks wait: a look failed")
                    await self.drop()
                    pause = self.portions.patience.lease
                await _wait(stop, pause)
        finally:
            await self.drop()
            await reaching.close()

    async def drop(self) -> None:
        """End what is under way, and give the lease back."""
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)
        self.tasks.clear()
        self.standing.clear()
        token, self.token, self.listed_at = self.token, 0, float("-inf")
        if token:
            try:
                await asyncio.to_thread(sender_lease.release, self.portions.engine, token)
            except _PASSING as error:
                _log.warning("the lease is left to run out: %s", error)

    # -- what is due ---------------------------------------------------------------------------

    async def step(self, reaching: Reaching) -> float:
        """Look once, begin what is due, and say how long to rest."""
        self.collect()
        work = await asyncio.to_thread(self.look)
        if work is None:  # nobody is to be told of anything, or another process does it
            await self.drop()
            return self.portions.patience.list
        for portion in work:
            self.begin(f"again {portion.messages[0].id}", self.send_once(reaching, portion))
        moment = now()
        for id, standing in self.standing.items():
            if standing.next_at <= moment and standing.seen != self.moves:
                self.begin(id, self.serve(reaching, id, standing))
        return self.portions.patience.look

    def collect(self) -> None:
        """Forget tasks that have ended. Raises what ended them, where it concerns all."""
        for name, task in list(self.tasks.items()):
            if task.done():
                del self.tasks[name]
                error = None if task.cancelled() else task.exception()
                if isinstance(error, _PASSING):
                    raise error
                if error is not None:
                    _log.error("a webhook is not served: %s", name, exc_info=error)
                    if name in self.standing:
                        self.standing[name].next_at = now() + round(
                            1000 * self.portions.patience.list
                        )

    def begin(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Begin a task, unless it is under way."""
        if name in self.tasks:
            work.close()
        else:
            self.tasks[name] = asyncio.create_task(work)

    def look(self) -> list[Portion] | None:
        """Where the feed stands, which webhooks there are, and what is to be sent out of turn."""
        clock = time.monotonic()
        with reading(self.portions.engine) as session:
            again = list_again(session, self.portions.patience.at_once)
            if clock - self.listed_at >= self.portions.patience.list:
                self.list_webhooks(session)
                self.listed_at = clock
            if not self.standing and not again:
                return None
            tip = self.portions.feed.find_tip(session)
        if tip != self.tip:
            self.tip, self.moves = tip, self.moves + 1
        if not self.hold(clock):
            return None
        self.prune(clock)
        return self.portions.read_again() if again else []

    def list_webhooks(self, session: Session) -> None:
        active = select(Webhook.id, Webhook.next_at).where(Webhook.state == WebhookState.ACTIVE)
        found = dict(session.exec(active).all())
        for id in self.standing.keys() - found.keys():
            del self.standing[id]
        for id, next_at in found.items():
            standing = self.standing.setdefault(id, Standing(next_at))
            if standing.next_at > next_at:  # somebody wants it sooner
                standing.next_at, standing.seen = next_at, -1

    def hold(self, clock: float) -> bool:
        if not self.token:
            self.token = (
                sender_lease.acquire(
                    self.portions.engine, self.holder, self.portions.patience.lease
                )
                or 0
            )
            self.renewed_at = clock
        elif clock - self.renewed_at > self.portions.patience.lease / 3:
            sender_lease.renew(self.portions.engine, self.token, self.portions.patience.lease)
            self.renewed_at = clock
        return bool(self.token)

    def prune(self, clock: float) -> None:
        if self.portions.patience.log_days and clock - self.pruned_at > _HOUR:
            with writing(self.portions.engine) as session:
                forget_deliveries(session, now() - self.portions.patience.log_days * _DAY)
            self.pruned_at = clock

    # -- one webhook ---------------------------------------------------------------------------

    async def serve(self, reaching: Reaching, id: str, standing: Standing) -> None:
        """Send a webhook what it is to have, until there is no more or something fails."""
        async with self.at_once:
            going_on = True
            while going_on:
                standing.seen = self.moves
                portion = await asyncio.to_thread(self.portions.take, self.token, id, standing)
                going_on = portion is not None and (
                    not portion.messages or await self.send(reaching, portion, standing)
                )

    async def send(self, reaching: Reaching, portion: Portion, standing: Standing) -> bool:
        """Send a portion in order, up to the first failure; whether to go on."""
        ended: list[tuple[str, Answered]] = []
        flushed = time.monotonic()
        try:
            for message in portion.messages:
                answered = await self.post(reaching, portion, message)
                ended.append((message.id, answered))
                if not is_success(answered):
                    break
                if time.monotonic() - flushed > self.portions.patience.flush:
                    break  # what is left is found again
        finally:
            going_on = await asyncio.shield(
                asyncio.to_thread(self.portions.keep, self.token, portion.webhook, ended, standing)
            )
        return going_on

    async def post(self, reaching: Reaching, portion: Portion, message: Message) -> Answered:
        if not portion.secrets:
            return Answered(0, error="no_secret")
        headers = message_headers(portion.secrets, message.id, int(time.time()), message.body) | {
            "content-type": MEDIA_TYPE,
            "user-agent": self.agent,
        }
        answered = await reaching.post(portion.url, headers, message.body)
        reach("webhook sent")
        return answered

    # -- out of turn ---------------------------------------------------------------------------

    async def send_once(self, reaching: Reaching, portion: Portion) -> None:
        """Send what is out of turn; if it fails, whoever wants it asks again."""
        [message] = portion.messages
        async with self.at_once:
            answered = await self.post(reaching, portion, message)
            await asyncio.to_thread(self.portions.keep_once, self.token, message.id, answered)


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return


def run_sender(sender: Sender, ask: Callable[[asyncio.Event], None]) -> None:
    """Run a sender in this thread until what `ask` is given is set, in this thread's loop."""

    async def run() -> None:
        stop = asyncio.Event()
        ask(stop)
        await sender.run(stop)

    asyncio.run(run())
