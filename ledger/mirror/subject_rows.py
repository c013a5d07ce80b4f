"""Fetches subjects from the rows that hold them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import select
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from ledger.domain.asset import Asset
from ledger.domain.batch import Batch, batch_id_of
from ledger.domain.organisation import Organisation
from ledger.domain.subjects import Subject
from ledger.mirror.keeping import ASSETS, BATCHES, KEEPINGS, Born, Keeping, Known
from ledger.mirror.rows import chunks
from ledger.mirror.tables import AccountRow, BatchRow, EntryRow
from ledger.types import Address, Hash32


def fetch_known(session: Session, ids: Iterable[Hash32]) -> dict[Hash32, Known]:
    """Those of the subjects that have rows, as folding goes over them.

    Of those that have none, the batches that they may be assets of: an asset of a batch has a row
    from its own first entry on, and most that are asked for have one.
    """
    known: dict[Hash32, Known] = {}
    for portion in chunks(ids):
        assets = select(ASSETS.table).where(ASSETS.table.c.id.in_(portion))
        found = session.connection().execute(assets).all()
        known |= {row[ASSETS.id]: list(row) for row in found}
        if missing := [one for one in portion if one not in known]:
            wanted = dict.fromkeys([*missing, *map(batch_id_of, missing)])
            others = _fetch_portion(session, list(wanted), KEEPINGS[1:])
            known |= {id: one for id, one in others.items() if not isinstance(one, Asset | Batch)}
            if batches := [one for one in others.values() if isinstance(one, Batch)]:
                known |= _born(session, batches)
    return known


def _born(session: Session, batches: Sequence[Batch]) -> dict[Hash32, Born]:
    rows = session.exec(
        select_rows(BatchRow.id, EntryRow.block_number)
        .join(EntryRow, col(EntryRow.sequence) == col(BatchRow.first_sequence))
        .where(col(BatchRow.id).in_([batch.id for batch in batches]))
    )
    blocks = dict(rows.all())
    return {batch.id: Born(batch, blocks[batch.id]) for batch in batches}


def fetch_subjects(session: Session, ids: Iterable[Hash32]) -> dict[Hash32, Subject]:
    """Those of the subjects that have rows, as the rows say."""
    subjects: dict[Hash32, Subject] = {}
    for portion in chunks(ids):
        subjects |= _fetch_portion(session, portion, KEEPINGS)
    return subjects


def _fetch_portion(
    session: Session, ids: Sequence[Hash32], keepings: Iterable[Keeping]
) -> dict[Hash32, Subject]:
    subjects: dict[Hash32, Subject] = {}
    missing = ids
    for keeping in keepings:
        subjects |= _fetch(session, keeping, missing)
        missing = [one for one in missing if one not in subjects]
        if not missing:
            break
    return subjects


def _fetch(session: Session, keeping: Keeping, ids: Sequence[Hash32]) -> dict[Hash32, Subject]:
    wanted = select(keeping.table).where(keeping.table.c.id.in_(ids))
    rows = session.connection().execute(wanted).mappings().all()
    if keeping.subject is not Organisation:
        return {row["id"]: keeping.read(row) for row in rows}
    accounts = fetch_accounts(session, [row["id"] for row in rows])
    return {row["id"]: keeping.read(row, accounts=frozenset(accounts[row["id"]])) for row in rows}


def fetch_accounts(session: Session, orgs: Sequence[Hash32]) -> Mapping[Hash32, list[Address]]:
    """The accounts that may act for each of these organisations now, oldest first."""
    accounts: dict[Hash32, list[Address]] = {org: [] for org in orgs}
    for portion in chunks(orgs):
        rows = session.exec(
            select_rows(AccountRow.org, AccountRow.account)
            .where(col(AccountRow.org).in_(portion), col(AccountRow.to_block).is_(None))
            .order_by(col(AccountRow.org), col(AccountRow.position))
        )
        for org, account in rows:
            accounts[org].append(account)
    return accounts


def fetch_batches(session: Session, ids: Iterable[Hash32]) -> dict[Hash32, Batch]:
    """Those of the batches that exist."""
    batches: dict[Hash32, Batch] = {}
    for portion in chunks(ids):
        found = _fetch(session, BATCHES, portion)
        batches |= {one.id: one for one in found.values() if isinstance(one, Batch)}
    return batches
