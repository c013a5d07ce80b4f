"""Which other subjects entries name: who acts and owns, and by which schemas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ledger.domain.payloads import (
    Attested,
    BatchRegistered,
    CredentialIssued,
    Listed,
    Offered,
    Registered,
    TitleForced,
    Transferred,
    WorldOpened,
    decode_payload,
)
from ledger.proofs.bundle import BundleEntry
from ledger.types import ZERO_HASH, Hash32


def organisations_of(entries: Sequence[BundleEntry]) -> list[Hash32]:
    """The organisations that act in entries, or that these name."""
    return _named(_organisations(entries))


def schemas_of(entries: Sequence[BundleEntry]) -> list[Hash32]:
    """The schemas that entries name."""
    return _named(_schemas(entries))


def _named(found: Iterable[Hash32]) -> list[Hash32]:
    return [one for one in dict.fromkeys(found) if one != ZERO_HASH]


def _organisations(entries: Sequence[BundleEntry]) -> Iterator[Hash32]:
    for entry in entries:
        yield entry.org
        match decode_payload(entry.kind, entry.payload):
            case Registered(owner=org) | BatchRegistered(owner=org):
                yield org
            case Transferred(to=org) | TitleForced(to=org) | Offered(to=org):
                yield org
            case Listed(issuer=org) | WorldOpened(issuer=org):
                yield org


def _schemas(entries: Sequence[BundleEntry]) -> Iterator[Hash32]:
    for entry in entries:
        match decode_payload(entry.kind, entry.payload):
            case Registered(schema=schema) | BatchRegistered(schema=schema):
                yield schema
            case Attested(schema=schema) | CredentialIssued(schema=schema):
                yield schema
            case WorldOpened(schema=schema):
                yield schema
