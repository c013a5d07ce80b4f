"""Waits until what the service accepted is on the ledger, and the mirror shows it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from ledger.client import Client, OperationAnswer
from ledger.client.answers import SETTLED
from ledger.errors import LedgerError

PATIENCE: Final = 60.0
"""Seconds that a wave of entries may take to reach the ledger."""


class DemoRefused(LedgerError):
    """An entry of the demo did not reach the ledger."""

    code = "demo_refused"


def settle(pool: ThreadPoolExecutor, operator: Client, operations: Iterable[str]) -> None:
    """Wait for operations, given by id or URL; all of them may be read with the operator's key.

    Raises:
        DemoRefused: one was rejected, or is not done within our patience.
    """
    deadline = time.monotonic() + PATIENCE
    waiting, highest = list(operations), 0
    while waiting:
        # Operations travel in order: while the last is under way, asking for more tells nothing.
        if _is_over(operator.operation(waiting[-1])):
            answers = list(pool.map(operator.operation, waiting))
            highest = max([highest, *(each.block or 0 for each in answers)])
            waiting = [each.id for each in answers if not _is_over(each)]
        else:
            _pause(deadline)
    while operator.status().block.number < highest:
        _pause(deadline)


def _pause(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise DemoRefused(f"the demo's entries are not on the ledger after {PATIENCE:g} s")
    time.sleep(0.05)  # the service has no push yet


def _is_over(operation: OperationAnswer) -> bool:
    if operation.state == "rejected":
        raise DemoRefused(
            f"the ledger refused the demo's entry {operation.kind} of {operation.subject}: "
            f"{operation.reason}",
            reason=operation.reason,
        )
    return operation.state in SETTLED["done"]
