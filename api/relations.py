"""Periods as answers: whether what expires still counts is judged by the time of a block."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final, cast

from api.answers import document_path, find_readable
from api.deps import View
from api.schemas.acts import PartyWord
from api.schemas.relations import (
    AttestationAnswer,
    ClaimState,
    ListingAnswer,
    OfferAnswer,
    PartAnswer,
    PartyAnswer,
)
from ledger.domain.relations import has_passed
from ledger.domain.telling import moment
from ledger.mirror.tables import ClaimRow, HolderRow, ListingRow, MountRow, OfferRow
from ledger.types import ZERO_HASH, Hash32, to_hex

_CALENDAR: Final = 253_402_300_800
"""The first second of the year 10000, which no date can tell."""


def tell_parties(rows: Sequence[HolderRow]) -> list[PartyAnswer]:
    """Who was which party, from when to when."""
    return [
        PartyAnswer(
            party=cast(PartyWord, row.party),
            organisation=to_hex(row.org),
            **_period(row),
        )
        for row in rows
    ]


def tell_offers(rows: Sequence[OfferRow], time: int) -> list[OfferAnswer]:
    """What is offered, as it stood at that time, in seconds since 1970."""
    return [
        OfferAnswer(
            party=cast(PartyWord, row.party),
            to=to_hex(row.to),
            expires_at=tell_expiry(row.expires),
            state="lapsed" if has_passed(row.expires, time) else "open",
            **_period(row),
        )
        for row in rows
    ]


def tell_parts(rows: Sequence[tuple[int, MountRow]]) -> list[PartAnswer]:
    """What is mounted on what, with how many levels from the asset that was asked about."""
    return [
        PartAnswer(part=to_hex(row.part), parent=to_hex(row.parent), level=level, **_period(row))
        for level, row in rows
    ]


def tell_attestations(view: View, rows: Sequence[ClaimRow], time: int) -> list[AttestationAnswer]:
    """What is stated, and whether it counted at that time; links to what the caller may read."""
    readable = find_readable(view, {row.content_hash for row in rows})
    return [
        AttestationAnswer(
            issuer=to_hex(row.issuer),
            schema_=to_hex(row.schema_),
            content_hash=to_hex(row.content_hash),
            document=document_path(row.content_hash) if row.content_hash in readable else None,
            expires_at=tell_expiry(row.expires),
            state=claim_state(row, time),
            **_period(row),
        )
        for row in rows
    ]


def claim_state(row: ClaimRow, time: int) -> ClaimState:
    """Whether an attestation or a credential counted at that time, and why not."""
    if row.to_block is not None:
        return "revoked"
    return "expired" if has_passed(row.expires, time) else "valid"


def _tell_named(named: Hash32) -> str | None:
    return None if named == ZERO_HASH else to_hex(named)


def tell_listings(
    rows: Sequence[ListingRow], shown: Collection[tuple[Hash32, int]], time: int
) -> list[ListingAnswer]:
    """What is listed; `shown` has asset and position of those that worlds showed at that time."""
    return [
        ListingAnswer(
            asset=to_hex(row.asset),
            world=to_hex(row.world),
            organisation=to_hex(row.org),
            rendition=_tell_named(row.rendition),
            licence=_tell_named(row.licence),
            issuer=_tell_named(row.issuer),
            credential=None if row.issuer == ZERO_HASH else row.credential,
            expires_at=tell_expiry(row.expires),
            state=(
                "shown"
                if (row.asset, row.position) in shown
                else "expired"
                if has_passed(row.expires, time)
                else "hidden"
            ),
            **_period(row),
        )
        for row in rows
    ]


def _period(row: Any) -> dict[str, Any]:
    return {"position": row.position, "from_block": row.from_block, "to_block": row.to_block}


def tell_expiry(expires: int) -> str | None:
    """The last second of what expires; None where it never does, or in no year of a calendar."""
    return moment(expires) if 0 < expires < _CALENDAR else None
