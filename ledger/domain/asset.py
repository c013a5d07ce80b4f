"""The fold of an asset: what its entries, in order, make of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ledger.domain.entries import Appended
from ledger.domain.payloads import (
    Corrected,
    Frozen,
    Observed,
    Registered,
    Revised,
    Transferred,
    Unfrozen,
    decode_payload,
)
from ledger.errors import VerificationError
from ledger.hashing import next_head
from ledger.types import AssetKind, Hash32


@dataclass(frozen=True, slots=True)
class Asset:
    """An asset after `count` entries.

    `org` registered it; `owner` holds title now. `birth_content_hash` is the registered
    document's, `content_hash` the newest revision's. Times are seconds since 1970.
    """

    id: Hash32
    org: Hash32
    owner: Hash32
    schema: Hash32
    asset_kind: AssetKind
    birth_content_hash: Hash32
    content_hash: Hash32
    frozen: bool
    count: int
    head: Hash32
    opened_at: int
    updated_at: int


def fold_asset(asset: Asset | None, entry: Appended) -> Asset:
    """The asset after one more entry (None before the first).

    Raises:
        VerificationError: the entry is not the asset's next, or no entry of an asset.
        BadPayload: its payload is not that of its kind.
    """
    payload = decode_payload(entry.kind, entry.payload)
    if asset is None:
        return _born(entry, payload)
    if entry.position != asset.count or entry.subject != asset.id:
        raise VerificationError(
            f"entry {entry.position} of 0x{entry.subject.hex()} is not the next, {asset.count}",
            expected=asset.count,
            found=entry.position,
        )
    head = next_head(
        asset.head,
        entry.position,
        entry.kind,
        entry.org,
        entry.actor,
        entry.timestamp,
        entry.payload,
    )
    moved = replace(asset, count=asset.count + 1, head=head, updated_at=entry.timestamp)
    match payload:
        case Revised(content_hash):
            return replace(moved, content_hash=content_hash)
        case Transferred(to):
            return replace(moved, owner=to)
        case Frozen():
            return replace(moved, frozen=True)
        case Unfrozen():
            return replace(moved, frozen=False)
        case Observed() | Corrected():
            return moved
        case _:
            raise _misplaced(entry)


def _born(entry: Appended, payload: object) -> Asset:
    if not isinstance(payload, Registered) or entry.position != 0:
        raise _misplaced(entry)
    return Asset(
        id=entry.subject,
        org=entry.org,
        owner=payload.owner,
        schema=payload.schema,
        asset_kind=payload.asset_kind,
        birth_content_hash=payload.content_hash,
        content_hash=payload.content_hash,
        frozen=False,
        count=1,
        head=entry.subject,
        opened_at=entry.timestamp,
        updated_at=entry.timestamp,
    )


def _misplaced(entry: Appended) -> VerificationError:
    return VerificationError(
        f"an entry {entry.kind.label} cannot stand at position {entry.position} of an asset",
        kind=entry.kind.label,
        position=entry.position,
    )
