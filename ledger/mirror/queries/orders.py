"""Lists of assets in orders of their own: in a world, on a parent, at a stage, by last change.

Each is found by one index, in its order, and by nothing else. Assets of batches are among them
once something is written of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import exists
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from ledger.database.plain import rows_of
from ledger.domain.kinds import Kind
from ledger.domain.payloads import Staged
from ledger.mirror.moments import Moment
from ledger.mirror.pages import Cursor, Page, Turn, page
from ledger.mirror.queries.asset_filters import AssetFilter
from ledger.mirror.queries.assets import find_assets, list_assets
from ledger.mirror.queries.listings import list_listings_in
from ledger.mirror.queries.mounts import list_parts
from ledger.mirror.queries.states import begun, rows_at
from ledger.mirror.tables import AssetRow, EntryRow
from ledger.types import Hash32, Stage


def list_assets_in(
    session: Session,
    world: Hash32,
    *,
    shown_at: int,
    at: Moment | None = None,
    cursor: Cursor | None = None,
    limit: int = 50,
    newest_first: bool = False,
) -> Page[AssetRow]:
    """Fetch a page of the assets that a world shows, in the order in which they were listed.

    `shown_at`: at that time, in seconds since 1970, as in `list_listings_in`.
    """
    found = list_listings_in(
        session,
        world,
        shown_at=shown_at,
        at=at,
        cursor=cursor,
        limit=limit,
        newest_first=newest_first,
    )
    return Page(_named(session, [row.asset for row in found.items], at), found.cursor)


def list_assets_on(
    session: Session,
    parent: Hash32,
    *,
    at: Moment | None = None,
    cursor: Cursor | None = None,
    limit: int = 50,
    newest_first: bool = False,
) -> Page[AssetRow]:
    """Fetch a page of the assets that are mounted on another, in the order of mounting."""
    found = list_parts(
        session, parent, at=at, cursor=cursor, limit=limit, newest_first=newest_first
    )
    return Page(_named(session, [row.part for row in found.items], at), found.cursor)


def list_assets_at(
    session: Session,
    stage: Stage,
    *,
    at: Moment | None = None,
    cursor: Cursor | None = None,
    limit: int = 50,
    newest_first: bool = False,
) -> Page[AssetRow]:
    """Fetch a page of the assets at a stage of their lives.

    They come in the order of registration; as of a moment, those that were past the first stage in
    the order in which they came to that one.
    """
    turn = Turn(cursor, limit, newest_first)
    query: Any = rows_of(AssetRow)
    if at is None:
        wanted = AssetFilter(stage=stage)
        return list_assets(session, wanted, cursor=cursor, limit=limit, newest_first=newest_first)
    if stage is Stage.PLANNED:
        query = query.where(~_staged_then(AssetRow.id, 0, at), *begun(AssetRow, at))
        found = page(session, AssetRow, query, [col(AssetRow.first_sequence)], turn)
    else:
        reached = col(EntryRow.payload) == Staged(stage).encode()
        query = query.join(EntryRow, col(EntryRow.subject) == col(AssetRow.id)).where(
            col(EntryRow.kind) == int(Kind.STAGED),
            col(EntryRow.sequence) <= at.sequence,
            reached,
            ~_staged_then(EntryRow.subject, EntryRow.position, at),
        )
        found = page(session, AssetRow, query, [col(EntryRow.sequence)], turn)
    return Page(rows_at(session, found.items, at), found.cursor)


def list_assets_by_change(
    session: Session,
    *,
    at: Moment | None = None,
    cursor: Cursor | None = None,
    limit: int = 50,
    newest_first: bool = False,
) -> Page[AssetRow]:
    """Fetch a page of assets in the order of their newest entries."""
    later = aliased(EntryRow)
    told = [] if at is None else [col(later.sequence) <= at.sequence]
    superseded = exists().where(
        col(later.subject) == col(EntryRow.subject),
        col(later.position) == col(EntryRow.position) + 1,
        *told,
    )
    query: Any = rows_of(AssetRow).join(EntryRow, col(EntryRow.subject) == col(AssetRow.id))
    query = query.where(~superseded)
    if at is not None:
        query = query.where(col(EntryRow.sequence) <= at.sequence)
    found = page(
        session, AssetRow, query, [col(EntryRow.sequence)], Turn(cursor, limit, newest_first)
    )
    return Page(rows_at(session, found.items, at), found.cursor)


def _staged_then(asset: Any, position: Any, at: Moment) -> Any:
    later = aliased(EntryRow)
    return exists().where(
        col(later.subject) == col(asset),
        col(later.position) > position,
        col(later.kind) == int(Kind.STAGED),
        col(later.sequence) <= at.sequence,
    )


def _named(session: Session, ids: Iterable[Hash32], at: Moment | None) -> list[AssetRow]:
    ordered = list(ids)
    rows = find_assets(session, ordered, at=at)
    return [rows[one] for one in ordered]
