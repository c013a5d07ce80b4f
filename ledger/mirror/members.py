"""Batches, and their assets of which nothing is written yet: rows that no table holds."""

from __future__ import annotations

from collections.abc import Collection

from sqlmodel import Session, col, select

from ledger.domain.asset import Asset
from ledger.domain.batch import batch_id_of, index_of, member
from ledger.mirror.pages import Page, page
from ledger.mirror.rows import chunks
from ledger.mirror.subject_rows import KEEPINGS, fetch_batches
from ledger.mirror.tables import AssetRow, BatchRow, EntryRow
from ledger.types import Hash32


def find_batch(session: Session, batch: Hash32) -> BatchRow | None:
    """Fetch a batch."""
    return session.get(BatchRow, batch)


def list_batches(
    session: Session,
    *,
    organisation: Hash32 | None = None,
    cursor: int | None = None,
    limit: int = 50,
) -> Page[BatchRow]:
    """Fetch a page of batches (of the one who registered them), in the order of registration."""
    query = select(BatchRow)
    if organisation is not None:
        query = query.where(BatchRow.org == organisation)
    return page(session, query, col(BatchRow.first_sequence), cursor, limit, newest_first=False)


def list_batch_assets(
    session: Session, batch: BatchRow, *, cursor: int | None = None, limit: int = 50
) -> Page[AssetRow]:
    """Fetch a page of a batch's assets as they are now, in the order of its lines."""
    first = (cursor or 0) + 1
    last = min(first + limit - 1, batch.size)
    number = int.from_bytes(batch.id)
    ids = [(number + index).to_bytes(32) for index in range(first, last + 1)]
    rows: dict[Hash32, AssetRow] = {}
    for portion in chunks(ids):
        written = session.exec(select(AssetRow).where(col(AssetRow.id).in_(portion)))
        rows |= {row.id: row for row in written}
    rows |= find_members(session, [one for one in ids if one not in rows])
    return Page([rows[one] for one in ids], last if last < batch.size else None)


def find_members(session: Session, assets: Collection[Hash32]) -> dict[Hash32, AssetRow]:
    """Those that are of a batch and have no row, each as the batch's entry leaves it.

    The rows belong to no session. `first_sequence` is that of the batch's entry.
    """
    of = {asset: batch_id_of(asset) for asset in assets if batch_id_of(asset) != asset}
    batches = fetch_batches(session, set(of.values())) if of else {}
    asked = [asset for asset in of if of[asset] in batches and batches[of[asset]].has(asset)]
    if not asked:
        return {}
    unwritten = set(asked)
    for portion in chunks(asked):
        written = select(AssetRow.id).where(col(AssetRow.id).in_(portion))
        unwritten -= set(session.exec(written).all())
    sequences = _first_sequences(session, {of[asset] for asset in unwritten})
    return {
        asset: _row(member(batches[of[asset]], asset), sequences[of[asset]])
        for asset in asked
        if asset in unwritten
    }


def find_birth(session: Session, asset: Hash32) -> EntryRow | None:
    """Fetch the first entry of a batch's asset, which is the batch's."""
    batch = batch_id_of(asset)
    if batch == asset:
        return None
    row = find_batch(session, batch)
    if row is None or not 0 < index_of(asset) <= row.size:
        return None
    return session.exec(select(EntryRow).where(EntryRow.subject == batch)).one_or_none()


def _first_sequences(session: Session, batches: Collection[Hash32]) -> dict[Hash32, int]:
    wanted = select(BatchRow.id, BatchRow.first_sequence).where(col(BatchRow.id).in_(batches))
    return dict(session.exec(wanted).all())


def _row(asset: Asset, sequence: int) -> AssetRow:
    keeping = next(one for one in KEEPINGS if one.subject is Asset)
    values = keeping.values(asset)
    schema = values.pop("schema")
    return AssetRow(**values, schema_=schema, first_sequence=sequence, last_sequence=sequence)
