"""The fold of an asset: what its entries, in order, make of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ledger.domain.entries import Appended
from ledger.domain.heads import head_after, misplaced
from ledger.domain.payloads import (
    Accepted,
    AttestationRevoked,
    Attested,
    Corrected,
    Delisted,
    Dismounted,
    Erased,
    Frozen,
    Listed,
    Mounted,
    Observed,
    Offered,
    PartAdded,
    PartRemoved,
    Payload,
    Registered,
    Released,
    Revised,
    Staged,
    TitleForced,
    Transferred,
    Unfrozen,
    Withdrawn,
    decode_payload,
)
from ledger.types import AssetKind, Hash32, Party, Stage


@dataclass(frozen=True, slots=True)
class Asset:
    """An asset after `count` entries.

    `org` registered it; `owner` holds title now, and the other parties are what they are called,
    if anybody is. `birth_content_hash` is the registered document's, `content_hash` the newest
    revision's; the asset of a batch has none until it is revised. `offered` are the parties of
    which an offer is open, be it lapsed or not. Times are seconds since 1970.
    """

    id: Hash32
    org: Hash32
    owner: Hash32
    schema: Hash32
    asset_kind: AssetKind
    birth_content_hash: Hash32 | None
    content_hash: Hash32 | None
    stage: Stage
    frozen: bool
    custodian: Hash32 | None
    operator: Hash32 | None
    lien_holder: Hash32 | None
    offered: frozenset[Party]
    parent: Hash32 | None
    count: int
    head: Hash32
    opened_at: int
    updated_at: int


def open_asset(
    asset: Hash32,
    org: Hash32,
    *,
    owner: Hash32,
    schema: Hash32,
    asset_kind: AssetKind,
    content_hash: Hash32 | None,
    opened_at: int,
) -> Asset:
    """The asset as it is born: planned, in its owner's hands alone, and a part of nothing."""
    return Asset(
        id=asset,
        org=org,
        owner=owner,
        schema=schema,
        asset_kind=asset_kind,
        birth_content_hash=content_hash,
        content_hash=content_hash,
        stage=Stage.PLANNED,
        frozen=False,
        custodian=None,
        operator=None,
        lien_holder=None,
        offered=frozenset(),
        parent=None,
        count=1,
        head=asset,
        opened_at=opened_at,
        updated_at=opened_at,
    )


def fold_asset(asset: Asset | None, entry: Appended) -> Asset:
    """The asset after one more entry (None before the first).

    Raises:
        VerificationError: the entry is not the asset's next, or no entry of an asset.
        BadPayload: its payload is not that of its kind.
    """
    payload = decode_payload(entry.kind, entry.payload)
    if asset is None:
        if not isinstance(payload, Registered) or entry.position != 0:
            raise misplaced(entry, "an asset")
        return open_asset(
            entry.subject,
            entry.org,
            owner=payload.owner,
            schema=payload.schema,
            asset_kind=payload.asset_kind,
            content_hash=payload.content_hash,
            opened_at=entry.timestamp,
        )
    head = head_after(asset, entry)
    changed = _changed(asset, entry, payload)
    return replace(asset, count=asset.count + 1, head=head, updated_at=entry.timestamp, **changed)


def _changed(asset: Asset, entry: Appended, payload: Payload) -> dict[str, Any]:
    """What an entry makes other than it was, by the asset's fields."""
    match payload:
        case (
            Observed()
            | Corrected()
            | PartAdded()
            | PartRemoved()
            | Attested()
            | AttestationRevoked()
            | Listed()
            | Delisted()
            | Erased()
        ):
            return {}
        case Revised(content_hash):
            return {"content_hash": content_hash}
        case Staged(stage):
            return {"stage": stage}
        case Transferred(to) | TitleForced(to):
            return {"owner": to, "offered": frozenset()}
        case Accepted(Party.OWNER):
            return {"owner": entry.org, "offered": frozenset()}
        case Accepted(party):
            return {party.label: entry.org, "offered": asset.offered - {party}}
        case Offered(party):
            return {"offered": asset.offered | {party}}
        case Withdrawn(party):
            return {"offered": asset.offered - {party}}
        case Released(party) if party is not Party.OWNER:
            return {party.label: None, "offered": asset.offered - {party}}
        case Mounted(parent):
            return {"parent": parent}
        case Dismounted():
            return {"parent": None}
        case Frozen():
            return {"frozen": True}
        case Unfrozen():
            return {"frozen": False}
        case _:
            raise misplaced(entry, "an asset")
