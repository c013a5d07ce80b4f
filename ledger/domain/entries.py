"""Entries: what is asked of the ledger, and what the chain then holds."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.domain.kinds import Kind
from ledger.types import Address, Hash32


@dataclass(frozen=True, slots=True)
class Entry:
    """What is asked of the ledger: `org` does `kind` to `subject`, as its `position`-th entry.

    Governance acts without an organisation: `org` is then zero.
    """

    subject: Hash32
    org: Hash32
    kind: Kind
    position: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Appended:
    """An entry as the chain holds it: with the account that sent it and the block's time.

    `timestamp` is in seconds since 1970 (EIP-1559 header field `timestamp`).
    """

    subject: Hash32
    org: Hash32
    kind: Kind
    position: int
    payload: bytes
    actor: Address
    timestamp: int
