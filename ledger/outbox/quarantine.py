"""Quarantine: a lane whose nonce somebody else used sends nothing until that is settled.

Whoever used it has the lane's key. A reorganisation may give the nonce back: then the lane goes on
by itself. Otherwise a person decides: once the lane is released, and the other's transaction is
final, what can never be mined under the taken nonces queues again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from ledger.chain.finality import Finality
from ledger.chain.rpc import RpcClient
from ledger.database.engine import reading, writing
from ledger.errors import Conflict, UnknownThing
from ledger.outbox.alarms import clear_alarm, raise_alarm
from ledger.outbox.failpoints import reach
from ledger.outbox.lanes import Held, change_lane
from ledger.outbox.tables import Lane
from ledger.outbox.travels import Open, fetch_receipts, mark_taken

FOREIGN: Final = "foreign_transaction"
"""Code of the alarm that a lane's nonce was used by somebody else."""

_log: Final = logging.getLogger("ledger.outbox")


def _needs(lane: str) -> str:
    sender = lane.partition(":")[2]
    return f"find out who has the key of {sender}, then: asset-ledger operations release {lane}"


class NotHalted(Conflict):
    """The lane sends already: there is nothing to release."""

    code = "not_halted"


def release_lane(session: Session, lane: str) -> None:
    """Let a halted lane go on as soon as that is safe; the caller commits.

    Raises:
        UnknownThing: there is no such lane.
        NotHalted: it sends already.
    """
    row = session.exec(select(Lane).where(Lane.id == lane).with_for_update()).one_or_none()
    if row is None:
        raise UnknownThing("lane", field="lane", value=lane)
    if row.halted is None:
        raise NotHalted(f"lane {lane} is not halted", lane=lane)
    row.released = True


@dataclass(slots=True)
class Quarantine:
    """Halts lanes, and lets them go on."""

    engine: Engine
    rpc: RpcClient
    held: Sequence[Held]
    finality: Finality

    def is_taken(self, lane: Held, first: Open) -> bool:
        """Whether the chain used the nonce for a transaction that is none of ours."""
        if self.rpc.fetch_nonce(lane.signer.address) <= first.nonce:
            return False
        # Asked after the nonce: one of ours that used it has a receipt by now.
        return not any(self.rpc.fetch_receipts(first.hashes))

    def halt(self, first: Open) -> None:
        """Stop the lane from signing, and say why."""
        message = (
            f"nonce {first.nonce} of lane {first.lane} was used by a transaction that is not"
            " ours: nothing more is sent in this lane until it is released"
        )
        with writing(self.engine) as session:
            lane = session.get_one(Lane, first.lane)
            if lane.halted is not None:
                return
            lane.halted = message
            raise_alarm(session, FOREIGN, message, _needs(first.lane))
        _log.error("halted %s", message)

    def tend(self, unknown: Sequence[Open]) -> None:
        """Let halted lanes go on that may; `unknown` is all that the chain does not know."""
        for lane, released in self._find_halted():
            mine = [one for one in unknown if one.lane == lane.lease.lane]
            if not mine or not self.is_taken(lane, mine[0]):
                with writing(self.engine) as session:  # the chain has it, or may yet have it
                    change_lane(session, lane.lease)
                    self._let_go(session, lane)
                _log.warning("goes on lane=%s", lane.lease.lane)
            elif released:
                self._give_up(lane, mine)

    def _find_halted(self) -> Iterator[tuple[Held, bool]]:
        by_id = {one.lease.lane: one for one in self.held}
        halted = select(Lane.id, Lane.released).where(
            col(Lane.id).in_(by_id), col(Lane.halted).is_not(None)
        )
        with reading(self.engine) as session:
            found = session.exec(halted).all()
        for id, released in found:
            yield by_id[id], released

    def _give_up(self, lane: Held, mine: Sequence[Open]) -> None:
        """Have what can never be mined queue again, once the nonces' use is final."""
        block = self.rpc.fetch_block(self.finality.fetch_final_block(self.rpc))
        nonce = self.rpc.fetch_nonce(lane.signer.address, block.number)
        passed = [one for one in mine if one.nonce < nonce]
        landed = fetch_receipts(self.rpc, passed)
        taken = [one for one in passed if (one.lane, one.nonce) not in landed]
        if not taken:
            return
        with writing(self.engine) as session:
            change_lane(session, lane.lease)
            for one in taken:
                mark_taken(session, one, block)
            self._let_go(session, lane, nonce)
        _log.warning("goes on lane=%s given_up=%d", lane.lease.lane, len(taken))

    def _let_go(self, session: Session, lane: Held, nonce: int = 0) -> None:
        row = session.get_one(Lane, lane.lease.lane, populate_existing=True)
        row.next_nonce = max(row.next_nonce, nonce)
        row.halted, row.released = None, False
        session.flush()
        if session.exec(select(Lane.id).where(col(Lane.halted).is_not(None))).first() is None:
            clear_alarm(session, FOREIGN)
        reach("before release is committed")
