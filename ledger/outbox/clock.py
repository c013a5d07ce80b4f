"""Time as the outbox keeps it, and names that sort by it."""

from __future__ import annotations

import secrets
import time
from uuid import UUID


def now() -> int:
    """The time, in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def new_id() -> str:
    """A fresh identifier that sorts by time of making (RFC 9562, 5.7: UUID version 7)."""
    random = secrets.randbits(74)
    value = now() << 80 | 7 << 76 | (random >> 62) << 64 | 0b10 << 62 | random & (1 << 62) - 1
    return str(UUID(int=value))
