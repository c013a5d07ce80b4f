"""Assets of batches of which nothing is written yet: rows that no table holds."""

from __future__ import annotations

from collections.abc import Collection

from sqlmodel import Session, col, select

from ledger.database.plain import plain
from ledger.domain.batch import batch_id_of, index_of, member
from ledger.mirror.moments import Moment
from ledger.mirror.queries.states import begun, find_batches, read_batch, row_of
from ledger.mirror.tables import AssetRow, BatchRow, EntryRow
from ledger.types import Hash32


def find_members(
    session: Session, unwritten: Collection[Hash32], at: Moment | None = None
) -> dict[Hash32, AssetRow]:
    """Those that are of a batch, as the batch's entry leaves them; they have no rows of their own.

    The rows belong to no session. `first_sequence` is that of the batch's entry.
    """
    of = {asset: batch_id_of(asset) for asset in unwritten if batch_id_of(asset) != asset}
    batches = find_batches(session, set(of.values()), at)
    found: dict[Hash32, AssetRow] = {}
    for asset, batch_id in of.items():
        row = batches.get(batch_id)
        if row is not None and read_batch(row).has(asset):
            first = row.first_sequence
            found[asset] = row_of(plain(AssetRow), member(read_batch(row), asset), first, first)
    return found


def find_birth(session: Session, asset: Hash32, at: Moment | None = None) -> EntryRow | None:
    """Fetch the first entry of a batch's asset, which is the batch's."""
    batch = batch_id_of(asset)
    if batch == asset:
        return None
    born = select(EntryRow).join(BatchRow, col(BatchRow.id) == col(EntryRow.subject))
    size = col(BatchRow.size) >= index_of(asset)
    query = born.where(EntryRow.subject == batch, EntryRow.position == 0, size)
    return session.exec(query.where(*begun(BatchRow, at))).one_or_none()
