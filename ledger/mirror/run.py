"""Runs the mirror: follows the chain into the database through whatever happens to either."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from sqlalchemy.exc import InterfaceError, OperationalError

from ledger.chain.finality import Finality
from ledger.chain.identity import Deployed, verify_deployed
from ledger.chain.rpc import RpcClient
from ledger.chain.wake import Wake, websocket_url
from ledger.database.engine import DatabaseBusy, open_engine, upgrade
from ledger.errors import MirrorError, NodeError, NodeUnavailable, WrongChain
from ledger.mirror.apart import ReadAhead
from ledger.mirror.fetch import fetch_base
from ledger.mirror.fill import Filling
from ledger.mirror.follow import follow
from ledger.mirror.proven import Prover
from ledger.mirror.steps import Applied, Cursor, Finalised, Proven, RolledBack, Step
from ledger.mirror.store import MirrorMoved, Store
from ledger.settings import Settings
from ledger.types import ZERO_HASH, Hash32

_log = logging.getLogger(__name__)

_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0
_PATIENCE: Final = 60.0
_CACHE: Final = 16
"""MiB of the database's pages that are kept at hand."""
_DATABASE: Final = (DatabaseBusy, OperationalError, InterfaceError)
_PASSING: Final = (NodeError, MirrorError, *_DATABASE)


@dataclass(slots=True)
class Progress:
    """How far a run has come; `entries` are those of this run, `head` is the node's block."""

    entries: int = 0
    block: int = 0
    head: int = 0
    base: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Indexed:
    """What a run did, and where it left the mirror; `seconds` is wall time."""

    entries: int
    seconds: float
    block: int
    ledger_head: Hash32

    @property
    def entries_per_second(self) -> float:
        """The run's rate; 0 if it had nothing to do."""
        return self.entries / self.seconds if self.entries and self.seconds else 0.0


def index(
    settings: Settings,
    deployed: Deployed,
    finality: Finality,
    *,
    to_head: bool = False,
    stop: threading.Event | None = None,
    progress: Callable[[Progress], None] | None = None,
    early: ReadAhead | None = None,
) -> Indexed:
    """Mirror the ledger until `stop`, or, with `to_head`, up to where the node stands.

    `early` is what has begun to read already.

    Raises:
        WrongChain: the node, or the database, holds another ledger.
        MirrorError: with `to_head` only: the node keeps contradicting the chain.
        NodeUnavailable, DatabaseBusy: with `to_head` only: node or database was away for a minute.
    """
    engine = open_engine(settings.database(), cache=_CACHE)
    stop = stop or threading.Event()
    try:
        # Little patience inside a call, so that a stop is never kept waiting by a silent node.
        with RpcClient(settings.rpc_url, patience=1.0) as rpc:
            filling = Filling(rpc, deployed, finality, engine)
            with _waiting(settings, to_head, stop) as wait:
                upgrade(engine)
                run = _Run(rpc, Store(engine), deployed, finality, stop, told=progress, pause=wait)
                run.fill = partial(filling.fill, run.apply, stop, early)
                return run.index(to_head, settings.poll_seconds)
    finally:
        engine.dispose()


@contextmanager
def _waiting(
    settings: Settings, to_head: bool, stop: threading.Event
) -> Iterator[Callable[[float], bool]]:
    """How to wait for a block: until the node's websocket tells of one, or the time is over."""
    if to_head:
        yield stop.wait
        return
    with Wake(settings.ws_url or websocket_url(settings.rpc_url)) as wake:
        yield lambda seconds: wake.wait(stop, seconds)


@dataclass(slots=True)
class _Run:
    """One run over one chain and one database."""

    rpc: RpcClient
    store: Store
    deployed: Deployed
    finality: Finality
    stop: threading.Event
    told: Callable[[Progress], None] | None = None
    pause: Callable[[float], bool] | None = None
    fill: Callable[[Prover], None] | None = None
    progress: Progress = field(default_factory=Progress)
    failures: int = 0
    failing_since: float = 0.0
    started: float = field(default_factory=time.monotonic)

    def index(self, to_head: bool, poll: float) -> Indexed:
        while not self.stop.is_set():
            try:
                self.follow(to_head, poll)
                break
            except WrongChain:
                raise
            except _PASSING as error:
                self.endure(error, to_head)
        return self.result()

    def follow(self, to_head: bool, poll: float) -> None:
        """Begin the mirror where that is due, and apply steps until there are no more."""
        verify_deployed(self.rpc, self.deployed, self.finality)
        self.store.begin(self.deployed, fetch_base(self.rpc, self.deployed))
        self.progress.base = self.store.base().number
        prover = Prover(self.rpc, self.deployed.contract)
        if self.fill is not None:
            self.fill(prover)
        steps = follow(
            self.rpc,
            self.deployed,
            self.store,
            self.finality,
            wait=self.pause or self.stop.wait,
            poll=poll,
            to_head=to_head,
            prover=prover,
        )
        for step in steps:
            self.apply(step)
            if self.stop.is_set():
                return

    def apply(self, step: Step) -> None:
        self.store.apply(step)
        self.failures = 0
        self.tell(step)

    def tell(self, step: Step) -> None:
        match step:
            case Applied():
                self.progress.entries += step.last.last_sequence - step.before.sequence
                self.progress.block = step.last.number
                self.progress.head = step.node_block
            case RolledBack():
                _log.warning("rolled back from block %d to %d", step.before.number, step.to.number)
                self.progress.block = step.to.number
            case Proven() | Finalised():
                return
        self.progress.seconds = time.monotonic() - self.started
        if self.told is not None:
            self.told(self.progress)

    def endure(self, error: Exception, to_head: bool) -> None:
        """Wait before the next attempt, longer each time; give up where the run has an end."""
        now = time.monotonic()
        if self.failures == 0:
            self.failing_since = now
        lost = isinstance(error, MirrorError) and not isinstance(error, MirrorMoved)
        if to_head and (lost or now - self.failing_since > _PATIENCE):
            self.alarm(error)
            raise error
        _log.warning("%s; trying again", error)
        if lost:
            self.alarm(error)
        self.failures += 1
        self.stop.wait(min(_FIRST_PAUSE * 2 ** min(self.failures, 10), _LONGEST_PAUSE))

    def alarm(self, error: Exception) -> None:
        if isinstance(error, (NodeUnavailable, *_DATABASE)):
            return
        try:
            self.store.raise_alarm(str(error))
        except _DATABASE as other:
            _log.warning("the alarm is not kept: %s", other)

    def result(self) -> Indexed:
        cursor = self.find_cursor()
        return Indexed(
            entries=self.progress.entries,
            seconds=time.monotonic() - self.started,
            block=cursor.number,
            ledger_head=cursor.ledger_head,
        )

    def find_cursor(self) -> Cursor:
        """Where the mirror stands, though it may not have begun before it was stopped."""
        try:
            return self.store.cursor()
        except MirrorError:
            return Cursor(self.deployed.block, ZERO_HASH, ZERO_HASH, 0, 0)
