"""Time as a schedule has it: it passes only when the schedule lets it, so that a seed replays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ledger.mirror import follow as mirror_follow
from ledger.mirror import proven as mirror_proven
from ledger.mirror import run as mirror_run
from ledger.outbox import broadcast, care, clock, reconcile, submitter

_BEGAN = 1_800_000_000
_READERS = (broadcast, care, clock, reconcile, submitter, mirror_follow, mirror_proven, mirror_run)


class Clock:
    """Stands for the `time` module where outbox and mirror read it; seconds."""

    def __init__(self) -> None:
        self.passed = 1.0

    def monotonic(self) -> float:
        return self.passed

    def time_ns(self) -> int:
        return round((_BEGAN + self.passed) * 1_000_000_000)

    def pass_(self, seconds: float) -> None:
        self.passed += seconds


@contextmanager
def ticking() -> Iterator[Clock]:
    """Let outbox and mirror of this process read a clock of the schedule's own."""
    made = Clock()
    real = [module.time for module in _READERS]  # type: ignore[attr-defined]
    for module in _READERS:
        module.time = made  # type: ignore[attr-defined]
    try:
        yield made
    finally:
        for module, before in zip(_READERS, real, strict=True):
            module.time = before  # type: ignore[attr-defined]
