"""Adoption: what a transaction wrote that was given up counts for the operations that asked for it.

Its failure had been final, so its operations queued again, and may have been sent again; then
finality itself was undone, and the chain went another way, on which the first transaction succeeds.
The one that carries them now could only fail; it is left with nothing to do.
"""

from __future__ import annotations

from sqlmodel import Session, col, select

from ledger.chain.wire import Receipt
from ledger.domain.log import LoggedEntry
from ledger.outbox.clock import now
from ledger.outbox.effects import find_entries
from ledger.outbox.tables import Operation, State
from ledger.outbox.travels import Open
from ledger.types import Address


def adopt(session: Session, moved: Open, receipt: Receipt, contract: Address) -> None:
    """Let operations that are not done be carried by the transaction that wrote their entries."""
    for index, entry in enumerate(find_entries(receipt, contract)):
        operation = _find_undone(session, entry)
        if operation is not None:
            operation.state, operation.updated_at = State.SENT, now()
            operation.lane, operation.nonce = moved.lane, moved.nonce
            operation.index_in_transaction, operation.position = index, entry.position
            session.flush()


def _find_undone(session: Session, entry: LoggedEntry) -> Operation | None:
    asking = select(Operation).where(
        Operation.subject == entry.subject,
        Operation.org == entry.org,
        Operation.kind == entry.kind,
        Operation.payload == entry.payload,
        col(Operation.state).in_([State.QUEUED, State.SENT]),
    )
    return session.exec(asking.order_by(col(Operation.sequence)).limit(1)).first()
