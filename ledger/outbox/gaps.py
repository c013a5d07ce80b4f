"""Gaps: nonces below a lane's transactions that nobody uses, so that these could never be mined.

Somebody else had used them before the lane was opened or released, and a reorganisation undid it.
"""

from __future__ import annotations

import logging
from typing import Final

from sqlalchemy import Engine
from sqlmodel import col, select

from ledger.chain.rpc import RpcClient
from ledger.database.engine import writing
from ledger.outbox.lanes import Held, change_lane
from ledger.outbox.tables import Transaction
from ledger.outbox.travels import Open
from ledger.types import ZERO_HASH

_log: Final = logging.getLogger("ledger.outbox")
_EMPTY_GAS: Final = 21_000
_AT_ONCE: Final = 100


def fill_gap(engine: Engine, rpc: RpcClient, lane: Held, first: Open) -> bool:
    """Note transactions under the nonces that are missing below `first`; they are sent empty.

    Raises:
        NodeUnavailable, RpcError: the node does not say which it has.
        LeaseLost: the lane is another's.
    """
    next_mined = rpc.fetch_nonce(lane.signer.address)
    asked = range(next_mined, min(first.nonce, next_mined + _AT_ONCE))
    if not asked:
        return False
    with writing(engine) as session:
        change_lane(session, lane.lease)
        noted = select(Transaction.nonce).where(
            Transaction.lane == first.lane, col(Transaction.nonce).in_(asked)
        )
        known: set[int] = set(session.exec(noted))
        missing = sorted(set(asked) - known)
        # As old as what waits for them: they are sent in the order of age, then of nonces.
        age = session.get_one(Transaction, (first.lane, first.nonce)).created_at
        for nonce in missing:
            session.add(_empty(first.lane, nonce, age))
    if missing:
        _log.warning("fills lane=%s nonces=%s", first.lane, missing)
    return bool(missing)


def _empty(lane: str, nonce: int, created_at: int) -> Transaction:
    return Transaction(
        lane=lane,
        nonce=nonce,
        hash=ZERO_HASH,
        calldata=b"",
        gas=_EMPTY_GAS,
        created_at=created_at,
    )
