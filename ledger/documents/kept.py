"""A document that was accepted: who sent it, what about, and how to read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ledger.types import Hash32


@dataclass(frozen=True, slots=True)
class Kept:
    """A JSON document that `org` sent about `subject`; `read` gives its bytes as they were sent.

    `read` raises CorruptDocument where they are no longer those.
    """

    org: Hash32
    subject: Hash32 | None
    read: Callable[[], bytes]
