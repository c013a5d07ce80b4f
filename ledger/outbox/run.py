"""Runs the submitter through outages of node and database, until told to stop."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, OperationalError

from ledger.chain.finality import Finality
from ledger.chain.identity import Deployed, verify_deployed
from ledger.chain.rpc import RpcClient
from ledger.chain.signers.signer import Signer
from ledger.database.engine import DatabaseBusy, open_engine, upgrade, writing
from ledger.errors import NodeError, WrongChain
from ledger.outbox.alarms import clear_alarm, raise_alarm
from ledger.outbox.lanes import (
    Held,
    LeaseLost,
    acquire,
    has_lane,
    holder_name,
    lane_id,
    open_lane,
    release,
)
from ledger.outbox.pace import Pace
from ledger.outbox.submitter import Submitter
from ledger.outbox.tables import Role
from ledger.settings import Settings

_log: Final = logging.getLogger("ledger.outbox")
_PASSING: Final = (
    NodeError,
    DatabaseBusy,
    LeaseLost,
    OperationalError,
    InterfaceError,
)
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0
_WRONG_CHAIN: Final = "wrong_chain"
_NEEDS_ITS_CHAIN: Final = (
    "point ASSET_LEDGER_RPC_URL at a node of the chain that the manifest names, and start again"
)


def run(
    settings: Settings,
    deployed: Deployed,
    signers: Mapping[Role, Sequence[Signer]],
    finality: Finality,
    stop: threading.Event,
    pace: Pace | None = None,
) -> None:
    """Send operations to the ledger at `deployed` until `stop` is set, each signer in a lane.

    Node and database may come and go. Returns with all leases given back.

    Raises:
        WrongChain: the node serves another chain; nothing was sent to it.
    """
    engine = open_engine(settings.database())
    try:
        with RpcClient(settings.rpc_url, timeout=10.0, patience=0.0) as rpc:
            pace = pace or Pace(head=settings.poll_seconds)
            _Run(engine, rpc, deployed, signers, finality, stop, pace).until_stopped()
    finally:
        engine.dispose()


@dataclass(slots=True)
class _Run:
    """One process's work on its lanes."""

    engine: Engine
    rpc: RpcClient
    deployed: Deployed
    signers: Mapping[Role, Sequence[Signer]]
    finality: Finality
    stop: threading.Event
    pace: Pace
    holder: str = field(default_factory=holder_name)
    upgraded: bool = False
    failures: int = 0
    said: str = ""

    def until_stopped(self) -> None:
        while not self.stop.is_set():
            try:
                self.work()
            except WrongChain:
                raise
            except _PASSING as error:
                self.endure(error)

    def work(self) -> None:
        """Work the lanes until something goes wrong; another chain ends the run, and is told."""
        try:
            self.work_lanes()
        except WrongChain as error:
            self.say_wrong_chain(error)
            raise

    def work_lanes(self) -> None:
        """Take the lanes, and work them."""
        if not self.upgraded:
            upgrade(self.engine)
            self.upgraded = True
        self.verify()
        held = self.take_lanes()
        if held is None:
            self.say("another submitter to give its lanes back")
            self.stop.wait(self.pace.lease / 4)
            return
        try:
            self.loop(held)
        finally:
            self.give_back(held)

    def loop(self, held: list[Held]) -> None:
        submitter = Submitter(self.engine, self.rpc, self.deployed, self.finality, held, self.pace)
        while not self.stop.is_set():
            pause = submitter.step()
            self.failures, self.said = 0, ""
            self.stop.wait(pause)

    def verify(self) -> None:
        """Make sure that the node serves the ledger's chain."""
        verify_deployed(self.rpc, self.deployed, self.finality)
        with writing(self.engine) as session:
            clear_alarm(session, _WRONG_CHAIN)

    def say_wrong_chain(self, error: WrongChain) -> None:
        with writing(self.engine) as session:
            raise_alarm(session, _WRONG_CHAIN, str(error), _NEEDS_ITS_CHAIN)

    def take_lanes(self) -> list[Held] | None:
        """All our lanes, or none of them."""
        held: list[Held] = []
        for role, signer in ((role, one) for role, each in self.signers.items() for one in each):
            lane = lane_id(self.deployed.chain_id, signer.address)
            if not has_lane(self.engine, lane):
                nonce = self.rpc.fetch_nonce(signer.address)
                open_lane(self.engine, role, self.deployed.chain_id, signer.address, nonce)
            lease = acquire(self.engine, lane, self.holder, self.pace.lease)
            if lease is None:
                self.give_back(held)
                return None
            held.append(Held(role, lease, signer))
        return held

    def give_back(self, held: list[Held]) -> None:
        try:
            release(self.engine, [one.lease for one in held])
        except _PASSING as error:
            _log.warning("a lease is left to run out: %s", error)

    def endure(self, error: Exception) -> None:
        """Wait before the next attempt, longer each time."""
        self.say(str(error))
        self.failures += 1
        self.stop.wait(min(_FIRST_PAUSE * 2 ** min(self.failures - 1, 10), _LONGEST_PAUSE))

    def say(self, what: str) -> None:
        """Say what is waited for, once."""
        if what != self.said:
            _log.warning("waits: %s", what)
        self.said = what
