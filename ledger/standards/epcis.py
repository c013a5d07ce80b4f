"""EPCIS 2.0 (GS1; ISO/IEC 19987:2024): entries as events, one each, in the words of its CBV 2.0.

What the standard has no word for stands under the prefix `ledger`, so that an event says all that
its entry says. Entries about other things than assets (organisations, schemas, worlds, the ledger)
become events of a type of our own, as the standard lets one define.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from ledger.domain.kinds import Kind
from ledger.domain.payloads import (
    Accepted,
    BatchRegistered,
    Corrected,
    Dismounted,
    Mounted,
    Payload,
    Registered,
    Staged,
    TitleForced,
    Transferred,
    decode_payload,
)
from ledger.domain.telling import KeptEntry, moment, tell_entry
from ledger.types import Address, AssetKind, Hash32, Party, Stage, to_hex

Event: TypeAlias = dict[str, Any]
"""An event in the JSON binding."""

CONTEXT: Final = (
    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    {"ledger": "urn:asset-ledger:terms:"},
)
"""What the names in a document stand for (JSON-LD 1.1, 3.1)."""

_NOT_ASSETS: Final = frozenset(
    {
        Kind.ENROLLED,
        Kind.SUSPENDED,
        Kind.REINSTATED,
        Kind.ACCOUNT_ADDED,
        Kind.ACCOUNT_REMOVED,
        Kind.CREDENTIAL_ISSUED,
        Kind.CREDENTIAL_REVOKED,
        Kind.SCHEMA_PUBLISHED,
        Kind.WORLD_OPENED,
        Kind.WORLD_CLOSED,
        Kind.FOUNDED,
        Kind.PAUSED,
        Kind.RESUMED,
        Kind.SUCCESSOR_NAMED,
    }
)
"""Kinds of entries that are about no asset."""

# CBV 2.0, 7.1 and 7.2: a business step or disposition only where it means the same. What the CBV
# calls decommissioning takes the identifier off the object for good: that is retiring.
_STAGES: Final[Mapping[Stage, Event]] = {
    Stage.PLANNED: {"action": "OBSERVE"},
    Stage.COMMISSIONED: {"action": "OBSERVE", "disposition": "active"},
    Stage.IN_SERVICE: {"action": "OBSERVE", "disposition": "available"},
    Stage.MAINTENANCE: {"action": "OBSERVE", "disposition": "unavailable"},
    Stage.DECOMMISSIONED: {"action": "OBSERVE", "disposition": "inactive"},
    Stage.RETIRED: {
        "action": "DELETE",
        "bizStep": "decommissioning",
        "disposition": "inactive",
    },
}
_PARTIES: Final[Mapping[Party, str]] = {
    Party.OWNER: "owning_party",
    Party.CUSTODIAN: "possessing_party",
    Party.OPERATOR: "ledger:operator",
    Party.LIEN_HOLDER: "ledger:lien_holder",
}
"""CBV 2.0, 7.4.2: types of sources and destinations."""

_COMMISSIONED: Final = {"action": "ADD", "bizStep": "commissioning", "disposition": "active"}


@dataclass(frozen=True, slots=True)
class Names:
    """URIs for what a ledger speaks of: they name chain and contract, and stay for ever."""

    chain_id: int
    contract: Address

    def ledger(self) -> str:
        """The ledger itself."""
        return f"urn:asset-ledger:{self.chain_id}:{to_hex(self.contract)}"

    def subject(self, subject: Hash32) -> str:
        """An asset, an organisation, or what else entries are about."""
        return f"{self.ledger()}:{to_hex(subject)}"

    def event(self, subject: Hash32, position: int) -> str:
        """An entry."""
        return f"{self.subject(subject)}:{position}"

    def transaction(self, transaction: Hash32) -> str:
        """A transaction of the chain."""
        return f"{self.ledger()}:transaction:{to_hex(transaction)}"


def tell_document(names: Names, created: int, **told: Any) -> dict[str, Any]:
    """A document without events yet; `epcisBody` comes last. `created`: seconds since 1970.

    What is `told` besides is said under our prefix.
    """
    return {
        "@context": CONTEXT,
        "id": names.ledger(),
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": moment(created),
        **_prefixed(told),
        "epcisBody": {"eventList": []},
    }


def tell_event(entry: KeptEntry, names: Names) -> Event:
    """An entry as an event.

    Time of event and of recording are both the block's: what happened when, the document tells
    that the entry points at.

    Raises:
        MalformedValue: the payload is not its kind's.
    """
    payload = decode_payload(entry.kind, entry.payload)
    at = moment(entry.timestamp)
    event = {
        "eventID": names.event(entry.subject, entry.position),
        **_what(entry, payload, names),
        "eventTime": at,
        "eventTimeZoneOffset": "+00:00",
        "recordTime": at,
    }
    if entry.kind not in _NOT_ASSETS:
        event["bizTransactionList"] = [
            {
                "type": "ledger:transaction",
                "bizTransaction": names.transaction(entry.transaction_hash),
            }
        ]
    if isinstance(payload, Corrected):
        event["ledger:corrected_event"] = names.event(entry.subject, payload.corrects)
    told = tell_entry(entry)
    del told["at"]
    return event | _prefixed(told)


def tell_error(mistaken: KeptEntry, correction: KeptEntry, names: Names) -> Event:
    """The event of an entry that was mistaken, declared so because another one corrects it."""
    declared = {
        "declarationTime": moment(correction.timestamp),
        "reason": "incorrect_data",
        "correctiveEventIDs": [names.event(correction.subject, correction.position)],
    }
    return tell_event(mistaken, names) | {"errorDeclaration": declared}


def _what(entry: KeptEntry, payload: Payload, names: Names) -> Event:
    """Which type of event it is, of which things, and why."""
    asset = names.subject(entry.subject)
    match payload:
        case Registered(asset_kind=AssetKind.INSTANCE | AssetKind.BATCH):
            return {"type": "ObjectEvent", "epcList": [asset], **_COMMISSIONED}
        case Registered():
            return {"type": "ObjectEvent", "epcList": [asset], "action": "ADD"}
        case BatchRegistered(size=size):
            assets = [{"epcClass": asset, "quantity": size}]
            return {"type": "ObjectEvent", "quantityList": assets, **_COMMISSIONED}
        case Staged(stage):
            return {"type": "ObjectEvent", "epcList": [asset], **_STAGES[stage]}
        case Mounted(parent):
            return _association("ADD", names.subject(parent), asset, "installing")
        case Dismounted(parent):
            return _association("DELETE", names.subject(parent), asset, "removing")
        case Transferred(to):
            owner = _source(Party.OWNER, names.subject(entry.org))
            return _passing(asset) | owner | _destination(Party.OWNER, names.subject(to))
        case TitleForced(to):
            return _passing(asset) | _destination(Party.OWNER, names.subject(to))
        case Accepted(party):
            taken = _passing(asset) | _destination(party, names.subject(entry.org))
            held = party in (Party.OWNER, Party.CUSTODIAN)
            return taken | ({"bizStep": "accepting"} if held else {})
        case _ if entry.kind in _NOT_ASSETS:
            return {"type": "ledger:Entry"}
        case _:
            return {"type": "ObjectEvent", "epcList": [asset], "action": "OBSERVE"}


def _association(action: str, parent: str, part: str, step: str) -> Event:
    """A part of another thing (section 7.4.6); an aggregation would say that it is packed in it."""
    return {
        "type": "AssociationEvent",
        "parentID": parent,
        "childEPCs": [part],
        "action": action,
        "bizStep": step,
    }


def _passing(asset: str) -> Event:
    """Something passes by the transaction that `bizTransactionList` names (section 7.4.4)."""
    return {"type": "TransactionEvent", "epcList": [asset], "action": "ADD"}


def _source(party: Party, org: str) -> Event:
    return {"sourceList": [{"type": _PARTIES[party], "source": org}]}


def _destination(party: Party, org: str) -> Event:
    return {"destinationList": [{"type": _PARTIES[party], "destination": org}]}


def _prefixed(told: Mapping[str, Any]) -> dict[str, Any]:
    """Names under our prefix, in what is nested too; null is left out, as JSON-LD would."""
    return {
        f"ledger:{name}": _prefixed(value) if isinstance(value, dict) else value
        for name, value in told.items()
        if value is not None
    }
