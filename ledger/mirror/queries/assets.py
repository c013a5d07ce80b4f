"""Assets: one, some, or a list of those that are wanted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlmodel import Session, col, select

from ledger.mirror.moments import Moment
from ledger.mirror.pages import Cursor, Page, Turn, page, page_of
from ledger.mirror.queries.asset_filters import AssetFilter, is_wanted, lasts, stands, within
from ledger.mirror.queries.members import find_members
from ledger.mirror.queries.narrowed import find_leads, is_narrowed
from ledger.mirror.queries.states import begun, rows_at
from ledger.mirror.queries.windows import page_window
from ledger.mirror.rows import chunks
from ledger.mirror.search.asking import Search, join_found
from ledger.mirror.search.near import page_found
from ledger.mirror.tables import AssetRow
from ledger.types import Hash32

_ALL: Final = AssetFilter()


def find_asset(session: Session, asset: Hash32, *, at: Moment | None = None) -> AssetRow | None:
    """Fetch an asset, be it of a batch and nothing written of it yet."""
    return find_assets(session, [asset], at=at).get(asset)


def find_assets(
    session: Session, ids: Collection[Hash32], *, at: Moment | None = None
) -> Mapping[Hash32, AssetRow]:
    """Fetch those of the assets that exist, by id, be they of batches and nothing written yet."""
    found: dict[Hash32, AssetRow] = {}
    for portion in chunks(ids):
        rows = select(AssetRow).where(col(AssetRow.id).in_(portion), *begun(AssetRow, at))
        found |= {row.id: row for row in rows_at(session, session.exec(rows).all(), at)}
    return found | find_members(session, [one for one in ids if one not in found], at)


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
        found = page_window(session, find_leads(wanted, at), turn)
    else:
        query, keys = find_leads(wanted, at)[0].whole()
        found = page(session, query, keys, turn)
    return Page(rows_at(session, found.items, at), found.cursor)


def _page_told(
    session: Session, wanted: AssetFilter, search: Search, at: Moment | None, turn: Turn
) -> Page[AssetRow]:
    """Those that texts tell of, narrowed by what else is asked."""
    rows: Any = select(AssetRow)
    query, key = join_found(session, search, rows, col(AssetRow.id))
    narrowed = [*lasts(wanted), *within(wanted), *begun(AssetRow, at), *stands(wanted, at)]
    return page_found(session, query.where(*narrowed), key, turn)
