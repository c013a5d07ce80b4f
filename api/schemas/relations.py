"""What is between assets and others: parties, offers, parts, attestations, listings, as periods."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.acts import PartyWord
from api.schemas.base import Answer, AsOf, Hash, Moment

ClaimState = Literal["valid", "expired", "revoked"]
"""Whether an attestation counts: as the contract's `isInForce` says, and why not."""

ListingState = Literal["shown", "expired", "hidden"]
"""Whether a world shows a listing, as the contract's `isListed` says, and why not."""

Expiry = Annotated[
    Moment | None, Field(description="the last second of it; null: none that a calendar has")
]


class Period(Answer):
    """What began with an entry, and lasts from block to block: `[from_block, to_block)`."""

    position: Annotated[
        int, Field(ge=0, description="of the entry that began it, among its subject's")
    ]
    from_block: Annotated[int, Field(ge=0, examples=[4711])]
    to_block: Annotated[int | None, Field(description="the first block without it; null: open")]


class PartyAnswer(Period):
    """An organisation is, or was, a party to the asset."""

    party: PartyWord
    organisation: Hash


class OfferAnswer(Period):
    """What a party stands for is offered to an organisation, which may accept it."""

    party: PartyWord
    to: Annotated[Hash, Field(description="the organisation that it is offered to")]
    expires_at: Expiry
    state: Annotated[
        Literal["open", "lapsed"], Field(description="`lapsed`: its time is over, nobody took it")
    ]


class Parties(Answer):
    """Who is what to an asset, and what is offered to whom.

    With `past`, parties are a page of all there were; the header Link leads to the next one.
    """

    items: list[PartyAnswer]
    offers: Annotated[
        list[OfferAnswer], Field(description="that neither were accepted nor withdrawn")
    ]
    as_of: AsOf


class PartAnswer(Period):
    """An asset is mounted on another; `position` is the part's."""

    part: Hash
    parent: Hash
    level: Annotated[
        int, Field(ge=1, le=32, description="how far from the asset asked about; 1: its own")
    ]


class Parts(Answer):
    """A page of parts; the header Link leads to the next one (RFC 8288)."""

    items: list[PartAnswer]
    as_of: AsOf


class WhereUsed(Answer):
    """The chain of assets that one is a part of: its parent, that one's, up to the whole."""

    items: list[PartAnswer]
    as_of: AsOf


class AttestationAnswer(Period):
    """What an organisation states of the asset, under a schema."""

    issuer: Hash
    schema_: Annotated[Hash, Field(serialization_alias="schema")]
    content_hash: Annotated[Hash, Field(description="of what is stated")]
    document: Annotated[str | None, Field(description="where you may read it; null: you may not")]
    expires_at: Expiry
    state: ClaimState


class Attestations(Answer):
    """A page of attestations; the header Link leads to the next one (RFC 8288)."""

    items: list[AttestationAnswer]
    as_of: AsOf


class ListingAnswer(Period):
    """An asset stands in a world's catalogue."""

    asset: Hash
    world: Hash
    organisation: Annotated[Hash, Field(description="who listed it, being its owner")]
    rendition: Annotated[
        Hash | None, Field(description="content hash of how it is shown; null: nothing is")
    ]
    licence: Annotated[
        Hash | None,
        Field(description="content hash of what may be done with it, where that is said"),
    ]
    issuer: Annotated[Hash | None, Field(description="of the credential that admitted the lister")]
    credential: Annotated[
        int | None, Field(description="that credential's position among the lister's entries")
    ]
    expires_at: Expiry
    state: Annotated[
        ListingState,
        Field(
            description="`hidden`: who listed it does not own it now, or is not admitted any more"
        ),
    ]


class Listings(Answer):
    """A page of listings; the header Link leads to the next one (RFC 8288)."""

    items: list[ListingAnswer]
    as_of: AsOf
