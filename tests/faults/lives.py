"""Processes that a schedule can hold, and end, at every commit and every call to the node.

Each runs the product's own loop in a greenlet, and only while it has its turn; a life that has
ended passes no point any more, so that what its `finally` clauses would do does not happen either.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import msgspec
from greenlet import getcurrent, greenlet
from sqlalchemy import event
from sqlalchemy.orm import Session

from ledger.chain.rpc import RpcClient
from ledger.errors import NodeUnavailable
from ledger.outbox.failpoints import arm
from tests.faults.clock import Clock
from tests.faults.proxy import Dropped, Upstream

_TICK = 0.002
_living: dict[greenlet, Life] = {}


class Killed(BaseException):
    """Stands for the end of the process."""


class Client(RpcClient):
    """A client that says when it is about to ask the node, and when it has its answer.

    One that is `plain` asks by a bare socket, at a third of the cost of the product's own means.
    """

    def __init__(self, url: str, *, plain: bool) -> None:
        super().__init__(url, timeout=5.0, patience=0.0)
        self._plain = Upstream(url, patient=False) if plain else None

    def close(self) -> None:
        super().close()
        if self._plain is not None:
            self._plain.close()

    def _post(self, method: str, request: object) -> bytes:
        reach(f"before {method}")
        answer = self._ask_plainly(request) if self._plain else super()._post(method, request)
        reach(f"after {method}")
        return answer

    def _ask_plainly(self, request: object) -> bytes:
        assert self._plain is not None
        try:
            return self._plain.ask(msgspec.json.encode(request))
        except Dropped:
            raise NodeUnavailable("the connection ended") from None


def reach(point: str) -> None:
    """Say that the process that runs now passes a point."""
    life = _living.get(getcurrent())
    if life is not None:
        life.pass_point(point)


_watches: dict[int, Callable[[str], None]] = {}
"""What each thread that watches does at a point: other ledgers may run in threads beside it."""


def _pass(point: str) -> None:
    act = _watches.get(threading.get_ident())
    if act is not None:
        act(point)


# For good, and before anything runs: to listen anew would break a commit of another thread.
event.listen(Session, "before_commit", lambda _: _pass("before commit"))
event.listen(Session, "after_commit", lambda _: _pass("after commit"))


@contextmanager
def watching(act: Callable[[str], None] = reach) -> Iterator[None]:
    """Have every commit, and every named fail-point of the outbox, be a point."""
    _watches[threading.get_ident()] = act
    arm(act)
    try:
        yield
    finally:
        arm(None)
        del _watches[threading.get_ident()]


class Stop:
    """Stands for the event that ends a run: waiting gives the turn back."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self.told = False

    def is_set(self) -> bool:
        return self.told

    def wait(self, seconds: float = 0.0) -> bool:
        self.life.rest(seconds)
        return self.told


@dataclass(eq=False)
class Life:
    """One process; `work` is its main function, given the event that stops it."""

    name: str
    clock: Clock
    work: Callable[[Stop], object]
    ends_at: int | None = None
    holds_at: int | None = None
    passed: int = 0
    last: str = ""
    ended: bool = False
    failed: BaseException | None = None
    held: bool = False
    stop: Stop = field(init=False)
    _body: greenlet = field(init=False)
    _home: greenlet | None = None

    def __post_init__(self) -> None:
        self.stop = Stop(self)
        self._body = greenlet(self._run)
        _living[self._body] = self

    @property
    def over(self) -> bool:
        return self._body.dead

    def turn(self, *, ends_after: int | None = None, holds_after: int | None = None) -> None:
        """Let it run until it waits, is held, or is over; counts are of points from here on."""
        assert not self.over
        self.ends_at = None if ends_after is None else self.passed + ends_after
        self.holds_at = None if holds_after is None else self.passed + holds_after
        self.held = False
        self._home = getcurrent()
        self._body.switch()

    def finish(self) -> None:
        """Ask it to stop, and let it do so."""
        self.stop.told = True
        while not self.over:
            self.turn()

    def kill(self) -> None:
        """End it where it stands."""
        self.ended = True
        if not self.over:
            self.turn()
        assert self.over

    def rest(self, seconds: float) -> None:
        self.clock.pass_(max(seconds, _TICK))
        self._give_turn_back()

    def pass_point(self, point: str) -> None:
        if self.ended:
            raise Killed
        self.passed += 1
        self.last = point
        if self.passed == self.ends_at:
            self.ended = True
            raise Killed
        if self.passed == self.holds_at:
            self.held = True
            self._give_turn_back()

    def _give_turn_back(self) -> None:
        if self.ended:
            raise Killed
        assert self._home is not None
        self._home.switch()
        if self.ended:
            raise Killed

    def _run(self) -> None:
        try:
            self.work(self.stop)
        except Killed:
            self.ended = True
        except BaseException as error:  # noqa: BLE001 - the schedule judges how it ended
            self.failed = error
        finally:
            del _living[self._body]
