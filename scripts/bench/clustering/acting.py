"""Carries a plan out over HTTP: every organisation at once, each with a client of its own.

A request that depends on another is sent as soon as that one is answered, not once it is on the
ledger. Only who has nothing to do with an asset waits until it is there, as nobody else knows of
it before: the feed of events tells.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Final

from ledger.client import Accepted, ApiProblem, AsyncClient, OperationAnswer
from ledger.client.bodies import registration
from ledger.client.flows import last_segment
from scripts.bench.clustering.plan import Plan
from scripts.bench.writing.documents import part
from scripts.bench.writing.system import BenchError, Organisation

LOT: Final = 20
"""How many assets are registered by one request."""

HANDS: Final = 1
"""How many of its own assets an organisation is busy with at once, and how many of others'."""

PATIENCE: Final = 120.0
"""Seconds for which a client waits for an answer, or goes on asking a service that is too busy."""

_BEGINNING: Final = "0.0"  # of the feed
_TELL_EVERY: Final = 5.0


@dataclass(frozen=True, slots=True)
class Sent:
    """What an organisation had accepted: the operation, and why it must be rejected, if it must."""

    by: int
    operation: str
    what: str
    refused: str | None = None


@dataclass(slots=True)
class Done:
    """What came of the requests of a plan.

    `ids` are the assets', by their numbers; `waits` seconds until requests for one entry were
    answered; `accepted` seconds until all were; `refused_at_once` were not accepted, as planned,
    and `unplanned` were not, though they should have been.
    """

    ids: list[str] = field(default_factory=list)
    schema: str = ""
    sent: list[Sent] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    refused_at_once: int = 0
    unplanned: list[str] = field(default_factory=list)
    accepted: float = 0.0
    final: float = 0.0
    operations: dict[str, OperationAnswer] = field(default_factory=dict)


async def open_clients(
    stack: AsyncExitStack, api: str, organisations: Sequence[Organisation]
) -> list[AsyncClient]:
    """A client for each organisation, which end with the stack."""
    return [
        await stack.enter_async_context(
            AsyncClient(
                api, one.api_key, patience=PATIENCE, timeout=PATIENCE, connections=2 * HANDS + 2
            )
        )
        for one in organisations
    ]


class Acting:
    """One plan that is being carried out, by clients whose organisations have these ids."""

    def __init__(
        self,
        clients: Sequence[AsyncClient],
        organisations: Sequence[str],
        plan: Plan,
        say: Callable[[str], None],
    ) -> None:
        self.clients = clients
        self.organisations = organisations
        self.plan = plan
        self.say = say
        self.done = Done()
        self._ids: list[asyncio.Future[str]] = [asyncio.Future() for _ in plan.lives]
        self._there: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def run(self) -> Done:
        """Have everything accepted. Raises LedgerError (in a group)."""
        schema = await self.clients[0].publish_schema({"type": "object"}, wait=60)
        self.done.schema = schema.id
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            watching = [
                group.create_task(self._watch_births()),
                group.create_task(self._tell_progress()),
            ]
            await asyncio.gather(*self._workers())
            for one in watching:
                one.cancel()
        self.done.accepted = time.perf_counter() - began
        self.done.ids = [each.result() for each in self._ids]
        return self.done

    def _workers(self) -> Iterator[Awaitable[None]]:
        for organisation in range(self.plan.organisations):
            for jobs in (self._lives_of(organisation), self._claims_of(organisation)):
                for _ in range(HANDS):
                    yield _work(jobs)

    async def _watch_births(self) -> None:
        feed = self.clients[0].follow_events(kinds=["registered"], after=_BEGINNING)
        async for event in feed:
            self._there[event.subject].set()

    async def _tell_progress(self) -> None:
        while True:
            await asyncio.sleep(_TELL_EVERY)
            born = sum(each.is_set() for each in self._there.values())
            told = f"{len(self.done.sent):,} entries accepted, {born:,} assets on the ledger"
            self.say(told)

    # -- what an organisation does ---------------------------------------------------------------

    def _lives_of(self, organisation: int) -> Iterator[Awaitable[None]]:
        """All of its assets are registered, in lots; then each is dealt with."""
        made = self.plan.made_by(organisation)
        for first in range(0, len(made), LOT):
            yield self._register(organisation, made[first : first + LOT])
        for asset in made:
            yield self._live(asset)

    def _claims_of(self, organisation: int) -> Iterator[Awaitable[None]]:
        attested = [
            (asset % self.plan.assets, asset)
            for asset, life in enumerate(self.plan.lives)
            if organisation in life.attested
        ]
        # In the order in which they come into being, as all makers begin at once.
        return (self._attest(organisation, asset) for _, asset in sorted(attested))

    async def _register(self, maker: int, lot: Sequence[int]) -> None:
        serials = [f"CLUSTER-{asset}" for asset in lot]
        bodies = [registration(serial, part(serial)) for serial in serials]
        answer = await self.clients[maker].register_many(bodies)
        for asset, item in zip(lot, answer.items, strict=True):
            if item.id is None or item.operation is None:
                raise BenchError(f"asset {asset} is not registered: {item.problem}")
            self._note(maker, item.operation, f"registered asset {asset}")
            self._ids[asset].set_result(item.id)

    async def _live(self, asset: int) -> None:
        """An asset's parties do what they are to do, each in its turn."""
        for step in self.plan.lives[asset].steps:
            await self._append(
                step.by,
                asset,
                step.kind,
                step.refused,
                party=step.party,
                to=None if step.to is None else self.organisations[step.to],
                parent=None if step.parent is None else await self._ids[step.parent],
            )

    async def _attest(self, issuer: int, asset: int) -> None:
        """Somebody else attests an asset once it is there, and may take that back at once."""
        await self._there[await self._ids[asset]].wait()
        document = {"result": "passed", "asset": asset, "issuer": issuer}
        attested = await self._append(
            issuer, asset, "attested", schema=self.done.schema, document=document
        )
        if attested is not None and self.plan.lives[asset].attested[issuer]:
            await self._append(issuer, asset, "attestation_revoked", revokes=attested.position)

    async def _append(
        self, by: int, asset: int, kind: str, refused: str | None = None, **said: Any
    ) -> Accepted | None:
        """Have an entry accepted; None if it was refused at once.

        What makes no sense as things stand is refused so; that may happen to the planned, too.
        """
        what, subject = f"{kind} asset {asset}", await self._ids[asset]
        began = time.perf_counter()
        try:
            answer = await self.clients[by].append_entry(subject, kind, **said)
        except ApiProblem as problem:
            if refused is not None and problem.code in ("forbidden", "refused"):
                self.done.refused_at_once += 1
            else:
                self.done.unplanned.append(f"{what} by {by} was refused: {problem}")
            return None
        self.done.waits.append(time.perf_counter() - began)
        self._note(by, answer.operation, what, refused)
        return answer

    def _note(self, by: int, operation: str, what: str, refused: str | None = None) -> None:
        self.done.sent.append(Sent(by, last_segment(operation), what, refused))


async def _work(jobs: Iterator[Awaitable[None]]) -> None:
    for job in jobs:
        await job
