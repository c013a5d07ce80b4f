"""All reading of the mirror: typed, one indexed query each, pages by keyset cursors.

A cursor is the sequence of the last thing on the page before (its position, where the entries of
one subject are listed). All that is asked in one `reading`
session is as of one block, which `get_status` names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Select, func
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from ledger.domain.kinds import Kind
from ledger.errors import MirrorError
from ledger.mirror.members import find_birth, find_members
from ledger.mirror.pages import Page, page, page_of
from ledger.mirror.rows import chunks
from ledger.mirror.subject_rows import fetch_accounts
from ledger.mirror.tables import (
    AccountRow,
    AssetRow,
    EntryRow,
    HolderRow,
    MirrorRow,
    OrganisationRow,
)
from ledger.types import Address, AssetKind, Hash32

Ids: TypeAlias = Collection[Hash32] | Select[tuple[Hash32]] | SelectOfScalar[Hash32]
"""Ids at hand, or a sub-select that gives them (the outbox's of a serial, for one)."""


@dataclass(frozen=True, slots=True)
class AssetFilter:
    """Which assets to list; None filters nothing. `organisation` is the one that registered.

    `id_prefix` is the beginning of an id, in hex digits without 0x.
    """

    owner: Hash32 | None = None
    organisation: Hash32 | None = None
    asset_kind: AssetKind | None = None
    frozen: bool | None = None
    ids: Ids | None = None
    id_prefix: str | None = None


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries to list; None filters nothing. `organisation` is the one that acted."""

    subject: Hash32 | None = None
    kind: Kind | None = None
    organisation: Hash32 | None = None


@dataclass(frozen=True, slots=True)
class OrganisationSeen:
    """An organisation with the accounts that may act for it now, oldest first."""

    row: OrganisationRow
    accounts: Sequence[Address]


@dataclass(frozen=True, slots=True)
class Status:
    """Where the mirror stands and how much it holds."""

    mirror: MirrorRow
    assets: int
    organisations: int

    @property
    def entries(self) -> int:
        """How many entries there are: sequences have no gaps."""
        return self.mirror.sequence

    @property
    def lag(self) -> int:
        """How many blocks the node had more when the mirror last moved."""
        return max(0, self.mirror.node_block - self.mirror.block_number)

    def is_final(self, block: int) -> bool:
        """Whether that block will not change any more."""
        return block <= self.mirror.final_block


# -- the mirror itself -------------------------------------------------------------------------


def find_mirror(session: Session) -> MirrorRow | None:
    """Fetch the mirror's row: which ledger, and as of which block; None before it began."""
    return session.get(MirrorRow, 1)


def get_status(session: Session) -> Status:
    """Fetch the mirror's row and counts. Raises MirrorError before the mirror began."""
    mirror = find_mirror(session)
    if mirror is None:
        raise MirrorError("the mirror has not begun")
    return Status(
        mirror=mirror,
        assets=session.exec(select(func.count()).select_from(AssetRow)).one(),
        organisations=session.exec(select(func.count()).select_from(OrganisationRow)).one(),
    )


# -- assets ------------------------------------------------------------------------------------


def find_asset(session: Session, asset: Hash32) -> AssetRow | None:
    """Fetch an asset as it is now, be it of a batch and nothing written of it yet."""
    return session.get(AssetRow, asset) or find_members(session, [asset]).get(asset)


def list_assets(
    session: Session,
    wanted: AssetFilter = AssetFilter(),
    *,
    cursor: int | None = None,
    limit: int = 50,
    newest_first: bool = False,
) -> Page[AssetRow]:
    """Fetch a page of assets in the order of registration.

    Those of batches of which nothing is written yet are among them only if `ids` names them.
    """
    query = select(AssetRow).where(*_asset_conditions(wanted))
    if isinstance(wanted.ids, Collection):
        rows = [*session.exec(query), *_matching_members(session, wanted, wanted.ids)]
        return page_of(rows, attrgetter("first_sequence"), cursor, limit, newest_first)
    return page(session, query, col(AssetRow.first_sequence), cursor, limit, newest_first)


def _matching_members(
    session: Session, wanted: AssetFilter, ids: Collection[Hash32]
) -> list[AssetRow]:
    asked = {
        "owner": wanted.owner,
        "org": wanted.organisation,
        "asset_kind": None if wanted.asset_kind is None else int(wanted.asset_kind),
        "frozen": wanted.frozen,
    }
    return [
        row
        for row in find_members(session, ids).values()
        if all(value in (None, getattr(row, name)) for name, value in asked.items())
        and row.id.hex().startswith(wanted.id_prefix or "")
    ]


def count_assets(session: Session, wanted: AssetFilter = AssetFilter()) -> int:
    """How many assets a filter finds."""
    query = select(func.count()).select_from(AssetRow).where(*_asset_conditions(wanted))
    return session.exec(query).one()


def count_assets_by_owner(session: Session, owners: Collection[Hash32]) -> Mapping[Hash32, int]:
    """How many assets each of these organisations owns now."""
    counts = dict.fromkeys(owners, 0)
    for portion in chunks(owners):
        rows = session.exec(
            select(AssetRow.owner, func.count())
            .where(col(AssetRow.owner).in_(portion))
            .group_by(col(AssetRow.owner))
        )
        counts |= dict(rows.all())
    return counts


def list_holders(session: Session, asset: Hash32) -> Sequence[HolderRow]:
    """Fetch who held an asset, as periods of blocks, oldest first."""
    return session.exec(
        select(HolderRow).where(HolderRow.asset == asset).order_by(col(HolderRow.position))
    ).all()


def _asset_conditions(wanted: AssetFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.owner is not None:
        conditions.append(col(AssetRow.owner) == wanted.owner)
    if wanted.organisation is not None:
        conditions.append(col(AssetRow.org) == wanted.organisation)
    if wanted.asset_kind is not None:
        conditions.append(col(AssetRow.asset_kind) == int(wanted.asset_kind))
    if wanted.frozen is not None:
        conditions.append(col(AssetRow.frozen) == wanted.frozen)
    if wanted.ids is not None:
        conditions.append(col(AssetRow.id).in_(wanted.ids))
    if wanted.id_prefix is not None:
        conditions += _between(col(AssetRow.id), wanted.id_prefix)
    return conditions


def _between(column: Any, prefix: str) -> list[ColumnElement[bool]]:
    """The column begins with the digits, said as bounds so that its index serves."""
    least, most = (bytes.fromhex(prefix.ljust(64, digit)) for digit in "0f")
    return [column >= least, column <= most]


# -- entries -----------------------------------------------------------------------------------


def find_entry(session: Session, subject: Hash32, position: int) -> EntryRow | None:
    """Fetch the entry of that subject at that position; a batch's is the first of its assets."""
    found = session.exec(
        select(EntryRow).where(EntryRow.subject == subject, EntryRow.position == position)
    ).one_or_none()
    return find_birth(session, subject) if found is None and position == 0 else found


def find_next_position(session: Session, subject: Hash32) -> int | None:
    """The position that a subject's next entry takes, or None if it has no entry yet."""
    newest = select(func.max(EntryRow.position)).where(EntryRow.subject == subject)
    last = session.exec(newest).one()
    return None if last is None else last + 1


def list_entries(
    session: Session,
    wanted: EntryFilter = EntryFilter(),
    *,
    cursor: int | None = None,
    limit: int = 50,
    newest_first: bool = False,
) -> Page[EntryRow]:
    """Fetch a page of entries in the ledger's order, which is a subject's own order too."""
    query = select(EntryRow)
    if wanted.subject is not None:
        query = query.where(EntryRow.subject == wanted.subject)
    if wanted.kind is not None:
        query = query.where(EntryRow.kind == int(wanted.kind))
    if wanted.organisation is not None:
        query = query.where(EntryRow.org == wanted.organisation)
    # Of one subject, the positions are what the index holds in order.
    if wanted.subject is None:
        return page(session, query, col(EntryRow.sequence), cursor, limit, newest_first)
    rows = page(session, query, col(EntryRow.position), cursor, limit, newest_first)
    begins = rows.cursor is None if newest_first else cursor is None
    lacks = begins and not any(row.position == 0 for row in rows.items) and cursor != 0
    birth = find_birth(session, wanted.subject) if lacks else None
    if birth is None or not _is_wanted(birth, wanted):
        return rows
    more = rows.cursor is not None
    entries = [birth, *rows.items]
    return page_of(entries, attrgetter("position"), cursor, limit, newest_first, more)


def _is_wanted(entry: EntryRow, wanted: EntryFilter) -> bool:
    return wanted.kind in (None, entry.kind) and wanted.organisation in (None, entry.org)


# -- organisations -----------------------------------------------------------------------------


def find_organisation(
    session: Session,
    *,
    id: Hash32 | None = None,
    did: str | None = None,
    address: Address | None = None,
) -> OrganisationSeen | None:
    """Fetch an organisation by one of its id, its DID and its address."""
    query = select(OrganisationRow)
    if id is not None:
        query = query.where(OrganisationRow.id == id)
    elif did is not None:
        query = query.where(OrganisationRow.did == did)
    else:
        query = query.where(OrganisationRow.address == address)
    row = session.exec(query).one_or_none()
    return None if row is None else _with_accounts(session, [row])[0]


def find_organisations(session: Session, ids: Iterable[Hash32]) -> Mapping[Hash32, OrganisationRow]:
    """Fetch those of the organisations that exist, by id (names for a page of rows)."""
    found: dict[Hash32, OrganisationRow] = {}
    for portion in chunks(set(ids)):
        rows = session.exec(select(OrganisationRow).where(col(OrganisationRow.id).in_(portion)))
        found |= {row.id: row for row in rows}
    return found


def list_organisations(
    session: Session,
    *,
    cursor: int | None = None,
    limit: int = 50,
    newest_first: bool = False,
) -> Page[OrganisationSeen]:
    """Fetch a page of organisations in the order of enrolment, accounts included."""
    rows = page(
        session,
        select(OrganisationRow),
        col(OrganisationRow.first_sequence),
        cursor,
        limit,
        newest_first,
    )
    return Page(_with_accounts(session, rows.items), rows.cursor)


def list_organisations_of(session: Session, account: Address) -> Sequence[Hash32]:
    """Fetch the ids of the organisations that an account may act for now."""
    return session.exec(
        select(AccountRow.org)
        .where(AccountRow.account == account, col(AccountRow.to_block).is_(None))
        .order_by(col(AccountRow.from_block))
    ).all()


def _with_accounts(session: Session, rows: Sequence[OrganisationRow]) -> Sequence[OrganisationSeen]:
    accounts = fetch_accounts(session, [row.id for row in rows])
    return [OrganisationSeen(row, accounts[row.id]) for row in rows]
