"""Registers any number of assets: many at once, reported in order, harmless to run again."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias

from ledger.client.answers import SETTLED, BulkAnswer, BulkItem, OperationAnswer
from ledger.client.flows import last_segment
from ledger.client.problems import ApiProblem, ApiUnavailable
from ledger.client.sources import Item
from ledger.client.sync import Client

Until: TypeAlias = Literal["accepted", "done", "final"]
Result: TypeAlias = Literal["registered", "already_there", "failed"]

FIRST_CHUNK: Final = 64
"""Assets in the first request; each further one holds twice as many, so that news come soon."""

CHUNK: Final = 2000
"""Most assets in one request: as many as the service accepts in one transaction."""

CHUNK_BYTES: Final = 2 * 1024 * 1024
"""Bytes from which on a request is long enough, however few assets it holds."""

WINDOW: Final = 20_000
"""Assets that may be accepted but not settled before more is sent: what memory holds."""

STALL: Final = 300.0
"""Seconds without a single operation settling, after which waiting is given up."""

_TOLD: Final[tuple[str, ...]] = ("status", "code", "detail", "errors")
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


def register_all(
    client: Client,
    items: Iterable[Item],
    *,
    until: Until = "done",
    in_flight: int = 4,
    on_accepted: Callable[[], None] = lambda: None,
    on_answer: Callable[[BulkAnswer], None] = lambda _: None,
) -> Iterator[Outcome]:
    """Register `items`, and tell each outcome, in order, once settled.

    They go in requests of up to `CHUNK`, of which `in_flight` are under way at once. `on_answer` is
    given the answer to each, by one of several threads: it has the receipts.

    Raises:
        ApiUnavailable: the service is gone, or moves no operation; run again to go on.
        ApiProblem: the API key is refused.
    """
    pool = ThreadPoolExecutor(in_flight, thread_name_prefix="register")
    hurried = False
    try:
        run = _Run(client, pool, SETTLED[until], in_flight, on_answer)
        yield from run.settle(run.accept(items), on_accepted)
    except KeyboardInterrupt:
        hurried = True
        raise
    finally:
        # A request that outlived its client would open a connection that nobody closes.
        pool.shutdown(wait=not hurried, cancel_futures=True)


def chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Portions of the input, growing from `FIRST_CHUNK`, each read only when it is asked for."""
    most, chunk, size = FIRST_CHUNK, list[Item](), 0
    for item in items:
        chunk.append(item)
        size += len(item.body or b"")
        if len(chunk) == most or size >= CHUNK_BYTES:
            yield chunk
            most, chunk, size = min(2 * most, CHUNK), [], 0
    if chunk:
        yield chunk


class _Run:
    """One call of `register_all`: two ordered streams of chunks, accepted and settled."""

    def __init__(
        self,
        client: Client,
        pool: ThreadPoolExecutor,
        settled: frozenset[str],
        in_flight: int,
        on_answer: Callable[[BulkAnswer], None],
    ) -> None:
        self._client = client
        self._on_answer = on_answer
        self._pool = pool
        self._settled = settled
        self._in_flight = in_flight

    def accept(self, items: Iterable[Item]) -> Iterator[list[Outcome]]:
        """Outcomes so far: accepted by the service, or failed."""
        sent: deque[Future[list[Outcome]]] = deque()
        for chunk in chunks(items):
            sent.append(self._pool.submit(self._register, chunk))
            if len(sent) >= self._in_flight:
                yield sent.popleft().result()
        while sent:
            yield sent.popleft().result()

    def settle(
        self, accepted: Iterator[list[Outcome]], on_accepted: Callable[[], None]
    ) -> Iterator[Outcome]:
        """Outcomes as they end, while the acceptances go on."""
        waiting: deque[list[Outcome]] = deque()
        more = True
        pause, moved = 0.02, time.monotonic()
        while more or waiting:
            taken: list[Outcome] = []
            if more and sum(map(len, waiting)) < WINDOW:
                taken = next(accepted, [])
                more = bool(taken)
            if taken:
                waiting.append(taken)
                for _ in taken:
                    on_accepted()
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

    def _ended(self, waiting: deque[list[Outcome]]) -> list[Outcome]:
        if not waiting:
            return []
        chunk = waiting[0]
        under_way = [at for at, outcome in enumerate(chunk) if not self._is_over(outcome)]
        # Operations travel in order: while the chunk's last is under way, so are others.
        if under_way and self._ask(chunk, under_way[-1:]) and len(under_way) > 1:
            self._ask(chunk, under_way[:-1])
        over = [self._is_over(outcome) for outcome in chunk]
        ended = len(chunk) if all(over) else over.index(False)
        waiting[0] = chunk[ended:]
        if not waiting[0]:
            waiting.popleft()
        return chunk[:ended]

    def _ask(self, chunk: list[Outcome], places: Sequence[int]) -> bool:
        """Refresh the outcomes in these places; whether all of them are over now."""
        states = self._find_states([str(chunk[at].operation) for at in places])
        for at in places:
            chunk[at] = _refreshed(chunk[at], states)
        return all(self._is_over(chunk[at]) for at in places)

    def _find_states(self, operations: Sequence[str]) -> dict[str, OperationAnswer]:
        return {found.id: found for found in self._client.find_operations(operations)}

    def _is_over(self, outcome: Outcome) -> bool:
        return outcome.problem is not None or outcome.state in self._settled

    def _register(self, chunk: Sequence[Item]) -> list[Outcome]:
        bodies = [item.body for item in chunk if item.body is not None]
        told = iter(self._send(bodies) if bodies else [])
        outcomes = [
            _not_sent(item) if item.body is None else _sent(item, next(told)) for item in chunk
        ]
        repeated = [at for at, one in enumerate(outcomes) if one.result == "already_there"]
        if repeated:
            self._ask(outcomes, repeated)
        return outcomes

    def _send(self, bodies: Sequence[bytes]) -> list[BulkItem]:
        try:
            answer = self._client.register_many(bodies)
            self._on_answer(answer)
            return answer.items
        except ApiProblem as problem:
            if problem.status in _HOPELESS:
                raise
            if len(bodies) == 1:
                return [BulkItem(0, problem=_tell(problem))]
        # One of them spoils the rest, or all together are too large.
        half = len(bodies) // 2
        return self._send(bodies[:half]) + self._send(bodies[half:])


def _not_sent(item: Item) -> Outcome:
    problem = {"code": "not_sent", "detail": item.fault}
    return Outcome(item.source, item.line, item.serial, "failed", problem=problem)


def _sent(item: Item, told: BulkItem) -> Outcome:
    if told.problem is not None:
        kept = {key: told.problem[key] for key in _TOLD if key in told.problem}
        return Outcome(item.source, item.line, item.serial, "failed", problem=kept)
    return Outcome(
        item.source,
        item.line,
        item.serial,
        "already_there" if told.repeated else "registered",
        id=told.id,
        content_hash=told.content_hash,
        operation=told.operation,
        state="queued",
    )


def _refreshed(outcome: Outcome, states: dict[str, OperationAnswer]) -> Outcome:
    operation = states.get(last_segment(str(outcome.operation)))
    if operation is None:
        return outcome
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
