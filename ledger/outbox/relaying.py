"""Accepts entries that organisations' own wallets signed: relayed, and not to be forged."""

from __future__ import annotations

from sqlmodel import Session, col, select

from ledger.chain.contract import Authorisation
from ledger.domain.entries import Entry
from ledger.outbox.clock import new_id, now
from ledger.outbox.conflicts import WrongPosition
from ledger.outbox.once import Accepted, Asked, accept_once
from ledger.outbox.operations import (
    add_operation,
    operation_values,
)
from ledger.outbox.positions import lock_subjects, next_on_its_way, written_to
from ledger.outbox.receipts import Notary
from ledger.outbox.tables import Operation, State


def accept_signed(
    session: Session,
    entry: Entry,
    leave: Authorisation,
    *,
    next_position: int | None,
    asked: Asked,
    notary: Notary | None = None,
) -> Accepted:
    """Accept an entry with its signature, which was verified; the caller commits.

    Its position is what makes it one: the same entry again is the same operation, whatever
    signature it comes with. `next_position` is the subject's next as mirrored (None: not mirrored).

    Raises:
        IdempotencyConflict: the key stands for another request.
        WrongPosition: its position is not the next, counting what is on its way.
    """

    def find() -> Operation | None:
        lock_subjects(session, written_to(entry.subject, entry.kind, entry.payload))
        return session.exec(
            select(Operation)
            .where(
                Operation.subject == entry.subject,
                Operation.position == entry.position,
                Operation.org == entry.org,
                Operation.kind == entry.kind,
                Operation.payload == entry.payload,
                Operation.state != State.REJECTED,
                col(Operation.signature).is_not(None),
            )
            .limit(1)
        ).first()

    def make() -> Operation:
        expected = max(next_position or 0, next_on_its_way(session, entry.subject))
        if entry.position != expected:
            raise WrongPosition(entry.subject, expected=expected, given=entry.position)
        values = operation_values(
            new_id(),
            entry.org,
            entry.subject,
            entry.kind,
            entry.payload,
            entry.position,
            now(),
            fixed=True,
        )
        values |= {
            "actor": leave.actor,
            "deadline": leave.deadline,
            "signature": leave.signature,
        }
        return add_operation(session, notary, values)

    return accept_once(session, asked, find, make)
