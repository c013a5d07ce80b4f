"""Cares for transactions that the chain does not know yet: repeats, replaces, asks for help."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Engine

from ledger.chain.rpc import RpcClient
from ledger.database.engine import reading
from ledger.outbox.broadcast import Broadcaster
from ledger.outbox.clock import now
from ledger.outbox.fees import Fee, fetch_fee, fetch_tip, raise_fee
from ledger.outbox.gaps import fill_gap
from ledger.outbox.lanes import Held
from ledger.outbox.pace import Pace
from ledger.outbox.quarantine import Quarantine
from ledger.outbox.signer_care import SignerCare
from ledger.outbox.signing import Signed, sign_again, sign_empty
from ledger.outbox.tables import Transaction, Version
from ledger.outbox.travels import Open
from ledger.outbox.worries import FEES_HIGH, INSUFFICIENT, STUCK, Worries, Worry
from ledger.types import Address, to_hex

_log: Final = logging.getLogger("ledger.outbox")
_PATIENT_TIMES: Final = 3


@dataclass(slots=True)
class Caretaker:
    """Repeats unknown transactions in order of nonces, and looks after the first of each lane."""

    engine: Engine
    rpc: RpcClient
    contract: Address
    held: Sequence[Held]
    broadcaster: Broadcaster
    quarantine: Quarantine
    signers: SignerCare
    pace: Pace
    worries: Worries = field(init=False)

    def __post_init__(self) -> None:
        self.worries = Worries(self.engine, [one.lease.lane for one in self.held])

    def repeat(self, unknown: Sequence[Open]) -> None:
        """Send again what is due.

        Raises:
            NodeUnavailable, RpcError: the node does not do its part.
            LeaseLost: a lane is another's.
        """
        self.worries.keep({one.lane: one.nonce for one in reversed(unknown)})
        due = self.broadcaster.due(unknown)
        if not due:
            return
        hollow = self.broadcaster.find_hollow(due)
        stored = self.broadcaster.load([one for one in due if one not in hollow])
        emptied = [empty for one in hollow if (empty := self._empty(one))]
        signed = {(one.lane, one.nonce): one for one in [*stored, *emptied]}
        keys = [(one.lane, one.nonce) for one in due]
        self.broadcaster.send([signed[key] for key in keys if key in signed])
        for lane in self.held:
            first = next((one for one in unknown if one.lane == lane.lease.lane), None)
            if first is not None:
                self._look_after(lane, first)

    def _empty(self, one: Open) -> Signed | None:
        lane = next(lane for lane in self.held if lane.lease.lane == one.lane)
        fee = fetch_fee(self.rpc, self.rpc.fetch_block("latest"))
        return self.signers.attempt(
            one.lane, lambda: sign_empty(self.engine, lane.lease, lane.signer, one.nonce, fee)
        )

    def _look_after(self, lane: Held, first: Open) -> None:
        """Care for the transaction that all later ones of its lane wait for."""
        flight = self.broadcaster.flights.get((first.lane, first.nonce))
        if flight is None:
            return
        if flight.times >= _PATIENT_TIMES:
            if self.quarantine.is_taken(lane, first):
                self.quarantine.halt(first)
                return
            self._worry(lane, first)
        stuck = time.monotonic() - flight.since > self.pace.stuck
        if stuck and not fill_gap(self.engine, self.rpc, lane, first):
            self._replace(lane, first)

    def _replace(self, lane: Held, first: Open) -> None:
        """Offer more, where today's fees are why blocks leave a transaction out."""
        head, tip = self.rpc.fetch_block("latest"), fetch_tip(self.rpc)
        with reading(self.engine) as session:
            version = session.get_one(Version, first.hash)
            offered = Fee(version.max_fee, version.tip)
        if offered.max_fee >= head.base_fee + offered.tip and tip <= offered.tip * 9 // 8:
            return
        better = raise_fee(offered, head.base_fee, tip)
        contract, nonce = self.contract, first.nonce
        signed = self.signers.attempt(
            first.lane,
            lambda: sign_again(self.engine, lane.lease, lane.signer, contract, nonce, better),
        )
        if signed is None:
            return
        _log.warning(
            "replaced lane=%s nonce=%d max_fee=%d tip=%d",
            first.lane,
            first.nonce,
            better.max_fee,
            better.tip,
        )
        self.broadcaster.send([signed])
        self.broadcaster.flights[first.lane, first.nonce].since = time.monotonic()

    def _worry(self, lane: Held, first: Open) -> None:
        """Tell a person what is wrong with a transaction, for as long as it is."""
        with reading(self.engine) as session:
            stored = session.get_one(Transaction, (first.lane, first.nonce))
            version = session.get_one(Version, first.hash)
            cost, age = stored.gas * version.max_fee, (now() - stored.created_at) / 1000
            offered = Fee(version.max_fee, version.tip)
        base_fee = self.rpc.fetch_block("latest").base_fee
        low = offered.max_fee < base_fee + offered.tip
        found = [
            self._find_poverty(lane, cost),
            _dear(first, offered, base_fee) if low else None,
            _stuck(first, offered, base_fee, age) if age > self.pace.worry else None,
        ]
        for one in self.worries.tell(first.lane, first.nonce, [each for each in found if each]):
            _log.error("alarm %s: %s", one.code, one.message)

    def _find_poverty(self, lane: Held, cost: int) -> Worry | None:
        balance, sender = self.rpc.fetch_balance(lane.signer.address), to_hex(lane.signer.address)
        if balance >= cost:
            return None
        return Worry(
            INSUFFICIENT,
            f"{sender} has {balance} wei and needs {cost} to send",
            f"send at least {cost - balance} wei to {sender} on chain {lane.lease.chain_id}",
        )


def _dear(first: Open, offered: Fee, base_fee: int) -> Worry:
    return Worry(
        FEES_HIGH,
        f"transaction {first.nonce} of lane {first.lane} offers {offered.max_fee} wei per gas,"
        f" and blocks cost {base_fee} besides the tip",
        None,  # more is offered, by and by
    )


def _stuck(first: Open, offered: Fee, base_fee: int, age: float) -> Worry:
    return Worry(
        STUCK,
        f"transaction {first.nonce} ({to_hex(first.hash)}) of lane {first.lane} is in no block"
        f" after {age:.0f} s; it offers {offered.max_fee} wei per gas, the newest block cost"
        f" {base_fee}",
        "see that the chain makes blocks, and that its node passes on what it is sent"
        " (ASSET_LEDGER_RPC_URL)",
    )
