"""The fold of the ledger itself as a subject: who governs it, and whether it goes on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ledger.domain.entries import Appended
from ledger.domain.heads import head_after, misplaced
from ledger.domain.payloads import (
    Founded,
    Paused,
    Payload,
    Resumed,
    SuccessorNamed,
    decode_payload,
)
from ledger.types import Address, Hash32


@dataclass(frozen=True, slots=True)
class Founding:
    """The ledger after `count` entries about the whole of it.

    `authority` is the AccessManager that says who governs it, `successor` the contract that is to
    go on where this one ends, if one was named.
    """

    id: Hash32
    authority: Address
    paused: bool
    successor: Address | None
    count: int
    head: Hash32
    opened_at: int


def fold_founding(founding: Founding | None, entry: Appended) -> Founding:
    """The ledger after one more entry about the whole of it (None before the first).

    Raises:
        VerificationError: the entry is not the next, or not about the ledger.
        BadPayload: its payload is not that of its kind.
    """
    payload = decode_payload(entry.kind, entry.payload)
    if founding is None:
        if not isinstance(payload, Founded) or entry.position != 0:
            raise misplaced(entry, "the ledger")
        return Founding(
            id=entry.subject,
            authority=payload.authority,
            paused=False,
            successor=None,
            count=1,
            head=entry.subject,
            opened_at=entry.timestamp,
        )
    head = head_after(founding, entry)
    return replace(founding, count=founding.count + 1, head=head, **_changed(entry, payload))


def _changed(entry: Appended, payload: Payload) -> dict[str, Any]:
    match payload:
        case Paused():
            return {"paused": True}
        case Resumed():
            return {"paused": False}
        case SuccessorNamed(successor):
            return {"successor": successor}
        case _:
            raise misplaced(entry, "the ledger")
