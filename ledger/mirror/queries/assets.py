"""Assets: one, some, or a list of those that are wanted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields
from functools import cache
from typing import Any, Final

from sqlalchemy import bindparam
from sqlmodel import Session, col

from ledger.database.plain import rows_of
from ledger.mirror.moments import Moment
from ledger.mirror.pages import Cursor, Listing, Page, Turn, page, page_of
from ledger.mirror.queries.asset_filters import AssetFilter, is_wanted, lasts, stands, within
from ledger.mirror.queries.members import find_members
from ledger.mirror.queries.narrowed import find_leads, is_narrowed
from ledger.mirror.queries.states import begun, fetch_begun, rows_at
from ledger.mirror.queries.windows import page_window
from ledger.mirror.search.asking import Search, join_found
from ledger.mirror.search.near import page_found
from ledger.mirror.tables import AssetRow
from ledger.types import Hash32

_ALL: Final = AssetFilter()
_KEYED: Final = frozenset({"owner", "custodian", "operator", "lien_holder", "organisation"})
"""Filters by a hash alone, whose list is the same whatever the hash."""


def find_asset(session: Session, asset: Hash32, *, at: Moment | None = None) -> AssetRow | None:
    """Fetch an asset, be it of a batch and nothing written of it yet."""
    return find_assets(session, [asset], at=at).get(asset)


def find_assets(
    session: Session, ids: Collection[Hash32], *, at: Moment | None = None
) -> Mapping[Hash32, AssetRow]:
    """Fetch those of the assets that exist, by id, be they of batches and nothing written yet."""
    rows = rows_at(session, fetch_begun(session, AssetRow, ids, at), at)
    found = {row.id: row for row in rows}
    missing = [one for one in ids if one not in found]
    return found | find_members(session, missing, at) if missing else found


def list_assets(
    session: Session,
    wanted: AssetFilter = _ALL,
    *,
    at: Moment | None = None,
    cursor: Cursor | None = None,
    limit: int = 50,
    newest_first: bool = False,
) -> Page[AssetRow]:
    """Fetch a page of assets.

    They come in the order of registration, but for those whose id begins so, which come in that
    of their ids, and those that are frozen, in that in which they were frozen. As of a moment,
    those of a party come in the order in which it became that party. Those that are searched for
    come in the order in which this service was first told of them. Assets of batches of which
    nothing is written yet are among them only if `ids` names them: `list_batches` tells whose
    they are, and `count_unlisted` how many.

    Where several filters are given, one of them leads and the others narrow what it finds: so many
    rows are looked at for a page, which may be short then, and be followed by others.

    Raises:
        MalformedValue: the cursor is not one of such a list, or a stage is asked for as of a
            moment, by which only `list_assets_at` finds.
    """
    turn = Turn(cursor, limit, newest_first)
    if wanted.ids is not None:
        named = find_assets(session, wanted.ids, at=at).values()
        rows = [row for row in named if is_wanted(row, wanted)]
        return page_of(rows, lambda row: (row.first_sequence, row.id), turn)
    if wanted.search is not None:
        found = _page_told(session, wanted, wanted.search, at, turn)
    elif is_narrowed(wanted):
        found = page_window(session, AssetRow, find_leads(wanted, at), turn)
    elif at is None and (given := _given(wanted)).keys() <= _KEYED:
        found = _listing(tuple(given)).page(session, turn, **given)
    else:
        query, keys = find_leads(wanted, at)[0].whole()
        found = page(session, AssetRow, query, keys, turn)
    return Page(rows_at(session, found.items, at), found.cursor)


def _given(wanted: AssetFilter) -> dict[str, Any]:
    asked = {one.name: getattr(wanted, one.name) for one in fields(wanted)}
    return {name: value for name, value in asked.items() if value is not None}


@cache
def _listing(given: Collection[str]) -> Listing[AssetRow]:
    """The list that one filter, or none, leads to; its value comes with each request."""
    places: Any = {name: bindparam(name) for name in given}
    query, keys = find_leads(AssetFilter(**places), None)[0].whole()
    return Listing(AssetRow, query, keys)


def _page_told(
    session: Session, wanted: AssetFilter, search: Search, at: Moment | None, turn: Turn
) -> Page[AssetRow]:
    """Those that texts tell of, narrowed by what else is asked."""
    query, key = join_found(session, search, rows_of(AssetRow), col(AssetRow.id))
    narrowed = [*lasts(wanted), *within(wanted), *begun(AssetRow, at), *stands(wanted, at)]
    return page_found(session, AssetRow, query.where(*narrowed), key, turn)
