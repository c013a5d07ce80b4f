"""How eager the submitter is, and how much it puts into one transaction."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """Times in seconds, sizes in gas, bytes and pieces.

    `gas` stays below a transaction's cap of 2^24 (EIP-7825); `calldata` below the 128 KiB that
    nodes take into their pools. `gather` is how long lanes wait for more after one sent little.
    What is in no block after `stuck` is offered more for, if that is why; after `worry`, a person
    is told.
    """

    idle: float = 0.05
    busy: float = 0.01
    busy_for: float = 2.0
    gather: float = 0.04
    head: float = 0.1
    settle: float = 1.0
    first_repeat: float = 1.0
    longest_repeat: float = 15.0
    stuck: float = 30.0
    worry: float = 120.0
    lease: float = 5.0
    in_flight: int = 4
    entries: int = 300
    gas: int = 16_700_000
    calldata: int = 120_000
    window: int = 1000
