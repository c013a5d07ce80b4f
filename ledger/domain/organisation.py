"""The fold of an organisation: who may act for it, and whether it may act at all."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ledger.domain.entries import Appended
from ledger.domain.payloads import (
    AccountAdded,
    AccountRemoved,
    Enrolled,
    Reinstated,
    Suspended,
    decode_payload,
)
from ledger.errors import VerificationError
from ledger.hashing import next_head, organisation_address
from ledger.types import Address, Hash32


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation after `count` entries; `address` holds its titles."""

    id: Hash32
    did: str
    active: bool
    accounts: frozenset[Address]
    count: int
    head: Hash32
    opened_at: int

    @property
    def address(self) -> Address:
        return organisation_address(self.id)


def fold_organisation(organisation: Organisation | None, entry: Appended) -> Organisation:
    """The organisation after one more entry (None before the first).

    Raises:
        VerificationError: the entry is not its next, or no entry of an organisation.
        BadPayload: its payload is not that of its kind.
    """
    payload = decode_payload(entry.kind, entry.payload)
    if organisation is None:
        if not isinstance(payload, Enrolled) or entry.position != 0:
            raise _misplaced(entry)
        return Organisation(
            entry.subject, payload.did, True, frozenset(), 1, entry.subject, entry.timestamp
        )
    if entry.position != organisation.count or entry.subject != organisation.id:
        raise _misplaced(entry)
    head = next_head(
        organisation.head,
        entry.position,
        entry.kind,
        entry.org,
        entry.actor,
        entry.timestamp,
        entry.payload,
    )
    moved = replace(organisation, count=organisation.count + 1, head=head)
    match payload:
        case AccountAdded(account):
            return replace(moved, accounts=organisation.accounts | {account})
        case AccountRemoved(account):
            return replace(moved, accounts=organisation.accounts - {account})
        case Suspended():
            return replace(moved, active=False)
        case Reinstated():
            return replace(moved, active=True)
        case _:
            raise _misplaced(entry)


def _misplaced(entry: Appended) -> VerificationError:
    return VerificationError(
        f"an entry {entry.kind.label} cannot stand at position {entry.position} of an organisation",
        kind=entry.kind.label,
        position=entry.position,
    )
