"""Registers any number of assets: many at once, reported in order, harmless to run again."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final, Literal, TypeAlias

from ledger.client.answers import SETTLED
from ledger.client.problems import ApiProblem, ApiUnavailable
from ledger.client.sources import Item
from ledger.client.sync import Client
from ledger.hashing import sha256

Until: TypeAlias = Literal["accepted", "done", "final"]
Result: TypeAlias = Literal["registered", "already_there", "failed"]

CHUNK: Final = 64
"""Operations that are asked about together."""

WINDOW: Final = 4096
"""Most assets that may be accepted but not settled: what memory holds, however long the input."""

STALL: Final = 300.0
"""Seconds without a single operation settling, after which waiting is given up."""

_HOPELESS: Final = frozenset({401, 403})
"""Refusals that every other asset would meet too."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one asset; `problem` says why it failed."""

    source: str
    line: int | None
    serial: str | None
    result: Result
    id: str | None = None
    content_hash: str | None = None
    operation: str | None = None
    state: str | None = None
    problem: dict[str, Any] | None = None


def idempotency_key(body: bytes) -> str:
    """The same for the same registration, so that sending it again has no further effect.

    The service keeps the keys of each organisation apart.
    """
    return "register-" + sha256(body).hex()


def register_all(
    client: Client,
    items: Iterable[Item],
    *,
    until: Until = "done",
    in_flight: int = 16,
    on_accepted: Callable[[], None] = lambda: None,
) -> Iterator[Outcome]:
    """Register `items`, `in_flight` at a time, and tell each outcome, in order, once settled.

    Raises:
        ApiUnavailable: the service is gone, or moves no operation; run again to go on.
        ApiProblem: the API key is refused.
    """
    pool = ThreadPoolExecutor(in_flight, thread_name_prefix="register")
    hurried = False
    try:
        run = _Run(client, pool, SETTLED[until], 2 * in_flight)
        yield from run.settle(run.accept(items), on_accepted)
    except KeyboardInterrupt:
        hurried = True
        raise
    finally:
        # A request that outlived its client would open a connection that nobody closes.
        pool.shutdown(wait=not hurried, cancel_futures=True)


class _Run:
    """One call of `register_all`: two ordered streams, of acceptances and of outcomes."""

    def __init__(
        self, client: Client, pool: ThreadPoolExecutor, settled: frozenset[str], ahead: int
    ) -> None:
        self._client = client
        self._pool = pool
        self._settled = settled
        self._ahead = ahead

    def accept(self, items: Iterable[Item]) -> Iterator[Outcome]:
        """Outcomes so far: accepted by the service, or failed."""
        sent: deque[Future[Outcome]] = deque()
        for item in items:
            sent.append(self._pool.submit(self._post, item))
            if len(sent) >= self._ahead:
                yield sent.popleft().result()
        while sent:
            yield sent.popleft().result()

    def settle(
        self, accepted: Iterator[Outcome], on_accepted: Callable[[], None]
    ) -> Iterator[Outcome]:
        """Outcomes as they end, while the acceptances go on."""
        waiting: deque[Outcome] = deque()
        more = True
        pause, moved = 0.02, time.monotonic()
        while more or waiting:
            taken = 0
            if more and len(waiting) < WINDOW:
                for taken, outcome in enumerate(islice(accepted, CHUNK), 1):  # noqa: B007
                    waiting.append(outcome)
                    on_accepted()
                more = taken > 0
            ended = self._ended(waiting)
            yield from ended
            if taken or ended:
                pause, moved = 0.02, time.monotonic()
            elif waiting:
                self._rest(pause, moved)
                pause = min(1.5 * pause, 0.5)

    def _rest(self, pause: float, moved: float) -> None:
        if time.monotonic() - moved > STALL:
            raise ApiUnavailable(f"no operation has moved for {STALL:g} s", seconds=STALL)
        time.sleep(pause)  # the service has no push yet

    def _ended(self, waiting: deque[Outcome]) -> list[Outcome]:
        # Operations travel in order: while the first is under way, so are the others.
        if waiting:
            waiting[0] = self._refresh(waiting[0])
        if not waiting or not self._over(waiting[0]):
            return []
        chunk = [waiting.popleft() for _ in range(min(CHUNK, len(waiting)))]
        fresh = list(self._pool.map(self._refresh, chunk))
        over = [self._over(outcome) for outcome in fresh]
        ended = len(fresh) if all(over) else over.index(False)
        waiting.extendleft(reversed(fresh[ended:]))
        return fresh[:ended]

    def _over(self, outcome: Outcome) -> bool:
        return outcome.problem is not None or outcome.state in self._settled

    def _post(self, item: Item) -> Outcome:
        told = Outcome(item.source, item.line, item.serial, "failed")
        if item.body is None:
            return replace(told, problem={"code": "not_sent", "detail": item.fault})
        try:
            return self._told(told, item.body, idempotency_key(item.body))
        except ApiProblem as problem:
            if problem.status in _HOPELESS:
                raise
            return replace(told, problem=_tell(problem))

    def _told(self, told: Outcome, body: bytes, key: str) -> Outcome:
        accepted = self._client.register_raw(body, idempotency_key=key)
        told = replace(
            told,
            result="registered",
            id=accepted.id,
            content_hash=accepted.content_hash,
            operation=accepted.operation,
            state="queued",
        )
        if not accepted.repeated:
            return told
        earlier = self._client.operation(accepted.operation)
        if earlier.state == "rejected":  # in an earlier run; by now it may be right
            return self._told(told, body, f"{key}-after-{earlier.id}")
        return replace(told, result="already_there", state=earlier.state)

    def _refresh(self, outcome: Outcome) -> Outcome:
        if self._over(outcome) or outcome.operation is None:
            return outcome
        operation = self._client.operation(outcome.operation)
        if operation.state != "rejected":
            return replace(outcome, state=operation.state)
        problem = {"code": "rejected", "detail": _reason(operation.reason)}
        return replace(outcome, result="failed", state="rejected", problem=problem)


def _tell(problem: ApiProblem) -> dict[str, Any]:
    return {
        "status": problem.status,
        "code": problem.code,
        "detail": problem.message.removeprefix(f"{problem.status} "),
        "errors": list(problem.errors),
    }


def _reason(reason: object) -> str:
    if isinstance(reason, dict):
        return str(reason.get("detail") or reason.get("message") or reason)
    return str(reason or "rejected by the ledger")
