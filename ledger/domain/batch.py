"""The fold of a batch, and the assets that it brings into being without an entry of their own.

A batch's id has its low 24 bits cleared, and its assets have the ids that follow. The batch's entry
is the first of each: until another is written to it, an asset's head is its id and its count is 1.
"""

from __future__ import annotations

from dataclasses import dataclass

from ledger.domain.asset import Asset, open_asset
from ledger.domain.entries import Appended
from ledger.domain.heads import misplaced
from ledger.domain.payloads import BatchRegistered, decode_payload
from ledger.errors import VerificationError
from ledger.types import AssetKind, Hash32, to_hex


@dataclass(frozen=True, slots=True)
class Batch:
    """`size` assets that `org` registered at once, all `owner`'s at first.

    `root` is the Merkle tree hash over their birth records, `content_hash` the manifest's.
    """

    id: Hash32
    org: Hash32
    owner: Hash32
    schema: Hash32
    root: Hash32
    size: int
    content_hash: Hash32
    count: int
    head: Hash32
    opened_at: int

    def has(self, asset: Hash32) -> bool:
        """Whether an id is that of one of the batch's assets."""
        return batch_id_of(asset) == self.id and 0 < index_of(asset) <= self.size


def batch_id_of(asset: Hash32) -> Hash32:
    """The id of the batch that the asset is of, if it is of any."""
    return asset[:29] + bytes(3)


def index_of(asset: Hash32) -> int:
    """Which of its batch's assets it is, from 1, if it is of any."""
    return int.from_bytes(asset[29:])


def member_id(batch: Hash32, index: int) -> Hash32:
    """The id of a batch's asset `index`, from 1."""
    return (int.from_bytes(batch) + index).to_bytes(32)


def fold_batch(batch: Batch | None, entry: Appended) -> Batch:
    """The batch after its first entry, and only: what follows is written to its assets.

    Raises:
        VerificationError: the entry does not begin a batch.
        BadPayload: its payload is not that of its kind.
    """
    payload = decode_payload(entry.kind, entry.payload)
    if batch is not None or not isinstance(payload, BatchRegistered) or entry.position != 0:
        raise misplaced(entry, "a batch")
    return Batch(
        id=entry.subject,
        org=entry.org,
        owner=payload.owner,
        schema=payload.schema,
        root=payload.root,
        size=payload.size,
        content_hash=payload.content_hash,
        count=1,
        head=entry.subject,
        opened_at=entry.timestamp,
    )


def member(batch: Batch, asset: Hash32) -> Asset:
    """An asset of a batch as the batch's entry leaves it.

    Raises:
        VerificationError: the batch has no such asset.
    """
    if not batch.has(asset):
        raise VerificationError(
            f"{to_hex(asset)} is no asset of the batch {to_hex(batch.id)}",
            expected=f"1 to {batch.size} behind {to_hex(batch.id)}",
            found=to_hex(asset),
        )
    return open_asset(
        asset,
        batch.org,
        owner=batch.owner,
        schema=batch.schema,
        asset_kind=AssetKind.INSTANCE,
        content_hash=None,
        opened_at=batch.opened_at,
    )
