"""Between what entries mean and the rows that hold it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

from sqlmodel import Session, col, select

from ledger.domain.asset import Asset
from ledger.domain.entries import Appended
from ledger.domain.kinds import Kind
from ledger.domain.organisation import Organisation
from ledger.mirror.steps import PassedBlock, PlacedEntry, Subject
from ledger.mirror.tables import AccountRow, AssetRow, BlockRow, EntryRow, OrganisationRow
from ledger.types import Address, AssetKind, Hash32

T = TypeVar("T")

# SQLite takes 32,766 parameters in a statement at most, and plans short lists fastest.
_CHUNK: Final = 500


def chunks(things: Iterable[T]) -> Iterator[list[T]]:
    """Portions small enough for the parameters of one statement."""
    remaining = iter(things)
    while portion := list(islice(remaining, _CHUNK)):
        yield portion


def entry_values(placed: PlacedEntry) -> dict[str, Any]:
    """The columns of an entry."""
    entry = placed.entry
    return {
        "sequence": placed.sequence,
        "block_number": placed.block_number,
        "log_index": placed.log_index,
        "transaction_hash": placed.transaction_hash,
        "subject": entry.subject,
        "org": entry.org,
        "kind": int(entry.kind),
        "position": entry.position,
        "actor": entry.actor,
        "timestamp": entry.timestamp,
        "payload": entry.payload,
        "head": placed.head,
    }


def read_entry(row: EntryRow) -> Appended:
    """The entry that a row holds."""
    return Appended(
        subject=row.subject,
        org=row.org,
        kind=Kind(row.kind),
        position=row.position,
        payload=row.payload,
        actor=row.actor,
        timestamp=row.timestamp,
    )


def asset_values(asset: Asset) -> dict[str, Any]:
    """The columns of an asset, save for its sequences."""
    return {
        "id": asset.id,
        "org": asset.org,
        "owner": asset.owner,
        "schema": asset.schema,
        "content_hash": asset.content_hash,
        "birth_content_hash": asset.birth_content_hash,
        "asset_kind": int(asset.asset_kind),
        "count": asset.count,
        "head": asset.head,
        "frozen": asset.frozen,
        "opened_at": asset.opened_at,
        "updated_at": asset.updated_at,
    }


def read_asset(row: AssetRow) -> Asset:
    """The asset that a row holds."""
    return Asset(
        id=row.id,
        org=row.org,
        owner=row.owner,
        schema=row.schema_,
        asset_kind=AssetKind(row.asset_kind),
        birth_content_hash=row.birth_content_hash,
        content_hash=row.content_hash,
        frozen=row.frozen,
        count=row.count,
        head=row.head,
        opened_at=row.opened_at,
        updated_at=row.updated_at,
    )


def organisation_values(organisation: Organisation) -> dict[str, Any]:
    """The columns of an organisation, save for its sequences; accounts are rows of their own."""
    return {
        "id": organisation.id,
        "did": organisation.did,
        "address": organisation.address,
        "active": organisation.active,
        "count": organisation.count,
        "head": organisation.head,
        "opened_at": organisation.opened_at,
    }


def read_organisation(row: OrganisationRow, accounts: Iterable[Address]) -> Organisation:
    """The organisation that a row and its accounts' rows hold."""
    return Organisation(
        id=row.id,
        did=row.did,
        active=row.active,
        accounts=frozenset(accounts),
        count=row.count,
        head=row.head,
        opened_at=row.opened_at,
    )


def block_values(block: PassedBlock) -> dict[str, Any]:
    """The columns of a block."""
    return {
        "number": block.number,
        "hash": block.hash,
        "parent_hash": block.parent_hash,
        "timestamp": block.timestamp,
        "ledger_head": block.ledger_head,
        "last_sequence": block.last_sequence,
    }


def read_block(row: BlockRow) -> PassedBlock:
    """The block that a row holds."""
    return PassedBlock(
        number=row.number,
        hash=row.hash,
        parent_hash=row.parent_hash,
        timestamp=row.timestamp,
        ledger_head=row.ledger_head,
        last_sequence=row.last_sequence,
    )


def fetch_accounts(session: Session, orgs: Sequence[Hash32]) -> Mapping[Hash32, list[Address]]:
    """The accounts that may act for each of these organisations now, oldest first."""
    accounts: dict[Hash32, list[Address]] = {org: [] for org in orgs}
    for portion in chunks(orgs):
        rows = session.exec(
            select(AccountRow.org, AccountRow.account)
            .where(col(AccountRow.org).in_(portion), col(AccountRow.to_block).is_(None))
            .order_by(col(AccountRow.org), col(AccountRow.position))
        )
        for org, account in rows:
            accounts[org].append(account)
    return accounts


def fetch_subjects(session: Session, ids: Sequence[Hash32]) -> dict[Hash32, Subject]:
    """Those of the subjects that exist, as their rows say."""
    subjects: dict[Hash32, Subject] = {}
    for portion in chunks(ids):
        assets = session.exec(select(AssetRow).where(col(AssetRow.id).in_(portion)))
        subjects |= {row.id: read_asset(row) for row in assets}
        missing = [one for one in portion if one not in subjects]
        rows = session.exec(
            select(OrganisationRow).where(col(OrganisationRow.id).in_(missing))
        ).all()
        accounts = fetch_accounts(session, [row.id for row in rows])
        subjects |= {row.id: read_organisation(row, accounts[row.id]) for row in rows}
    return subjects
