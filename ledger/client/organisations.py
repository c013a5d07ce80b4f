"""The client's methods about organisations: enrol, read, quotas, and who read what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from ledger.client.answers import Accepted, Enrolment, EntryAnswer, OrganisationAnswer, Time
from ledger.client.bodies import JsonDocument, body_of
from ledger.client.flows import (
    At,
    Flow,
    Listing,
    append,
    chosen,
    decode,
    find,
    get,
    listing,
    method,
    put_forward,
    segment,
    told,
    write,
)

_ORGANISATIONS: Final = "/v1/organisations"


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much may be asked for; 0: as much as anybody likes."""

    requests_per_minute: int
    bytes_per_day: int
    in_flight: int


@dataclass(frozen=True, slots=True)
class QuotaAnswer:
    """What all keys of an organisation may have together, and each of them."""

    requests_per_minute: int
    bytes_per_day: int
    in_flight: int
    each_key: Allowance


@dataclass(frozen=True, slots=True)
class JurisdictionAnswer:
    """Which jurisdiction an organisation is of (ISO 3166-1, alpha-2), if anybody has said."""

    jurisdiction: str | None


@dataclass(frozen=True, slots=True)
class AccessAnswer:
    """A document that was handed out; `organisation` is None for the operator."""

    at: Time
    key: str
    organisation: str | None
    content_hash: str
    subject: str | None
    route: str


@dataclass(frozen=True, slots=True)
class AccountAnswer:
    """An account acts for an organisation; `of_service`: it is this service's own."""

    address: str
    organisation: str
    of_service: bool
    position: int
    from_block: int
    to_block: int | None = None


class OrganisationCalls:
    """Organisations are named by id or DID."""

    @method
    @staticmethod
    def enrol_organisation(
        did: str, name: str, *, wait: float = 0, idempotency_key: str | None = None
    ) -> Flow[Enrolment]:
        """Let an organisation join; needs the operator's key."""
        body = msgspec.json.encode({"did": did, "name": name})
        return decode((yield from write(_ORGANISATIONS, body, wait, idempotency_key)), Enrolment)

    @method
    @staticmethod
    def append_to_organisation(
        organisation: str,
        kind: str,
        *,
        document: JsonDocument | None = None,
        account: str | None = None,
        schema: str | None = None,
        expires: str | None = None,
        revokes: int | None = None,
        position: int | None = None,
        wait: float = 0,
        idempotency_key: str | None = None,
    ) -> Flow[Accepted]:
        """Append an entry to an organisation: accounts, credentials, suspension. Raises ApiProblem.

        Which of the others a kind needs, the service's description says (`/openapi.json`).
        """
        body = body_of(
            document,
            kind=kind,
            account=account,
            schema=schema,
            expires=expires,
            revokes=revokes,
            position=position,
        )
        return append(f"{_of(organisation)}/entries", body, wait, idempotency_key)

    @method
    @staticmethod
    def get_organisation(organisation: str, *, at: At | None = None) -> Flow[OrganisationAnswer]:
        """An organisation by id or DID. Raises ApiProblem if there is none."""
        return get(_of(organisation), OrganisationAnswer, chosen(at=at))

    @method
    @staticmethod
    def find_organisation(
        organisation: str, *, at: At | None = None
    ) -> Flow[OrganisationAnswer | None]:
        """An organisation by id or DID, or None."""
        return find(_of(organisation), OrganisationAnswer, chosen(at=at))

    @listing
    @staticmethod
    def list_organisations(
        *, sort: str | None = None, at: At | None = None, page: int | None = None
    ) -> Listing[OrganisationAnswer]:
        """All organisations."""
        return Listing(_ORGANISATIONS, chosen(sort=sort, at=at, limit=page), OrganisationAnswer)

    @listing
    @staticmethod
    def list_organisation_entries(
        organisation: str, *, at: At | None = None, page: int | None = None
    ) -> Listing[EntryAnswer]:
        """An organisation's entries, oldest first."""
        return Listing(f"{_of(organisation)}/entries", chosen(at=at, limit=page), EntryAnswer)

    @method
    @staticmethod
    def get_organisation_entry(
        organisation: str, position: int, *, at: At | None = None
    ) -> Flow[EntryAnswer]:
        """An organisation's entry at a position. Raises ApiProblem."""
        return get(f"{_of(organisation)}/entries/{position}", EntryAnswer, chosen(at=at))

    @listing
    @staticmethod
    def list_accounts(
        organisation: str, *, at: At | None = None, page: int | None = None
    ) -> Listing[AccountAnswer]:
        """The accounts that act for an organisation."""
        return Listing(f"{_of(organisation)}/accounts", chosen(at=at, limit=page), AccountAnswer)

    @listing
    @staticmethod
    def list_organisations_of(
        account: str, *, at: At | None = None, page: int | None = None
    ) -> Listing[AccountAnswer]:
        """The organisations that an account acts for."""
        path = f"/v1/accounts/{segment(account)}"
        return Listing(path, chosen(at=at, limit=page), AccountAnswer)

    @listing
    @staticmethod
    def list_accesses(organisation: str, *, page: int | None = None) -> Listing[AccessAnswer]:
        """Who was handed your organisation's documents, the latest first (`admin`, `auditor`)."""
        return Listing(f"{_of(organisation)}/access", chosen(limit=page), AccessAnswer)

    @method
    @staticmethod
    def get_quota(organisation: str) -> Flow[QuotaAnswer]:
        """What an organisation may have. Raises ApiProblem."""
        return get(f"{_of(organisation)}/quota", QuotaAnswer)

    @method
    @staticmethod
    def set_quota(
        organisation: str,
        *,
        requests_per_minute: int | None = None,
        bytes_per_day: int | None = None,
        in_flight: int | None = None,
    ) -> Flow[QuotaAnswer]:
        """Let an organisation have that (None: what is usual, 0: any); needs the operator's key."""
        quota = told(
            requests_per_minute=requests_per_minute,
            bytes_per_day=bytes_per_day,
            in_flight=in_flight,
        )
        return put_forward(f"{_of(organisation)}/quota", quota, QuotaAnswer, "PUT")

    @method
    @staticmethod
    def get_jurisdiction(organisation: str) -> Flow[JurisdictionAnswer]:
        """Which jurisdiction an organisation is of. Raises ApiProblem."""
        return get(f"{_of(organisation)}/jurisdiction", JurisdictionAnswer)

    @method
    @staticmethod
    def set_jurisdiction(organisation: str, jurisdiction: str) -> Flow[JurisdictionAnswer]:
        """Say which jurisdiction an organisation is of; needs the operator's key."""
        body = told(jurisdiction=jurisdiction)
        return put_forward(f"{_of(organisation)}/jurisdiction", body, JurisdictionAnswer, "PUT")


def _of(organisation: str) -> str:
    return f"{_ORGANISATIONS}/{segment(organisation)}"
