"""Whatever an entry says, it is an EPCIS event; and where the CBV has a word, it has that word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.kinds import Kind
from ledger.domain.payloads import (
    Accepted,
    BatchRegistered,
    Corrected,
    Dismounted,
    Mounted,
    Observed,
    Offered,
    PartAdded,
    Payload,
    Registered,
    SchemaPublished,
    Staged,
    TitleForced,
    Transferred,
)
from ledger.standards.epcis import Names, tell_document, tell_error, tell_event
from ledger.types import AssetKind, Party, Stage, to_hex
from tests.domain.examples import addresses, hashes, payloads_of
from tests.epcis import validator

ASSET, ORG, OTHER, ZERO = b"\xa5" * 32, b"\x0a" * 32, b"\x0b" * 32, bytes(32)
NAMES = Names(31337, b"\xcc" * 20)


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry as a mirror keeps it."""

    payload: bytes
    kind: int
    subject: bytes = ASSET
    org: bytes = ORG
    position: int = 3
    actor: bytes = b"\xaa" * 20
    timestamp: int = 1_800_000_000
    sequence: int = 7
    block_number: int = 5
    transaction_hash: bytes = b"\x77" * 32
    head: bytes = b"\x4d" * 32


def told(payload: Payload) -> dict[str, Any]:
    """The event of an entry of ORG about ASSET, without what all events have, and without ours."""
    event = tell_event(Kept(payload.encode(), payload.KIND), NAMES)
    common = {"eventID", "eventTime", "eventTimeZoneOffset", "recordTime", "bizTransactionList"}
    return {
        name: value
        for name, value in event.items()
        if name not in common and not name.startswith("ledger:")
    }


def about_asset(**more: Any) -> dict[str, Any]:
    return {"type": "ObjectEvent", "epcList": [NAMES.subject(ASSET)], **more}


def passing(**more: Any) -> dict[str, Any]:
    return {"type": "TransactionEvent", "epcList": [NAMES.subject(ASSET)], "action": "ADD", **more}


def to(type_: str, org: bytes) -> list[dict[str, str]]:
    return [{"type": type_, "destination": NAMES.subject(org)}]


@given(
    entries=st.lists(
        st.builds(
            lambda payload, **others: Kept(payload.encode(), payload.KIND, **others),
            payloads_of(),
            subject=hashes,
            org=hashes,
            actor=addresses,
            position=st.integers(0, 2**63 - 1),
            timestamp=st.integers(0, 2**33),
        ),
        max_size=5,
    ),
    chain=st.integers(0, 2**63 - 1),
)
def test_whatever_entries_say_the_document_is_valid(entries: list[Kept], chain: int) -> None:
    names = Names(chain, b"\x01" * 20)
    document = tell_document(names, 0, domain=to_hex(ZERO), to_block=4)
    events = [tell_event(entry, names) for entry in entries]
    events += [tell_error(entry, entries[0], names) for entry in entries]
    document |= {"@context": list(document["@context"]), "epcisBody": {"eventList": events}}
    validator()(document)


@given(payload=payloads_of())
def test_an_event_names_its_entry_and_says_when(payload: Payload) -> None:
    event = tell_event(Kept(payload.encode(), payload.KIND), NAMES)
    assert event["eventID"] == f"{NAMES.subject(ASSET)}:3"
    assert event["eventTime"] == event["recordTime"] == "2027-01-15T08:00:00Z"
    assert event["eventTimeZoneOffset"] == "+00:00"
    assert event["ledger:kind"] == payload.KIND.label


@pytest.mark.parametrize(
    ("payload", "event"),
    [
        (
            Registered(ORG, ZERO, ZERO, AssetKind.INSTANCE),
            about_asset(action="ADD", bizStep="commissioning", disposition="active"),
        ),
        # A type is no object that an identifier is put on.
        (Registered(ORG, ZERO, ZERO, AssetKind.TYPE), about_asset(action="ADD")),
        (
            BatchRegistered(ORG, ZERO, ZERO, 12, ZERO),
            {
                "type": "ObjectEvent",
                "quantityList": [{"epcClass": NAMES.subject(ASSET), "quantity": 12}],
                "action": "ADD",
                "bizStep": "commissioning",
                "disposition": "active",
            },
        ),
        (Observed(ZERO), about_asset(action="OBSERVE")),
        (Offered(Party.OWNER, OTHER, 0), about_asset(action="OBSERVE")),
        (Staged(Stage.IN_SERVICE), about_asset(action="OBSERVE", disposition="available")),
        (
            Staged(Stage.RETIRED),
            about_asset(action="DELETE", bizStep="decommissioning", disposition="inactive"),
        ),
        (
            Mounted(OTHER),
            {
                "type": "AssociationEvent",
                "parentID": NAMES.subject(OTHER),
                "childEPCs": [NAMES.subject(ASSET)],
                "action": "ADD",
                "bizStep": "installing",
            },
        ),
        (
            Dismounted(OTHER),
            {
                "type": "AssociationEvent",
                "parentID": NAMES.subject(OTHER),
                "childEPCs": [NAMES.subject(ASSET)],
                "action": "DELETE",
                "bizStep": "removing",
            },
        ),
        # The part's own event says that it was installed; twice would be two.
        (PartAdded(OTHER), about_asset(action="OBSERVE")),
        (
            Transferred(OTHER),
            passing(
                sourceList=[{"type": "owning_party", "source": NAMES.subject(ORG)}],
                destinationList=to("owning_party", OTHER),
            ),
        ),
        (TitleForced(OTHER, ZERO), passing(destinationList=to("owning_party", OTHER))),
        (
            Accepted(Party.CUSTODIAN),
            passing(destinationList=to("possessing_party", ORG), bizStep="accepting"),
        ),
        (
            Accepted(Party.LIEN_HOLDER),
            passing(destinationList=to("ledger:lien_holder", ORG)),
        ),
        (SchemaPublished(ZERO, ZERO), {"type": "ledger:Entry"}),
    ],
    ids=str,
)
def test_an_entry_is_the_event_that_means_the_same(payload: Payload, event: dict[str, Any]) -> None:
    assert told(payload) == event


def test_a_correction_names_the_event_that_it_corrects() -> None:
    event = tell_event(Kept(Corrected(1, ZERO).encode(), Kind.CORRECTED), NAMES)
    assert event["ledger:corrected_event"] == f"{NAMES.subject(ASSET)}:1"


def test_the_transaction_of_the_chain_is_the_business_transaction() -> None:
    event = tell_event(Kept(Transferred(OTHER).encode(), Kind.TRANSFERRED), NAMES)
    assert event["bizTransactionList"] == [
        {"type": "ledger:transaction", "bizTransaction": NAMES.transaction(b"\x77" * 32)}
    ]
