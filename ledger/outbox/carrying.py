"""What one transaction carries: entries that may go together, as many as fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ledger.outbox.pace import Pace
from ledger.outbox.queue import Waiting
from ledger.types import Hash32

# Generous, as gas that is not used is not paid; the trial runs with exactly this limit.
_GAS_BASE: Final = 120_000
_GAS_PER_ENTRY: Final = 50_000
_GAS_GOVERNANCE: Final = 400_000
_GAS_PER_BYTE: Final = 16
_GAS_SIGNED: Final = 20_000
_GAS_ANSWER: Final = 530_000  # what the contract lets another one use to answer (ERC-1271)


def gas_limit(goes: Sequence[Waiting], calldata: bytes) -> int:
    """A bound for the gas of a call, high enough for all but unusual entries."""
    more = _GAS_GOVERNANCE if goes[0].governs else 0
    if goes[0].leave is not None:
        more = _GAS_ANSWER + _GAS_SIGNED * len(goes)
    return _GAS_BASE + more + _GAS_PER_ENTRY * len(goes) + _GAS_PER_BYTE * len(calldata)


def fitting(waiting: Sequence[Waiting], pace: Pace) -> list[Waiting]:
    """As many as one transaction takes by number, size and gas; of governance, one."""
    if waiting and waiting[0].governs:
        return list(waiting[:1])
    goes, size, gas = list[Waiting](), 0, _GAS_BASE
    for one in _alike(waiting)[: pace.entries]:
        length = 7 * 32 + len(one.entry.payload) + 31
        gas += _GAS_PER_ENTRY
        if one.leave is not None:
            length += 6 * 32 + len(one.leave.signature) + 31
            gas += _GAS_SIGNED + (0 if goes else _GAS_ANSWER)
        size, gas = size + length, gas + _GAS_PER_BYTE * length
        if goes and (size > pace.calldata or gas > pace.gas):
            break
        goes.append(one)
    return goes


def _alike(waiting: Sequence[Waiting]) -> list[Waiting]:
    """Those that may go with the first, and do not wait for one that is left out."""
    left, found = set[Hash32](), list[Waiting]()
    for one in waiting:
        if one.goes_with(waiting[0]) and (not left or left.isdisjoint(one.touches)):
            found.append(one)
        else:
            left |= one.writes_to
    return found
