"""The submitter: step by step, brings every accepted operation onto the chain exactly once."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from sqlalchemy import Engine

from ledger.chain.finality import Finality
from ledger.chain.identity import Deployed, verify_chain
from ledger.chain.rpc import RpcClient
from ledger.chain.wire import Block
from ledger.database.engine import reading, writing
from ledger.errors import RpcError
from ledger.outbox.alarms import clear_alarm, raise_alarm
from ledger.outbox.broadcast import Broadcaster
from ledger.outbox.care import Caretaker
from ledger.outbox.fees import fetch_fee
from ledger.outbox.lanes import Held, renew
from ledger.outbox.pace import Pace
from ledger.outbox.quarantine import Quarantine
from ledger.outbox.queue import Waiting, choose, find_waiting
from ledger.outbox.reconcile import Reconciler
from ledger.outbox.signer_care import SignerCare
from ledger.outbox.signing import reject, sign
from ledger.outbox.simulation import LedgerPaused, NotAuthorised, NotNow, Simulator, Trial
from ledger.outbox.tables import Lane, Role
from ledger.outbox.travels import Open, find_next_unused
from ledger.types import Address, Hash32

_log: Final = logging.getLogger("ledger.outbox")
_REFUSALS: Final = 3


@dataclass(slots=True)
class Submitter:
    """Works the lanes it holds; `step` does whatever is due, and may be called at any time.

    Nothing that matters is kept in memory: a submitter that is dropped between any two
    instructions is replaced by a new one over the same database. The senders of the custodial
    lanes become accounts of the organisations that are enrolled.
    """

    engine: Engine
    rpc: RpcClient
    deployed: Deployed
    finality: Finality
    held: Sequence[Held]
    pace: Pace = field(default_factory=Pace)
    _reconciler: Reconciler = field(init=False)
    _broadcaster: Broadcaster = field(init=False)
    _quarantine: Quarantine = field(init=False)
    _signers: SignerCare = field(init=False)
    _caretaker: Caretaker = field(init=False)
    _simulator: Simulator = field(init=False)
    _next_check: float = field(default=0.0, init=False)
    _next_settling: float = field(default=0.0, init=False)
    _next_lease: float = field(default=0.0, init=False)
    _busy_until: float = field(default=0.0, init=False)
    _resting: dict[str, float] = field(default_factory=dict, init=False)
    _gathering: dict[Role, float] = field(default_factory=dict, init=False)
    _strangers: dict[Address, set[Hash32]] = field(default_factory=dict, init=False)
    _quiet: set[str] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        contract, leases = self.deployed.contract, [one.lease for one in self.held]
        ours = self.deployed.chain_id, self.deployed.genesis_hash
        verify = partial(verify_chain, self.rpc, *ours)
        self._reconciler = Reconciler(
            self.engine, self.rpc, contract, leases, self.finality, verify
        )
        self._broadcaster = Broadcaster(self.engine, self.rpc, self.pace)
        self._quarantine = Quarantine(self.engine, self.rpc, self.held, self.finality)
        self._signers = SignerCare(self.engine, self.pace)
        self._caretaker = Caretaker(
            self.engine,
            self.rpc,
            contract,
            self.held,
            self._broadcaster,
            self._quarantine,
            self._signers,
            self.pace,
        )
        custodians = [one.signer.address for one in self.held if one.role is Role.CUSTODIAN]
        self._simulator = Simulator(self.rpc, contract, custodians, self.pace)
        self._strangers = {one: set() for one in custodians}

    def step(self) -> float:
        """Do what is due; return for how many seconds there is nothing to do.

        Raises:
            NodeUnavailable, RpcError: the node does not do its part; step again later.
            DatabaseBusy: the database is locked; step again later.
            LeaseLost: another submitter works these lanes now.
        """
        self._hold()
        unknown = self._reconciler.look()
        self._check(unknown)
        self._broadcaster.forget_others(unknown)
        self._caretaker.repeat(unknown)
        with reading(self.engine) as session:
            waiting = find_waiting(session)
        flying = Counter(one.lane for one in unknown)
        # The lane in which least is under way goes first, so that a stuck one holds nobody up.
        for lane in sorted(self.held, key=lambda one: flying[one.lease.lane]):
            if lane.role in waiting and self._send(lane, flying[lane.lease.lane]):
                self._busy_until = time.monotonic() + self.pace.busy_for
                return 0.0
        return self._pause(unknown)

    def _hold(self) -> None:
        if time.monotonic() >= self._next_lease:
            renew(self.engine, [one.lease for one in self.held], self.pace.lease)
            self._next_lease = time.monotonic() + self.pace.lease / 3

    def _check(self, unknown: Sequence[Open]) -> None:
        """Compare with a newer head, and now and then ask what has become final."""
        moment = time.monotonic()
        if moment < self._next_check:
            return
        head, settle = self.rpc.fetch_block("latest"), moment >= self._next_settling
        open_ = self._reconciler.check(head, settle=settle)
        if settle:
            self._reconciler.check_final(head)
            self._quarantine.tend(unknown)
            self._next_settling = moment + self.pace.settle
        self._next_check = moment + (self.pace.head if open_ else self.pace.settle)

    def _pause(self, unknown: Sequence[Open]) -> float:
        if time.monotonic() < self._busy_until:
            return self.pace.busy
        return self.pace.head if unknown else self.pace.idle

    def _send(self, lane: Held, flying: int) -> bool:
        """Bring the next batch of a lane on its way; whether there was anything to do."""
        if flying >= self.pace.in_flight or self._rests(lane):
            return False
        waiting = self._choose(lane)
        if not waiting:
            return False
        head = self.rpc.fetch_block("latest")
        if head.number < self._reconciler.known:
            return False  # the node that answers now is behind the one that knew our blocks
        trial = self._try_surely(lane, waiting, head)
        self._leave(lane, trial)
        if trial.rejected:
            self._reject(lane, trial)
        if trial.goes:
            self._sign_and_send(lane, trial, head)
        return bool(trial.goes or trial.rejected or trial.elsewhere)

    def _try_surely(self, lane: Held, waiting: Sequence[Waiting], head: Block) -> Trial:
        """Simulate until what is refused is so on the newest block, or on three, one after another.

        A refusal for want of what a reorganisation just took away is none, nor is one by a node
        that has not come as far as another one.
        """
        for _ in range(_REFUSALS):
            trial = self._try(lane, waiting, head)
            if not trial.rejected:
                return trial
            newest = self.rpc.fetch_block("latest")
            if not (self._reconciler.is_true_to(newest) and self._holds_ours(head)):
                return Trial()
            if newest.number <= head.number:
                return trial
            head = newest
        return trial

    def _holds_ours(self, tried: Block) -> bool:
        """Whether all that we take for done stands behind a block, which is asked by its hash.

        Any other answer may be one that was right before a reorganisation, or on another node.
        """
        with reading(self.engine) as session:
            used = [(one, find_next_unused(session, one.lease.lane)) for one in self.held]
        return all(
            self.rpc.fetch_nonce(one.signer.address, tried.hash) >= nonce for one, nonce in used
        )

    def _rests(self, lane: Held) -> bool:
        moment = time.monotonic()
        return self._signers.rests(lane.lease.lane) or moment < max(
            self._resting.get(lane.lease.lane, 0.0), self._gathering.get(lane.role, 0.0)
        )

    def _leave(self, lane: Held, trial: Trial) -> None:
        """Leave organisations for which the lane's sender may not act to the lanes that may."""
        for org, able in trial.elsewhere.items():
            self._strangers[lane.signer.address].add(org)
            for one in able:
                self._strangers[one].discard(org)

    def _choose(self, lane: Held) -> list[Waiting]:
        with reading(self.engine) as session:
            if session.get_one(Lane, lane.lease.lane).halted is not None:
                return []
            strangers = self._strangers.get(lane.signer.address, ())
            return choose(session, lane.role, self.pace.entries, self.pace.window, strangers)

    def _try(self, lane: Held, waiting: Sequence[Waiting], head: Block) -> Trial:
        """Simulate; where that tells nothing about the operations, the lane rests a while."""
        name = lane.lease.lane
        try:
            trial = self._simulator.try_entries(lane.signer.address, waiting, head)
        except (NotNow, RpcError) as error:
            self._resting[name] = time.monotonic() + self.pace.settle
            _log.warning("waits lane=%s: %s", name, error)
            if isinstance(error, NotNow):
                self._raise(lane, error)
            return Trial()
        self._clear(lane)
        return trial

    def _raise(self, lane: Held, error: NotNow) -> None:
        """Say why a lane waits; a reason that it had before is none any more."""
        self._clear(lane, but=error.code)
        self._quiet.discard(_alarm(lane, error.code))
        with writing(self.engine) as session:
            raise_alarm(session, _alarm(lane, error.code), str(error), error.advice)

    def _clear(self, lane: Held, but: str | None = None) -> None:
        alarms = {_alarm(lane, each.code) for each in (NotAuthorised, LedgerPaused)}
        standing = alarms - self._quiet - {_alarm(lane, but)}
        if standing:
            with writing(self.engine) as session:
                for code in standing:
                    clear_alarm(session, code)
            self._quiet |= standing

    def _reject(self, lane: Held, trial: Trial) -> None:
        reject(self.engine, lane.lease, trial.rejected)
        for one in trial.rejected:
            _log.info("rejected operation=%s reason=%s", one.waiting.id, one.reason["code"])

    def _sign_and_send(self, lane: Held, trial: Trial, head: Block) -> None:
        fee = fetch_fee(self.rpc, head)
        contract = self.deployed.contract
        signed = self._signers.attempt(
            lane.lease.lane,
            lambda: sign(self.engine, lane.lease, lane.signer, contract, trial, fee),
        )
        if signed is None:
            return
        self._reconciler.expect()
        _log.info(
            "sent lane=%s nonce=%d entries=%d gas=%d hash=0x%s",
            signed.lane,
            signed.nonce,
            len(trial.goes),
            trial.gas,
            signed.hash.hex(),
        )
        few = not trial.goes[0].governs and len(trial.goes) < self.pace.entries // 2
        self._gathering[lane.role] = time.monotonic() + (self.pace.gather if few else 0.0)
        self._broadcaster.send([signed])


def _alarm(lane: Held, reason: str | None) -> str:
    """Code of the alarm that a lane waits for this reason."""
    return f"{reason}:{lane.role}"
