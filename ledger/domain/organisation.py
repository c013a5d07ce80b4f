"""The fold of an organisation: who may act for it, and whether it may act at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ledger.domain.entries import Appended
from ledger.domain.heads import head_after, misplaced
from ledger.domain.payloads import (
    AccountAdded,
    AccountRemoved,
    CredentialIssued,
    CredentialRevoked,
    Enrolled,
    Payload,
    Reinstated,
    Suspended,
    decode_payload,
)
from ledger.hashing import organisation_address
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
            raise misplaced(entry, "an organisation")
        return Organisation(
            entry.subject, payload.did, True, frozenset(), 1, entry.subject, entry.timestamp
        )
    head = head_after(organisation, entry)
    changed = _changed(organisation, entry, payload)
    return replace(organisation, count=organisation.count + 1, head=head, **changed)


def _changed(organisation: Organisation, entry: Appended, payload: Payload) -> dict[str, Any]:
    match payload:
        case CredentialIssued() | CredentialRevoked():
            return {}
        case AccountAdded(account):
            return {"accounts": organisation.accounts | {account}}
        case AccountRemoved(account):
            return {"accounts": organisation.accounts - {account}}
        case Suspended():
            return {"active": False}
        case Reinstated():
            return {"active": True}
        case _:
            raise misplaced(entry, "an organisation")
