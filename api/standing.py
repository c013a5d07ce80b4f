"""An asset as it stands, and as it will stand once what is on its way to it has come."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlmodel import Session

from ledger.domain.asset import Asset, fold_asset
from ledger.domain.entries import Appended
from ledger.domain.kinds import Kind
from ledger.domain.open_relations import OpenRelations
from ledger.domain.relations import Offer, Opened, changes
from ledger.errors import MalformedValue, VerificationError
from ledger.mirror.queries.offers import find_open_offers
from ledger.outbox.under_way import Coming, find_all_under_way
from ledger.types import ZERO_ADDRESS, Hash32, Party

MOST: Final = 100
"""Entries on their way to one asset that are looked at; beyond, the ledger alone decides."""

_TELLING: Final = frozenset(
    {Kind.STAGED, Kind.TRANSFERRED, Kind.OFFERED, Kind.WITHDRAWN, Kind.ACCEPTED, Kind.RELEASED}
    | {Kind.MOUNTED, Kind.DISMOUNTED, Kind.FROZEN, Kind.UNFROZEN, Kind.TITLE_FORCED}
)
"""Kinds that make another entry allowed or forbidden."""


@dataclass(frozen=True, slots=True)
class Standing:
    """An asset with the offers that are open, lapsed ones included."""

    asset: Asset
    offers: tuple[Offer, ...] = ()

    def holder(self, party: Party) -> Hash32:
        """Who may offer what a party stands for: who is it, or the owner where nobody is."""
        return getattr(self.asset, party.label) or self.asset.owner

    def parties(self) -> set[Hash32]:
        """Whoever is a party to the asset, or is offered to be."""
        held = {getattr(self.asset, party.label) for party in Party}
        return {org for org in held if org} | {offer.to for offer in self.offers}

    def offer(self, party: Party) -> Offer | None:
        """The open offer of a party, be it lapsed or not."""
        return next((one for one in self.offers if one.party is party), None)

    def after(self, coming: Coming) -> Standing:
        """As it is once an entry has come; as before where it cannot."""
        entry = Appended(
            subject=self.asset.id,
            org=coming.org,
            kind=Kind(coming.kind),
            position=self.asset.count,
            payload=coming.payload,
            actor=ZERO_ADDRESS,
            timestamp=self.asset.updated_at,
        )
        relations = OpenRelations()
        relations.apply([Opened(one) for one in self.offers])
        try:
            asset = fold_asset(self.asset, entry)
            relations.apply(changes(entry))
        except (MalformedValue, VerificationError):
            return self  # what a wallet signed need not make sense
        return Standing(asset, tuple([one for one in relations if isinstance(one, Offer)]))


def standings_of(
    asset: Asset, offers: tuple[Offer, ...], coming: Sequence[Coming]
) -> Sequence[Standing] | None:
    """The asset as it stands, and after each entry that is on its way; None: there are too many.

    If it is not mirrored yet, `asset` is as it is to be born.
    """
    if len(coming) > MOST:
        return None
    found = [Standing(asset, offers)]
    for one in coming:
        found.append(found[-1].after(one))
    return found


def find_coming(session: Session, assets: Iterable[Asset]) -> dict[Hash32, list[Coming]]:
    """What is on its way to each of these assets that makes another entry allowed or forbidden."""
    counts = {asset.id: asset.count for asset in assets}
    return find_all_under_way(session, counts, _TELLING, limit=MOST + 1)


def find_offers(session: Session, assets: Iterable[Asset]) -> dict[Hash32, tuple[Offer, ...]]:
    """The open offers of each of these assets that has any."""
    offered = [asset.id for asset in assets if asset.offered]
    return {
        asset: tuple([Offer(asset, Party[row.party.upper()], row.to, row.expires) for row in rows])
        for asset, rows in find_open_offers(session, offered).items()
    }
