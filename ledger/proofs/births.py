"""Birth records of assets of batches, from the lines that are kept of those."""

from __future__ import annotations

from ledger.documents.batch_store import BatchStore
from ledger.domain.batch import batch_id_of, index_of
from ledger.proofs.bundle import Birth
from ledger.types import Hash32


class KeptBirths:
    """What the batches in a store tell of their assets."""

    def __init__(self, batches: BatchStore) -> None:
        self._batches = batches

    def find(self, asset: Hash32) -> Birth | None:
        """The birth record of an asset, if its batch's lines are kept."""
        batch, index = self._batches.find(batch_id_of(asset)), index_of(asset)
        if batch is None or not 0 < index <= batch.about.size:
            return None
        return Birth(batch.content_hash(index), tuple(batch.path(index)))
