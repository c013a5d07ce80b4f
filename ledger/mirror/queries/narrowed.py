"""What leads to assets that several filters want: one finds them by its index, the others narrow.

They come in the order of registration, and there any filter may lead; see `page_window`. Frozen
ones come as they were frozen, those whose ids begin so by id, those of a party as of a moment as
they became that: there is one lead only.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from sqlalchemy import ColumnElement, select, text
from sqlmodel import col

from ledger.database.plain import columns, rows_of
from ledger.domain.kinds import Kind
from ledger.errors import MalformedValue
from ledger.mirror.moments import Moment
from ledger.mirror.queries.asset_filters import (
    AssetFilter,
    lasts,
    stands,
    unindexed,
    up_to,
    was_kept_frozen,
    within,
)
from ledger.mirror.queries.periods import order_of, standing
from ledger.mirror.queries.windows import Along, Lead
from ledger.mirror.tables import AssetRow, EntryRow, HolderRow
from ledger.types import Hash32, Party, Stage

_SELECTIVE: Final = {
    "lien_holder": "lien_holder",
    "custodian": "custodian",
    "operator": "operator",
    "owner": "owner",
    "organisation": "org",
    "schema": "schema_",
    "stage": "stage",
    "asset_kind": "asset_kind",
}
"""What may lead in the order of registration, the most telling first, and the columns."""


def is_narrowed(wanted: AssetFilter) -> bool:
    """Whether more than one filter is asked for; bounds are none, but go with any."""
    asked = wanted.lasting() | wanted.changing()
    return len(asked) + (wanted.id_prefix is not None) > 1


def find_leads(wanted: AssetFilter, at: Moment | None) -> list[Lead]:
    """What may lead to all assets that are wanted: one, or several of the same order.

    Raises:
        MalformedValue: a stage as of a moment, by which only `list_assets_at` finds.
    """
    if at is not None:
        if wanted.stage is not None:
            stage = wanted.stage.label
            raise MalformedValue(field="stage", value=stage, wanted="alone, as of a moment")
        until = at.sequence if wanted.until is None else min(wanted.until, at.sequence)
        wanted = replace(wanted, until=until)
    parties = wanted.parties()
    if parties and at is not None:
        return [_held(wanted, *parties[0], at)]
    if wanted.frozen and not parties:
        return [_froze(wanted, at)]
    if (ids := wanted.id_bounds()) is not None and not parties:
        found = [col(AssetRow.id) >= ids[0], col(AssetRow.id) <= ids[1]]
        return [_of_assets("id", found, replace(wanted, id_prefix=None), at)]
    return _registered(wanted, at)


def _registered(wanted: AssetFilter, at: Moment | None) -> list[Lead]:
    bounds, rest = within(wanted), replace(wanted, after=None, until=None)
    asked = wanted.lasting() | wanted.changing()
    leads = []
    for name, column in _SELECTIVE.items():
        value = asked.get(column)
        if value is None or (column == "stage" and value == Stage.PLANNED):
            continue
        lead = _of_assets("first_sequence", [], replace(rest, **{name: None}), at)
        by, own = col(getattr(AssetRow, column)), _own_words(column)
        first = col(AssetRow.first_sequence)
        along = Along(by, value, first, wanted.after, wanted.until, own)
        leads.append(replace(lead, found=[by == value, *own, *bounds], along=along))
    return leads or [_of_assets("first_sequence", bounds, rest, at)]


def _own_words(column: str) -> list[Any]:
    """What the column's index says of its rows."""
    if column == "stage":
        return [text("asset.stage > 0")]
    partial = column in ("custodian", "operator", "lien_holder")
    return [text(f"asset.{column} IS NOT NULL")] if partial else []


def _of_assets(
    key: str, found: list[ColumnElement[bool]], rest: AssetFilter, at: Moment | None
) -> Lead:
    def those(row: Any) -> Any:
        narrowed = [*lasts(rest, row), *within(rest, row), *stands(rest, at, row)]
        rows = rows_of(row) if row is AssetRow else select(*columns(row))
        return rows.where(*narrowed)

    return Lead(AssetRow, found, lambda row: [col(getattr(row, key))], those)


def _held(wanted: AssetFilter, party: Party, org: Hash32, at: Moment) -> Lead:
    """What became a party's until a moment; whether it lasted, only its rows tell."""
    rest = replace(wanted, **{party.label: None})
    found = [
        col(HolderRow.org) == org,
        col(HolderRow.party) == party.label,
        col(HolderRow.from_block) <= at.block,
    ]

    def those(held: Any) -> Any:
        return _joined(held, held.asset, rest, at).where(*standing(held, at))

    return Lead(HolderRow, found, order_of, those)


def _froze(wanted: AssetFilter, at: Moment | None) -> Lead:
    rest = replace(wanted, frozen=None)
    kind = col(EntryRow.kind)
    found = [kind == int(Kind.FROZEN), *up_to(EntryRow, at)]
    until = None if at is None else at.sequence
    along = Along(kind, int(Kind.FROZEN), col(EntryRow.sequence), until=until)

    def those(entry: Any) -> Any:
        return _joined(entry, entry.subject, rest, at).where(was_kept_frozen(entry, at))

    return Lead(EntryRow, found, lambda entry: [col(entry.sequence)], those, along)


def _joined(row: Any, asset: Any, rest: AssetFilter, at: Moment | None) -> Any:
    """The assets of rows that are found already: no index shall find them another way."""
    joined: Any = rows_of(AssetRow).join(row, col(asset) == col(AssetRow.id))
    narrowed = [*lasts(rest, say=unindexed), *within(rest, say=unindexed)]
    return joined.where(*narrowed, *stands(rest, at, say=unindexed))
