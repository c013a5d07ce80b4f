"""What an entry did, in a few words: text, and the organisations and assets that it speaks of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from ledger.domain.payloads import (
    Accepted,
    AccountAdded,
    AccountRemoved,
    AttestationRevoked,
    BatchRegistered,
    Corrected,
    CredentialIssued,
    CredentialRevoked,
    Delisted,
    Dismounted,
    Erased,
    Founded,
    Listed,
    Mounted,
    Offered,
    PartAdded,
    PartRemoved,
    Paused,
    Payload,
    Registered,
    Released,
    Resumed,
    SchemaPublished,
    Staged,
    SuccessorNamed,
    TitleForced,
    Transferred,
    Withdrawn,
    WorldClosed,
    WorldOpened,
)
from ledger.types import ZERO_HASH, Hash32, Party, Stage


@dataclass(frozen=True, slots=True)
class Org:
    """An organisation that a sentence speaks of."""

    id: Hash32


@dataclass(frozen=True, slots=True)
class Thing:
    """An asset that a sentence speaks of."""

    id: Hash32


@dataclass(frozen=True, slots=True)
class World:
    """A world that a sentence speaks of."""

    id: Hash32


Words: TypeAlias = tuple["str | Org | Thing | World", ...]

_STANDS_FOR: Final = {
    Party.OWNER: "title",
    Party.CUSTODIAN: "custody",
    Party.OPERATOR: "use",
    Party.LIEN_HOLDER: "lien",
}
"""What each party has of an asset."""

_STAGES: Final = {
    Stage.PLANNED: "Planned",
    Stage.COMMISSIONED: "Commissioned",
    Stage.IN_SERVICE: "Put into service",
    Stage.MAINTENANCE: "Taken into maintenance",
    Stage.DECOMMISSIONED: "Decommissioned",
    Stage.RETIRED: "Retired",
}


def tell(payload: Payload, org: Hash32) -> Words:
    """Say what an entry of organisation `org` did; the subject is said beside it."""
    match payload:
        case Registered(owner):
            return ("Registered", *_for(owner, org))
        case BatchRegistered(owner, size=size):
            assets = "1 asset" if size == 1 else f"{size:,} assets"
            return (f"{assets} registered at once", *_for(owner, org))
        case Corrected(corrects):
            return (f"Corrected entry {corrects}",)
        case Staged(stage):
            return (_STAGES[stage],)
        case Erased(documents):
            count = len(documents)
            keys = "Key of 1 document" if count == 1 else f"Keys of {count:,} documents"
            return (f"{keys} destroyed",)
        case Transferred(to):
            return ("Title passed to ", Org(to))
        case TitleForced(to):
            return ("Title forced to pass to ", Org(to))
        case Offered() | Withdrawn() | Accepted() | Released():
            return _tell_party(payload)
        case Mounted() | Dismounted() | PartAdded() | PartRemoved():
            return _tell_part(payload)
        case CredentialIssued():
            return ("Credential issued",)
        case CredentialRevoked(revokes):
            return (f"Credential of entry {revokes} revoked",)
        case AttestationRevoked(revokes):
            return (f"Attestation of entry {revokes} revoked",)
        case SchemaPublished(_, replaces):
            return ("Schema published" if replaces == ZERO_HASH else "New version of a schema",)
        case WorldOpened():
            return ("World opened",)
        case WorldClosed():
            return ("World closed",)
        case Listed(world):
            return ("Listed in world ", World(world))
        case Delisted(world):
            return ("Delisted from world ", World(world))
        case AccountAdded():
            return ("Account added",)
        case AccountRemoved():
            return ("Account removed",)
        case Founded():
            return ("Ledger founded",)
        case Paused():
            return ("Ledger paused",)
        case Resumed():
            return ("Ledger resumed",)
        case SuccessorNamed(successor):
            return ("Successor named" if any(successor) else "Successor taken back",)
        case _:
            return (payload.KIND.label.capitalize(),)


def _for(owner: Hash32, org: Hash32) -> Words:
    return () if owner == org else (" for ", Org(owner))


def _tell_party(payload: Offered | Withdrawn | Accepted | Released) -> Words:
    what = _STANDS_FOR[payload.party]
    match payload:
        case Offered(_, to):
            return (f"{what.capitalize()} offered to ", Org(to))
        case Withdrawn():
            return (f"Offer of {what} withdrawn",)
        case Accepted():
            return (f"{what.capitalize()} accepted",)
        case Released():
            return (f"{what.capitalize()} released",)


def _tell_part(payload: Mounted | Dismounted | PartAdded | PartRemoved) -> Words:
    match payload:
        case Mounted(parent):
            return ("Mounted on ", Thing(parent))
        case Dismounted(parent):
            return ("Dismounted from ", Thing(parent))
        case PartAdded(part):
            return ("Part added: ", Thing(part))
        case PartRemoved(part):
            return ("Part removed: ", Thing(part))
