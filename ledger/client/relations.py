"""The client's methods about what is between assets and others: parties, parts, claims."""

from __future__ import annotations

from dataclasses import dataclass, field

from ledger.client.answers import AsOf, Time
from ledger.client.flows import At, Flow, Listing, chosen, get, listing, method, segment


@dataclass(frozen=True, slots=True)
class PartyAnswer:
    """An organisation is, or was, a party to an asset, in blocks `[from_block, to_block)`."""

    party: str
    organisation: str
    position: int
    from_block: int
    to_block: int | None = None


@dataclass(frozen=True, slots=True)
class OfferAnswer:
    """What a party stands for is offered to an organisation."""

    party: str
    to: str
    state: str
    position: int
    from_block: int
    to_block: int | None = None
    expires_at: Time | None = None


@dataclass(frozen=True, slots=True)
class PartiesAnswer:
    """Who is what to an asset, and what is offered to whom."""

    items: list[PartyAnswer]
    offers: list[OfferAnswer]
    as_of: AsOf | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class PartAnswer:
    """An asset is mounted on another, `level` steps from the one that was asked about."""

    part: str
    parent: str
    level: int
    position: int
    from_block: int
    to_block: int | None = None


@dataclass(frozen=True, slots=True)
class WhereUsedAnswer:
    """An asset's parent, that one's, and so on up to the whole."""

    items: list[PartAnswer]
    as_of: AsOf | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class AttestationAnswer:
    """What an organisation states of an asset under a schema; `state` says whether it counts."""

    issuer: str
    schema: str
    content_hash: str
    state: str
    position: int
    from_block: int
    to_block: int | None = None
    document: str | None = None
    expires_at: Time | None = None


@dataclass(frozen=True, slots=True)
class ListingAnswer:
    """An asset stands in a world's catalogue; `state` says whether it is shown."""

    asset: str
    world: str
    organisation: str
    state: str
    position: int
    from_block: int
    rendition: str | None = None
    licence: str | None = None
    to_block: int | None = None
    issuer: str | None = None
    credential: int | None = None
    expires_at: Time | None = None


class RelationCalls:
    """All can be asked as of a block or a time (`at`)."""

    @method
    @staticmethod
    def get_parties(asset: str, *, at: At | None = None) -> Flow[PartiesAnswer]:
        """Who is what to an asset, and what is offered to whom. Raises ApiProblem."""
        return get(f"{_of(asset)}/parties", PartiesAnswer, chosen(at=at))

    @listing
    @staticmethod
    def list_parties(
        asset: str, *, past: bool | None = None, at: At | None = None, page: int | None = None
    ) -> Listing[PartyAnswer]:
        """Who is what to an asset; with `past`, also who ever was."""
        params = chosen(past=past, at=at, limit=page)
        return Listing(f"{_of(asset)}/parties", params, PartyAnswer)

    @listing
    @staticmethod
    def list_parts(
        asset: str, *, depth: int | None = None, at: At | None = None, page: int | None = None
    ) -> Listing[PartAnswer]:
        """An asset's parts, and theirs down to `depth`."""
        params = chosen(depth=depth, at=at, limit=page)
        return Listing(f"{_of(asset)}/parts", params, PartAnswer)

    @method
    @staticmethod
    def where_used(asset: str, *, at: At | None = None) -> Flow[WhereUsedAnswer]:
        """What an asset is a part of, up to the whole. Raises ApiProblem."""
        return get(f"{_of(asset)}/where-used", WhereUsedAnswer, chosen(at=at))

    @listing
    @staticmethod
    def list_attestations(
        asset: str,
        *,
        schema: str | None = None,
        issuer: str | None = None,
        valid: bool | None = None,
        at: At | None = None,
        page: int | None = None,
    ) -> Listing[AttestationAnswer]:
        """What is stated of an asset."""
        params = chosen(schema=schema, issuer=issuer, valid=valid, at=at, limit=page)
        return Listing(f"{_of(asset)}/attestations", params, AttestationAnswer)

    @listing
    @staticmethod
    def list_listings(
        asset: str, *, shown: bool | None = None, at: At | None = None, page: int | None = None
    ) -> Listing[ListingAnswer]:
        """The worlds that an asset is listed in."""
        params = chosen(shown=shown, at=at, limit=page)
        return Listing(f"{_of(asset)}/listings", params, ListingAnswer)

    @listing
    @staticmethod
    def list_world_listings(
        world: str, *, shown: bool | None = None, at: At | None = None, page: int | None = None
    ) -> Listing[ListingAnswer]:
        """What is listed in a world."""
        params = chosen(shown=shown, at=at, limit=page)
        return Listing(f"/v1/worlds/{segment(world)}/listings", params, ListingAnswer)


def _of(asset: str) -> str:
    return f"/v1/assets/{segment(asset)}"
