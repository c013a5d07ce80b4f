"""Whether a transaction did what its operations asked: their entries stand in its logs."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.chain.wire import Receipt
from ledger.domain.kinds import GOVERNANCE
from ledger.domain.log import APPENDED_TOPIC, LoggedEntry, decode_appended
from ledger.outbox.tables import Operation
from ledger.types import Address


def find_effects(
    receipt: Receipt, contract: Address, operations: Sequence[Operation]
) -> dict[int, int] | None:
    """Find every operation's entry in a receipt's logs; None if one is not there.

    Gives position by operation's sequence, for those that learn theirs only now: governance.
    """
    logged = find_entries(receipt, contract)
    standing = {(one.subject, one.position): one for one in logged}
    learned = {}
    for operation in operations:
        if operation.kind in GOVERNANCE:
            found = next((one for one in logged if _is(one, operation)), None)
        else:
            found = standing.get((operation.subject, operation.position))
        if found is None or not _is(found, operation):
            return None
        if found.position != operation.position:
            learned[operation.sequence or 0] = found.position
    return learned


def _is(logged: LoggedEntry, operation: Operation) -> bool:
    return (logged.subject, logged.org, logged.kind, logged.payload) == (
        operation.subject,
        operation.org,
        operation.kind,
        operation.payload,
    )


def find_entries(receipt: Receipt, contract: Address) -> list[LoggedEntry]:
    """The entries that a transaction wrote, in their order."""
    return [
        decode_appended(log.topics, log.data)
        for log in receipt.logs
        if log.address == contract and log.topics[:1] == (APPENDED_TOPIC,)
    ]
