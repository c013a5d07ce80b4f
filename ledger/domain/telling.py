"""Entries as JSON tells them: the same words in the API and in all that is exported."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, Protocol

from ledger.domain.kinds import Kind
from ledger.domain.payloads import PAYLOADS, Listed, Payload, decode_payload
from ledger.types import ZERO_HASH, Address, Hash32, Labelled, to_hex

_NAMES: Final = {each: tuple([one.name for one in fields(each)]) for each in PAYLOADS.values()}
"""The names of a payload's fields, by its class."""


class KeptEntry(Protocol):
    """An entry with its place in ledger and chain, as a mirror keeps it.

    `head` is its subject's head after it; `timestamp` in seconds since 1970.
    """

    @property
    def sequence(self) -> int: ...
    @property
    def block_number(self) -> int: ...
    @property
    def transaction_hash(self) -> Hash32: ...
    @property
    def subject(self) -> Hash32: ...
    @property
    def org(self) -> Hash32: ...
    @property
    def kind(self) -> int: ...
    @property
    def position(self) -> int: ...
    @property
    def actor(self) -> Address: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def payload(self) -> bytes: ...
    @property
    def head(self) -> Hash32: ...


def tell_entry(entry: KeptEntry) -> dict[str, Any]:
    """All that an entry says; who acted is null where governance did.

    Raises:
        MalformedValue: the payload is not its kind's.
    """
    payload = decode_payload(entry.kind, entry.payload)
    return {
        "sequence": entry.sequence,
        "subject": to_hex(entry.subject),
        "organisation": None if entry.org == ZERO_HASH else to_hex(entry.org),
        "kind": Kind(entry.kind).label,
        "position": entry.position,
        "actor": to_hex(entry.actor),
        "at": moment(entry.timestamp),
        "block": entry.block_number,
        "transaction": to_hex(entry.transaction_hash),
        "payload": tell_payload(payload),
        "content_hash": tell(pointed_at(payload)),
        "head": to_hex(entry.head),
    }


def tell_payload(payload: Payload) -> dict[str, Any]:
    """The payload's own fields; bytes as hex."""
    return {name: tell(getattr(payload, name)) for name in _NAMES[type(payload)]}


def tell(value: object) -> Any:
    """A value as JSON has it: bytes as hex, numbers that have words as those."""
    match value:
        case bytes():
            return to_hex(value)
        case Labelled():
            return value.label
        case tuple():
            return [tell(one) for one in value]
    return value


def pointed_at(payload: Payload) -> Hash32 | None:
    """The content hash that an entry carries: of its document, its reason, or what it shows."""
    if isinstance(payload, Listed):
        return None if payload.rendition == ZERO_HASH else payload.rendition
    found = getattr(payload, "content_hash", None) or getattr(payload, "reason", None)
    return found if isinstance(found, bytes) and found != ZERO_HASH else None


def documents_of(payload: Payload) -> set[Hash32]:
    """The documents that an entry names: its own, its reason, what it shows, under which terms."""
    found = {getattr(payload, name) for name in _NAMING if hasattr(payload, name)}
    return found - {ZERO_HASH}


_NAMING: Final = ("content_hash", "reason", "rendition", "licence")


@lru_cache(maxsize=4096)  # whatever a block brought has its time
def moment(seconds: float) -> str:
    """Seconds since 1970 as a date and time (RFC 3339, 5.6), UTC."""
    when = datetime.fromtimestamp(seconds, UTC)
    return when.isoformat(timespec="milliseconds" if when.microsecond else "seconds")[:-6] + "Z"
