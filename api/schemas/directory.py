"""What can be said of an organisation: its accounts, its credentials, whether it may act."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from api.schemas.assets import Appending, Document, Position
from api.schemas.base import (
    EXAMPLE_ADDRESS,
    EXAMPLE_HASH,
    EXAMPLE_HASH_2,
    Address,
    Answer,
    AsOf,
    Expires,
    Hash,
    HashInput,
)
from api.schemas.relations import ClaimState, Expiry, Period
from api.schemas.sign_in import AddressInput

CREDENTIAL: Final = r"^0x[0-9a-fA-F]{64}-[0-9]{1,15}$"
EXAMPLE_CREDENTIAL: Final = f"{EXAMPLE_HASH}-4"


class AddAccount(Appending):
    """An account may act for your organisation from now on (a key with the role `admin`)."""

    kind: Literal["account_added"]
    account: Annotated[AddressInput, Field(json_schema_extra={"not": {"pattern": "^0x0{40}$"}})]


class RemoveAccount(Appending):
    """An account may act for your organisation no longer (a key with the role `admin`)."""

    kind: Literal["account_removed"]
    account: AddressInput


class IssueCredential(Appending):
    """Vouch for the organisation, under a schema; your document says for what."""

    kind: Literal["credential_issued"]
    schema_: Annotated[HashInput, Field(alias="schema", description="of what is stated")]
    document: Document
    expires: Expires | None = None


class RevokeCredential(Appending):
    """Take back a credential that your organisation issued."""

    kind: Literal["credential_revoked"]
    revokes: Annotated[Position, Field(description="the position at which it was issued")]


class Suspend(Appending):
    """The organisation may do nothing until it is reinstated; the document gives the reason."""

    kind: Literal["suspended"]
    document: Document


class Reinstate(Appending):
    """A suspended organisation may act again; the document gives the reason."""

    kind: Literal["reinstated"]
    document: Document


OrganisationAct = Annotated[
    AddAccount | RemoveAccount | IssueCredential | RevokeCredential | Suspend | Reinstate,
    Field(discriminator="kind"),
]
"""What can be appended to an organisation."""

EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "credential_issued": {
        "schema": EXAMPLE_HASH,
        "document": {"standard": "IATF 16949", "site": "Harbin"},
        "expires": "2030-01-01T00:00:00Z",
    },
    "credential_revoked": {"revokes": 4},
    "account_added": {"account": EXAMPLE_ADDRESS},
    "account_removed": {"account": EXAMPLE_ADDRESS},
    "suspended": {"document": {"reason": "ruling 2 HK O 117/26"}},
    "reinstated": {"document": {"reason": "ruling 2 HK O 117/26 is lifted"}},
}
"""A body for each kind, without that word."""


class AccountAnswer(Period):
    """An account may act for an organisation, or once could."""

    address: Address
    organisation: Hash
    of_service: Annotated[
        bool, Field(description="the service sends by it, on behalf of the organisation")
    ]


class Accounts(Answer):
    """A page of accounts; the header Link leads to the next one (RFC 8288)."""

    items: list[AccountAnswer]
    as_of: AsOf


class CredentialAnswer(Period):
    """What one organisation vouches for of another; `position` is the holder's."""

    id: Annotated[
        str,
        Field(
            pattern=CREDENTIAL,
            description="its holder, and the position at which it was issued",
            examples=[EXAMPLE_CREDENTIAL],
        ),
    ]
    holder: Hash
    issuer: Hash
    schema_: Annotated[Hash, Field(serialization_alias="schema")]
    content_hash: Annotated[Hash, Field(examples=[EXAMPLE_HASH_2])]
    document: Annotated[
        str | None,
        Field(
            description="where issuer and holder read it; null: you are neither",
            examples=[f"/v1/documents/{EXAMPLE_HASH_2}"],
        ),
    ]
    expires_at: Expiry
    state: ClaimState
    entry: Annotated[str, Field(examples=[f"/v1/organisations/{EXAMPLE_HASH}/entries/4"])]


class OneCredential(CredentialAnswer):
    """A credential, and the block it is seen at."""

    as_of: AsOf


class Credentials(Answer):
    """A page of credentials; the header Link leads to the next one (RFC 8288)."""

    items: list[CredentialAnswer]
    as_of: AsOf
