"""How many assets an organisation owns, and how many are in no list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    Select,
    bindparam,
    cast,
    func,
    literal,
    union_all,
)
from sqlmodel import Session, col, select

from ledger.database.plain import fetch
from ledger.database.ready import Ready
from ledger.mirror.moments import Moment
from ledger.mirror.queries.asset_filters import AssetFilter
from ledger.mirror.queries.periods import standing
from ledger.mirror.queries.states import begun
from ledger.mirror.rows import chunks
from ledger.mirror.tables import AssetRow, BatchRow, HolderRow
from ledger.types import AssetKind, Hash32, Party, Stage


def count_assets_by_owner(
    session: Session, owners: Collection[Hash32], *, at: Moment | None = None
) -> Mapping[Hash32, int]:
    """How many assets each of these organisations owned, those of batches included.

    Those that have rows, and the batches that were theirs, less the assets of these batches that
    have rows of their own. Holders' periods of these begin with the batch, so that it is the
    same for a moment.
    """
    counts = Counter(dict.fromkeys(owners, 0))
    for portion in chunks(owners):
        rows = session.connection().execute(
            union_all(_held(portion, at), _born(portion, at), _counted_twice(portion, at))
        )
        for owner, number in rows:
            counts[owner] += int(number)
    return counts


def _held(owners: list[Hash32], at: Moment | None) -> Select[Any]:
    org = col(HolderRow.org if at else AssetRow.owner)
    by_owner: Any = select(org, func.count()).group_by(org)
    counted: Select[Any] = by_owner.where(org.in_(owners))
    if at is None:
        return counted
    return counted.where(col(HolderRow.party) == Party.OWNER.label, *standing(HolderRow, at))


def _born(owners: list[Hash32], at: Moment | None) -> Select[Any]:
    owner = col(BatchRow.owner)
    by_owner: Any = select(owner, func.sum(BatchRow.size)).group_by(owner)
    counted: Select[Any] = by_owner.where(owner.in_(owners), *begun(BatchRow, at))
    return counted


def _counted_twice(owners: list[Hash32], at: Moment | None) -> Select[Any]:
    owner = col(BatchRow.owner)
    by_owner: Any = select(owner, -func.count()).group_by(owner)
    of_batch = by_owner.join(AssetRow, _is_of_batch())
    counted: Select[Any] = of_batch.where(owner.in_(owners), *begun(BatchRow, at))
    return counted


def _is_of_batch() -> ColumnElement[bool]:
    batch, asset = col(BatchRow.id), col(AssetRow.id)
    # SQLite would make text of bytes that are put together.
    last = cast(func.substr(batch, 1, 29).concat(literal(b"\xff" * 3, LargeBinary)), LargeBinary)
    return (asset > batch) & (asset <= last)


def count_unlisted(session: Session, wanted: AssetFilter, *, at: Moment | None = None) -> int:
    """How many assets are as wanted but not listed: of batches, and nothing is written of them.

    Nothing is counted without a filter by `owner` or `organisation`, or where ids or texts choose.
    """
    theirs = wanted.organisation is not None or wanted.owner is not None
    if not theirs or not _may_be_unwritten(wanted):
        return 0
    asked = {"org": wanted.organisation, "owner": wanted.owner, "schema_": wanted.schema}
    given = {name: value for name, value in asked.items() if value is not None}
    until = {} if at is None else {"until": at.sequence}
    counted = fetch(session, _unlisted(tuple(given), at is not None), **given, **until)
    return sum(int(number or 0) for (number,) in counted)


@cache
def _unlisted(given: tuple[str, ...], then: bool) -> Ready:
    theirs = [col(getattr(BatchRow, name)) == bindparam(name) for name in given]
    born: Any = select(func.sum(BatchRow.size)).where(*theirs, *_by_then(BatchRow, then))
    written: Any = select(-func.count()).select_from(BatchRow).join(AssetRow, _is_of_batch())
    both = [*_by_then(BatchRow, then), *_by_then(AssetRow, then)]
    return Ready(union_all(born, written.where(*theirs, *both)))


def _by_then(row: Any, then: bool) -> list[ColumnElement[bool]]:
    return [col(row.first_sequence) <= bindparam("until")] if then else []


def _may_be_unwritten(wanted: AssetFilter) -> bool:
    others = {party for party, _ in wanted.parties()} - {Party.OWNER}
    bounded = wanted.after is not None or wanted.until is not None
    chosen = wanted.ids is not None or wanted.id_prefix or wanted.search or bounded
    kind = wanted.asset_kind in (None, AssetKind.INSTANCE)
    stage = wanted.stage in (None, Stage.PLANNED)
    return kind and stage and not (others or chosen or wanted.frozen)
