"""Sends stored bytes, and sends them again until the chain knows them."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Engine
from sqlmodel import col, func, select

from ledger.chain.rpc import RpcClient
from ledger.database.engine import reading
from ledger.errors import RpcError
from ledger.outbox.failpoints import reach
from ledger.outbox.pace import Pace
from ledger.outbox.signing import Signed
from ledger.outbox.tables import Operation, Transaction, Version
from ledger.outbox.travels import Open
from ledger.types import Hash32, to_hex

_log: Final = logging.getLogger("ledger.outbox")
_CHUNK: Final = 20


@dataclass(slots=True)
class Flight:
    """How often a transaction was sent since this process knows it; times are monotonic seconds."""

    since: float
    due: float
    times: int = 0
    said: str = ""


@dataclass(slots=True)
class Broadcaster:
    """Sends each transaction's newest version; what the node says to it is told, never believed."""

    engine: Engine
    rpc: RpcClient
    pace: Pace
    flights: dict[tuple[str, int], Flight] = field(default_factory=dict)

    def send(self, signed: Sequence[Signed]) -> None:
        """Send now. Raises NodeUnavailable; a refusal is only noted."""
        for start in range(0, len(signed), _CHUNK):
            part = signed[start : start + _CHUNK]
            for one in part:
                self._note_sending((one.lane, one.nonce))
            reach("before broadcast")
            calls = [("eth_sendRawTransaction", (to_hex(one.raw),)) for one in part]
            for one, answer in zip(part, self.rpc.batch(calls), strict=True):
                said = str(answer) if isinstance(answer, RpcError) else ""
                self._note_answer(one, said)
            reach("after broadcast")

    def forget_others(self, unknown: Sequence[Open]) -> None:
        """Drop what is noted of transactions that the chain knows by now."""
        waiting = {(one.lane, one.nonce) for one in unknown}
        for key in [key for key in self.flights if key not in waiting]:
            del self.flights[key]

    def due(self, unknown: Sequence[Open]) -> list[Open]:
        """Those whose time to be sent again has come; at once what this process never sent."""
        time_now = time.monotonic()
        return [
            one
            for one in unknown
            if (flight := self.flights.get((one.lane, one.nonce))) is None or flight.due <= time_now
        ]

    def load(self, due: Sequence[Open]) -> list[Signed]:
        """The stored bytes of the newest versions, in the order given."""
        with reading(self.engine) as session:
            stored = select(Version.hash, Version.raw).where(
                col(Version.hash).in_([one.hash for one in due])
            )
            raw: dict[Hash32, bytes] = dict(session.exec(stored).all())
        return [Signed(one.lane, one.nonce, one.hash, raw[one.hash]) for one in due]

    def find_hollow(self, due: Sequence[Open]) -> list[Open]:
        """Those with no operation, as theirs went on elsewhere, and not signed as empty yet."""
        if not due:
            return []
        nonces = [one.nonce for one in due]
        with reading(self.engine) as session:
            carrying = select(Operation.lane, Operation.nonce).where(
                col(Operation.lane).in_({one.lane for one in due}),
                col(Operation.nonce).between(min(nonces), max(nonces)),
            )
            full = set(session.exec(carrying.distinct()).all())
            empty = (
                select(Transaction.lane, Transaction.nonce)
                .join(Version, col(Version.hash) == Transaction.hash)
                .where(
                    col(Transaction.lane).in_({one.lane for one in due}),
                    col(Transaction.nonce).between(min(nonces), max(nonces)),
                    func.length(Transaction.calldata) == 0,
                )
            )
            full |= set(session.exec(empty).all())
        return [one for one in due if (one.lane, one.nonce) not in full]

    def _note_sending(self, key: tuple[str, int]) -> None:
        time_now = time.monotonic()
        flight = self.flights.setdefault(key, Flight(time_now, time_now))
        wait = self.pace.first_repeat * 2 ** min(flight.times, 10)
        flight.due = time_now + min(wait, self.pace.longest_repeat)
        flight.times += 1

    def _note_answer(self, one: Signed, said: str) -> None:
        flight = self.flights[one.lane, one.nonce]
        if said and said != flight.said:
            _log.info("told lane=%s nonce=%d answer=%r", one.lane, one.nonce, said)
        flight.said = said
